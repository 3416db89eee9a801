"""A protected file is opened in the browser: shown as far as its rights go, refused in words, never run, never sent."""

import json
import re
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.conf import settings
from playwright.sync_api import Request

from chancery.policy.programs import MEANINGS, Program
from chancery.policy.rights import Right
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from tests.portal.web.browsing import content, opens
from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor

RITA = "rita@fabrikam.example"
needs_packages = pytest.mark.skipif(
    not settings.BROWSER_PACKAGES.is_dir(), reason="the npm packages are missing; `manage.py test` says why"
)
HOSTILE = """<script>document.title = "ran"; fetch("/ran")</script>
<img src="https://ran.example/" onerror="parent.postMessage('ran', '*')"><iframe src="/ran"></iframe>"""


@pytest.fixture(scope="module")
def reader(installation: Installation) -> Visitor:
    """Return Rita in a browser that runs scripts, with keys of its own after her first file."""
    assert installation.rita, "who has an account"
    rita = installation.visitor()
    rita.arrive(RITA)
    return rita


@pytest.fixture(autouse=True)
def _nothing_to_complain_about(reader: Visitor) -> Iterator[None]:
    reader.complaints.clear()
    yield
    assert [line for line in reader.complaints if "responded with a status of 4" not in line] == []


def sealed(owner: Session, folder: Path, name: str, data: bytes, *rights: str) -> Path:
    """Protect a file for Rita with these rights."""
    plain = folder / name
    plain.write_bytes(data)
    options = ProtectOptions(grants=(f"{RITA}:{','.join(rights)}",) if rights else ("nobody@fabrikam.example:VIEW",))
    return owner.protect(plain, options).path


def test_a_shared_browser_is_named_so_and_asked_once_in_a_tab(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW")
    reader.go("/open/")
    reader.page.set_input_files("#file", file)
    reader.page.click("#shared")
    reader.page.locator("#opened:not([hidden])").wait_for()
    reader.page.reload()
    reader.page.set_input_files("#file", file)
    reader.page.locator("#opened:not([hidden])").wait_for()
    reader.go("/devices/")
    shared = re.compile(re.escape("(shared, forgotten with the tab)"))
    assert reader.page.locator("tbody tr:has(a)", has_text=shared).count() == 1, (
        "the keys of the page before are revoked"
    )
    assert reader.page.locator("section[aria-labelledby=revoked] tbody tr", has_text=shared).count() == 1
    reader.page.evaluate("sessionStorage.clear()")


def test_a_reader_sees_the_text_and_can_neither_save_nor_print_it(
    owner: Session, reader: Visitor, tmp_path: Path
) -> None:
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW")
    opens(reader, file)
    assert reader.heading == "plan.txt"
    assert content(reader).locator("pre").inner_text() == "1. Sign the letter."
    assert "You may\nread\n" in reader.text
    assert re.search(
        r"You can open it until\n\d+ \w+ \d{4}, \d\d:\d\d \S+ Then this browser asks the service again\.\n", reader.text
    )
    assert not reader.page.is_visible("#save")
    assert not reader.page.is_visible("#print")
    assert content(reader).locator("body").evaluate("body => getComputedStyle(body).userSelect") == "none"


def test_the_page_says_of_each_right_what_holds_readers_back_here(
    owner: Session, reader: Visitor, tmp_path: Path
) -> None:
    opens(reader, sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW", "EXPORT"))
    reader.page.click("#rights_here summary")
    shown = {
        row.get_attribute("data-right"): tuple(row.locator("td:nth-child(n+3)").all_inner_texts())
        for row in reader.page.locator("#rights_here [data-right]").all()
    }
    mine = {Right.VIEW, Right.EXPORT}
    assert shown == {
        right.value: ("Yes" if right in mine else "No", MEANINGS[right].held[Program.BROWSER].replace("_", " "))
        for right in Right
    }


def test_the_browser_is_a_device_that_its_person_sees_and_revokes(
    owner: Session, reader: Visitor, tmp_path: Path
) -> None:
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW")
    opens(reader, file)
    reader.go("/devices/")
    row = reader.page.locator("tbody tr", has_text="browser").first  # The newest; other tests made some of hers before.
    row.get_by_role("link", name="Revoke").click()
    question = reader.page.get_by_role("dialog")
    assert "Revoke “" in question.get_by_role("heading").inner_text()
    question.get_by_role("link", name="Cancel").click()
    assert not question.is_visible()
    row.get_by_role("checkbox").check()
    reader.page.locator(".chosen-rows button").click()
    assert question.get_by_role("heading").inner_text() == "Revoke 1 device?"
    reader.follow(question.get_by_role("button"))
    assert reader.heading == "1 device is revoked."
    reader.page.go_back()
    assert reader.heading == "Your devices", "going back sends nothing again"
    opens(reader, file)
    assert "no longer a device of yours" in reader.text
    opens(reader, file)
    assert content(reader).locator("pre").inner_text() == "1. Sign the letter."


def test_with_the_right_to_export_a_copy_is_saved(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    data = bytes(range(256)) * 9_000
    opens(reader, sealed(owner, tmp_path, "drawing.dwg", data, "VIEW", "EXPORT"))
    reader.page.get_by_text("This kind of file cannot be shown in the browser.").wait_for()
    assert "You may save a copy and open it with its program." in reader.text
    with reader.page.expect_download() as download:
        reader.page.click("#save")
    download.value.save_as(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    assert download.value.suggested_filename == "drawing.dwg"


def test_what_a_reader_does_with_it_is_on_record_once(
    owner: Session, reader: Visitor, olga: Visitor, contoso: str, tmp_path: Path
) -> None:
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW", "EXPORT", "EXTRACT", "PRINT")
    opens(reader, file)
    frame = content(reader)
    frame.locator("pre").wait_for()
    for _ in range(3):
        frame.locator("body").dispatch_event("copy")
    frame.locator("body").evaluate("() => dispatchEvent(new Event('beforeprint'))")
    with reader.page.expect_download():
        reader.page.click("#save")
    _, cid = owner.organization_of(file)
    acts = {f"{RITA} {act} “plan.txt”" for act in ("copied from", "printed", "removed the protection of their copy of")}
    until = time.monotonic() + 30  # A worker puts reports into the log.
    while time.monotonic() < until and not all(act in olga.text for act in acts):
        olga.go(f"{contoso}/documents/{cid}/")
    assert [act for act in acts if olga.text.count(act) != 1] == []


def test_without_the_rights_only_the_attempts_are_reported(
    owner: Session, reader: Visitor, olga: Visitor, contoso: str, tmp_path: Path
) -> None:
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW")
    reported: list[dict[str, Any]] = []

    def listen(request: Request) -> None:
        if request.url.endswith("/api/v1/events") and request.method == "POST":
            reported.extend(json.loads(request.post_data or "{}")["events"])

    reader.page.on("request", listen)
    opens(reader, file)
    frame = content(reader)
    frame.locator("pre").wait_for()
    frame.locator("body").dispatch_event("copy")
    frame.locator("body").evaluate("() => dispatchEvent(new Event('beforeprint'))")
    reader.page.get_by_text("but not copy from it").wait_for()
    frame.locator("body").evaluate(
        "() => ['copied', 'printed', 'exported', 'cannot_show'].map((one) => port.postMessage(one))"
    )
    reader.page.locator("#cannot_show:not([hidden])").wait_for()
    until = time.monotonic() + 30  # Each report is sent by itself; the second may leave after the words are shown.
    while time.monotonic() < until and len(reported) < 2:
        reader.page.wait_for_timeout(50)
    assert {(one["action"], one["allowed"]) for one in reported} == {("copied", False), ("printed", False)}


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "feed.xml", "notes.md", "table.csv"])
def test_hostile_content_is_shown_and_never_runs(owner: Session, reader: Visitor, tmp_path: Path, name: str) -> None:
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(request.url))
    opens(reader, sealed(owner, tmp_path, name, HOSTILE.encode(), "VIEW"))
    content(reader).get_by_text("<script>").first.wait_for()
    assert not [url for url in asked if "ran" in url.rsplit("/", 1)[-1]]
    assert content(reader).locator("script:not([src]), iframe, main img").count() == 0


def test_a_picture_is_shown(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
        "c9fe92ef0000000049454e44ae426082"
    )
    opens(reader, sealed(owner, tmp_path, "photo.png", pixel, "VIEW"))
    assert content(reader).locator("img").evaluate("image => image.naturalWidth") == 1


DARK = """canvas => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return data.filter((one, at) => at % 4 === 0 && one < 99 && data[at + 3] === 255).length;
}"""


def pdf(text: str, catalog: str = "") -> bytes:
    """Return a file of one page with a text in a font that it does not hold, and with more in its catalog."""
    drawn = f"BT /F1 24 Tf 40 100 Td ({text}) Tj ET"
    return f"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R {catalog}>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length {len(drawn)}>>stream
{drawn}
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
""".encode()


@needs_packages
def test_a_pdf_is_drawn_and_its_text_is_there_for_who_cannot_see(
    owner: Session, reader: Visitor, tmp_path: Path
) -> None:
    opens(reader, sealed(owner, tmp_path, "plan.pdf", pdf("Sign the letter"), "VIEW"))
    content(reader).get_by_role("region", name="Page 1 of 1").wait_for()
    content(reader).get_by_text("Sign the letter").wait_for()
    assert content(reader).locator(".sheet canvas").evaluate(DARK) > 50, "not an empty page"
    assert content(reader).get_by_text("Sign the letter").evaluate("one => getComputedStyle(one).userSelect") == "none"
    assert not reader.page.is_visible("#save")


@needs_packages
@pytest.mark.parametrize(
    "catalog",
    [
        "/OpenAction<</S/JavaScript/JS(app.launchURL\\('https://ran.example/'\\))>>",
        "/OpenAction<</S/URI/URI(https://ran.example/)>>",
        "/OpenAction<</S/SubmitForm/F(https://ran.example/)>>",
        "/AcroForm<</XFA(<script>parent.postMessage\\('ran', '*'\\)</script>)>>",
    ],
)
def test_nothing_in_a_pdf_runs_or_reaches_the_network(
    owner: Session, reader: Visitor, tmp_path: Path, catalog: str
) -> None:
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(request.url))
    opens(reader, sealed(owner, tmp_path, "plan.pdf", pdf("Sign the letter", catalog), "VIEW"))
    content(reader).get_by_text("Sign the letter").wait_for()
    assert [url for url in asked if "ran" in url.rsplit("/", 1)[-1] or "ran.example" in url] == []
    assert reader.heading == "plan.pdf"


@needs_packages
@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"\xff" * 5_000, pdf("x")[:120]])
def test_a_broken_pdf_is_said_to_be_one(owner: Session, reader: Visitor, tmp_path: Path, data: bytes) -> None:
    opens(reader, sealed(owner, tmp_path, "plan.pdf", data, "VIEW"))
    reader.page.get_by_text("This kind of file cannot be shown in the browser.").wait_for()
    assert not reader.page.is_visible("#save")


def zipped(members: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return made.getvalue()


@needs_packages
def test_a_zip_file_is_listed_and_opened_member_by_member(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    inner = zipped({"deep.txt": b"as deep as it goes"})
    data = zipped({"a/plan.txt": b"1. Sign the letter.", "../../evil.html": HOSTILE.encode(), "inner.zip": inner})
    opens(reader, sealed(owner, tmp_path, "all.zip", data, "VIEW"))
    frame = content(reader)
    frame.get_by_role("button", name="a/plan.txt").click()
    assert frame.locator(".member pre").inner_text() == "1. Sign the letter."
    frame.get_by_role("button", name="Back to the list").click()
    frame.get_by_role("button", name="evil.html").click()
    assert "<script>" in frame.locator(".member pre").inner_text()
    frame.get_by_role("button", name="Back to the list").click()
    frame.get_by_role("button", name="inner.zip").click()
    frame.get_by_role("button", name="deep.txt").click()
    frame.get_by_text("as deep as it goes").wait_for()


@needs_packages
def test_a_zip_bomb_ends_at_the_limit(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    bomb = bytearray(zipped({"bomb.txt": bytes(2**29 + 2**20)}))
    for place in (bomb.index(b"PK\x01\x02") + 24, bomb.index(b"PK\x03\x04") + 22):
        bomb[place : place + 4] = (1_000).to_bytes(4, "little")  # It lies about its size.
    opens(reader, sealed(owner, tmp_path, "all.zip", bytes(bomb), "VIEW"))
    frame = content(reader)
    frame.get_by_role("button", name="bomb.txt").click()
    frame.get_by_text("This kind of file cannot be shown in the browser.").wait_for()
    frame.get_by_role("button", name="Back to the list").click()


@needs_packages
@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(10), zipped({"a": b"a"})[:-9]],
    ids=["empty", "only a beginning", "only an end", "cut off"],
)
def test_a_broken_zip_is_said_to_be_one(owner: Session, reader: Visitor, tmp_path: Path, data: bytes) -> None:
    opens(reader, sealed(owner, tmp_path, "all.zip", data, "VIEW"))
    reader.page.get_by_text("This kind of file cannot be shown in the browser.").wait_for()


def test_a_refusal_says_why_and_asks_the_owner(
    owner: Session, reader: Visitor, olga: Visitor, contoso: str, tmp_path: Path
) -> None:
    opens(reader, sealed(owner, tmp_path, "secret.txt", b"secret"))
    assert "You do not have access to this document." in reader.text
    assert "olga@contoso.example" in reader.text
    assert not reader.page.is_visible("#frame")
    reader.page.fill("#note", "I prepare the meeting.")
    reader.page.get_by_role("button", name="Ask for access").click()
    reader.page.get_by_text("The owner was asked.").wait_for()
    olga.go(f"{contoso}/")
    assert "secret.txt" in olga.text


def test_a_service_that_does_not_answer_is_named(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW")
    opens(reader, file)
    reader.page.locator("#opened [data-restart]").click()
    reader.page.context.set_offline(True)
    try:
        reader.page.set_input_files("#file", file)
        reader.page.get_by_text("The service does not answer.").wait_for()
    finally:
        reader.page.context.set_offline(False)
    reader.complaints.clear()  # the browser's own, about the network


def test_access_taken_back_ends_what_is_shown(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW")
    reader.page.clock.install()
    opens(reader, file)
    content(reader).locator("pre").wait_for()
    place, cid = owner.organization_of(file)
    place.call("POST", f"/api/v1/documents/{cid}/revoke", {"recipient": RITA, "confirm": "plan.txt", "reason": "Over."})
    reader.page.clock.fast_forward(31_000)
    reader.page.get_by_text("Your access was taken back.").wait_for()
    assert not reader.page.is_visible("#frame")


def test_what_is_no_protected_file_or_was_changed_is_said(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    other = tmp_path / "other.sealed"
    other.write_bytes(b"hello")
    opens(reader, other)
    assert "This is not a protected file" in reader.text
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW")
    data = bytearray(file.read_bytes())
    data[-400] ^= 1
    file.write_bytes(data)
    opens(reader, file)
    assert "damaged" in reader.text


def test_an_installed_app_opens_the_file_that_the_system_hands_over(
    owner: Session, reader: Visitor, installation: Installation, tmp_path: Path
) -> None:
    """The system's part is played here: no browser without a screen is installed as an app."""
    file = sealed(owner, tmp_path, "plan.txt", b"1. Sign the letter.", "VIEW")
    reader.go("/open/")
    address = reader.page.locator("link[rel=manifest]").get_attribute("href")
    found = reader.page.request.get(f"{installation.base}{address}")
    assert found.headers["content-type"] == "application/manifest+json"
    (handler,) = found.json()["file_handlers"]
    assert handler["accept"] == {"application/octet-stream": [".sealed"]}
    page = reader.page.context.new_page()
    page.add_init_script(
        "const setConsumer = (consumer) => { window.consumer = consumer; };"
        "Object.defineProperty(window, 'launchQueue', { value: { setConsumer } });"
    )
    page.goto(f"{installation.base}{handler['action']}")
    page.locator("#choose:not([hidden])").wait_for()
    page.evaluate(
        "([name, bytes]) => { const file = new File([new Uint8Array(bytes)], name);"
        " consumer({ files: [{ getFile: async () => file }] }); }",
        [file.name, list(file.read_bytes())],
    )
    page.locator("#device:not([hidden]), #opened:not([hidden])").first.wait_for()
    if page.is_visible("#device"):
        page.click("#shared")
    page.frame_locator("#frame").get_by_text("Sign the letter.").wait_for()
    page.close()


def test_the_pages_are_well_made(reader: Visitor) -> None:
    assert faults(reader, "/open/") == []
