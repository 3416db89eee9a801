"""Many files are protected in the browser: folders, places on the computer, cancelling, and going on another day."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from chancery.sdk.session import Session
from chancery.sealing import html_form
from tests.portal.web.browsing import answers_whose_computer
from tests.portal.web.inspection import faults_here
from tests.portal.web.visitor import Installation, Visitor

RITA = "rita@fabrikam.example"
ENDED = "#done:not([hidden]) #restart:not([hidden]), #refused:not([hidden])"
PLACE = """async (files) => {
  const place = await (await navigator.storage.getDirectory()).getDirectoryHandle("chosen", { create: true });
  for (const [name, text] of Object.entries(files)) {
    const writable = await (await place.getFileHandle(name, { create: true })).createWritable();
    await writable.write(text);
    await writable.close();
  }
  window.showDirectoryPicker = async () => place;
  window.showSaveFilePicker = ({ suggestedName }) => place.getFileHandle(suggestedName, { create: true });
  window.showOpenFilePicker = async () => Promise.all(Object.keys(files).map((name) => place.getFileHandle(name)));
}"""
"""The system's part: its windows let the person choose a folder, which here is one of the browser's own."""
READ = """async (path) => {
  const names = path.split("/");
  let folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("chosen");
  for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
  const file = await (await folder.getFileHandle(names.at(-1))).getFile();
  return new Uint8Array(await file.arrayBuffer()).toBase64();
}"""


@pytest.fixture(scope="module")
def partner(installation: Installation) -> Iterator[Session]:
    with installation.rita.device("rita") as device:
        yield device


@pytest.fixture(scope="module")
def browser(installation: Installation) -> Visitor:
    installation.add_person("jonas@contoso.example", "Jonas Jansen")
    browser = installation.visitor()
    browser.arrive("jonas@contoso.example")
    return browser


@pytest.fixture
def author(browser: Visitor) -> Iterator[Visitor]:
    """Return a member in a browser that runs scripts; nothing of another test is left in it."""
    author = browser
    author.go("/handbook/")
    author.page.evaluate("""async () => {
      const root = await navigator.storage.getDirectory();
      for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
      indexedDB.deleteDatabase("chancery");
    }""")
    author.complaints.clear()
    yield author
    harmless = ("responded with a status of 4", "net::ERR_FAILED")
    assert [line for line in author.complaints if not any(one in line for one in harmless)] == []


def form(author: Visitor, files: dict[str, str] | None = None) -> Page:
    """Open the page with a place to choose, in which these files lie, and name Rita as the one who may open."""
    author.go("/protect/")
    page = author.page
    page.locator("#form:not([hidden])").wait_for()
    page.evaluate(PLACE, files or {})
    page.check("#people_way")
    page.fill("#people_who", RITA)
    page.select_option("#people_level", "co-author")
    return page


def chooses_place(page: Page, name: str = "chosen") -> None:
    page.click("#choose_place")
    page.locator("#goal", has_text=name).wait_for()


def protects(author: Visitor, ends: str = ENDED) -> None:
    author.page.click("#form button[type=submit]")
    answers_whose_computer(author, ends)


def folder_of(path: Path, **files: bytes) -> Path:
    for name, data in files.items():
        file = path / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def rows(author: Visitor) -> list[str]:
    return [" ".join(row.inner_text().split()) for row in author.page.locator("#files_done li").all()]


def written(page: Page, path: str) -> bytes:
    """Return what is written in the place that was chosen."""
    return base64.b64decode(page.evaluate(READ, path))


def opened(partner: Session, folder: Path, data: bytes) -> bytes:
    sealed = folder / "from-the-place.sealed"
    sealed.write_bytes(data)
    copy = folder / "from-the-place"
    partner.open_file(sealed, copy)
    sealed.unlink()
    found = copy.read_bytes()
    copy.unlink()
    return found


def registrations(page: Page) -> list[str]:
    """Return, as they come, the licenses that the page registers."""
    found: list[str] = []
    page.on(
        "request",
        lambda asked: (
            found.append(json.loads(asked.post_data or "")["publishing_license"])
            if asked.url.endswith("/registrations")
            else None
        ),
    )
    return found


def test_a_folder_keeps_its_paths_in_the_place_that_was_chosen(
    author: Visitor, partner: Session, contoso: str, tmp_path: Path
) -> None:
    page = form(author)
    files = {"a_txt": b"A", "deep__b_txt": b"B", "other__b_txt": b"O", "done_sealed": b"\x93CHNCR\x01\nrest"}
    page.set_input_files("#folder", folder_of(tmp_path / "Reports", **files))
    assert page.locator("#chosen li").count() == 4
    chooses_place(page)
    protects(author)
    assert "Your files are protected. The copies are in “chosen”" in author.text
    assert [row.split(" See who")[0] for row in sorted(rows(author))] == [
        "Reports/a.txt Protected",
        "Reports/deep/b.txt Protected",
        "Reports/done.sealed Left out: it is protected already.",
        "Reports/other/b.txt Protected",
    ]
    assert opened(partner, tmp_path, written(page, "Reports/deep/b.txt.sealed")) == b"B"
    page.reload()
    page.locator("#form:not([hidden])").wait_for()
    assert not page.is_visible("#left"), "all of it is where it belongs"
    author.go(f"{contoso}/documents/?search=b.txt")
    assert {"deep/b.txt", "other/b.txt"} <= {one.get_attribute("title") for one in page.locator("td.name a").all()}


def test_nothing_is_overwritten_where_the_copies_go(author: Visitor, tmp_path: Path) -> None:
    page = form(author, {"a.txt.sealed": "somebody's"})
    page.set_input_files("#file", [*folder_of(tmp_path, a_txt=b"A", b_txt=b"B").glob("*.txt")])
    chooses_place(page)
    protects(author)
    assert "There is a file of this name already. Nothing was overwritten." in next(
        row for row in rows(author) if row.startswith("a.txt")
    )
    assert written(page, "a.txt.sealed") == b"somebody's"
    assert written(page, "b.txt.sealed").startswith(b"\x93CHNCR")


def test_one_file_goes_straight_to_the_name_that_was_chosen(author: Visitor, partner: Session, tmp_path: Path) -> None:
    page = form(author)
    page.set_input_files("#file", folder_of(tmp_path, plan_pdf=b"plan" * 1_000_000) / "plan.pdf")
    chooses_place(page, "plan.pdf.sealed")
    protects(author)
    assert opened(partner, tmp_path, written(page, "plan.pdf.sealed")) == b"plan" * 1_000_000


def test_web_pages_are_made_that_carry_the_files(author: Visitor, partner: Session, tmp_path: Path) -> None:
    page = form(author)
    large = folder_of(tmp_path, large_txt=b"") / "large.txt"
    with large.open("wb") as file:
        file.truncate(html_form.MAX_CONTENT + 1)
    page.set_input_files("#file", [folder_of(tmp_path, plan_txt=b"plan" * 10_000) / "plan.txt", large])
    page.check("#in_page")
    chooses_place(page)
    protects(author)
    assert sorted(row.split(" See who")[0] for row in rows(author)) == [
        "large.txt This file is too large for a web page. Protect it without that.",
        "plan.txt Protected",
    ]
    assert "plan.txt.html" in page.input_value("#mail")
    made = tmp_path / "made.html"
    made.write_bytes(written(page, "plan.txt.html"))
    assert "From: <b>Jonas Jansen</b>, Contoso" in made.read_text(encoding="utf-8")
    partner.open_file(made, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"plan" * 10_000


def holds_publications(page: Page) -> list[Route]:
    """Let the service's second answer wait, so that a run can be looked at and ended in between."""
    held: list[Route] = []
    seen: list[Route] = []

    def answer(route: Route) -> None:
        seen.append(route)
        if len(seen) == 2:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/v1/publications", answer)
    return held


def test_a_thread_that_cannot_be_loaded_is_said_in_plain_words_and_tried_again(author: Visitor, tmp_path: Path) -> None:
    page = form(author)
    page.route("**/seal-worker*.mjs", lambda route: route.abort())
    page.set_input_files("#file", [*folder_of(tmp_path, a_txt=b"A").glob("*.txt")])
    protects(author)
    assert rows(author) == ["a.txt The service does not answer. Check your connection, then go on."]
    page.unroute("**/seal-worker*.mjs")
    page.click("#go_on")
    page.get_by_text("Your files are protected. Save the copies and send those.").wait_for(timeout=60_000)


def test_what_was_cancelled_goes_on_and_nothing_is_registered_twice(author: Visitor, tmp_path: Path) -> None:
    page = form(author)
    held, registered = holds_publications(page), registrations(page)
    page.set_input_files("#file", [*folder_of(tmp_path, a_txt=b"A", b_txt=b"B", c_txt=b"C").glob("*.txt")])
    page.click("#form button[type=submit]")
    answers_whose_computer(author, "#files_done li:first-child:has-text('Protected')")
    page.get_by_text("File 2 of 3, 33 % of all").wait_for()
    page.click("#cancel")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.locator(ENDED).first.wait_for()
    assert "Cancelled. What was protected stays protected." in author.text
    assert [row.split()[1] for row in rows(author)] == ["Protected", "Waiting", "Waiting"]
    page.click("#go_on")
    page.get_by_text("Your files are protected. Save the copies and send those.").wait_for(timeout=60_000)
    assert len(registered) == len(set(registered)) == 3
    assert page.locator("#files_done a[download]").count() == 3


def test_a_lost_answer_registers_the_same_document_again(author: Visitor, tmp_path: Path) -> None:
    page = form(author)
    registered = registrations(page)

    # Playwright's own requests do not find the organizations' hosts, so the page loses the answer itself.
    page.evaluate("""() => {
      const real = window.fetch;
      window.fetch = async (url, options) => {
        const answer = await real(url, options);
        if (!url.endsWith("/registrations")) return answer;
        window.fetch = real;
        throw new TypeError("lost");
      };
    }""")
    page.set_input_files("#file", folder_of(tmp_path, a_txt=b"A") / "a.txt")
    protects(author)
    assert "The service does not answer." in rows(author)[0]
    page.click("#go_on")
    page.get_by_text("Your files are protected. Save the copies and send those.").wait_for(timeout=60_000)
    first, second = registered
    assert first == second


def test_a_closed_tab_goes_on_with_the_files_it_had_handles_of(
    author: Visitor, partner: Session, tmp_path: Path
) -> None:
    page = form(author, {"a.txt": "A", "b.txt": "B", "c.txt": "C"})
    holds_publications(page)
    registered = registrations(page)
    page.click("#file")
    chooses_place(page)
    page.click("#form button[type=submit]")
    answers_whose_computer(author, "#files_done li:first-child:has-text('Protected')")
    page.get_by_text("File 2 of 3").wait_for()
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute("**/api/v1/publications")
    page.get_by_text(re.compile("Begun .*, for rita@fabrikam.example. Not protected yet: 2 of 3 files.")).wait_for()
    assert faults_here(author, "/protect/") == []
    page.get_by_role("button", name="Go on b.txt, c.txt").click()
    page.get_by_text("Your files are protected. The copies are in “chosen”").wait_for()
    assert len(registered) == len(set(registered)) == 3
    assert opened(partner, tmp_path, written(page, "c.txt.sealed")) == b"C"


def test_files_without_handles_are_chosen_once_more(author: Visitor, tmp_path: Path) -> None:
    page = form(author)
    holds_publications(page)
    files = [*folder_of(tmp_path, a_txt=b"A", b_txt=b"BB").glob("*.txt")]
    page.set_input_files("#file", files)
    page.click("#form button[type=submit]")
    answers_whose_computer(author, "#files_done li:first-child:has-text('Protected')")
    page.get_by_text("File 2 of 2").wait_for()
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute("**/api/v1/publications")
    page.get_by_role("button", name=re.compile("Go on [ab].txt")).click()
    page.get_by_text("Left to do; choose it once more.").wait_for()
    page.locator("#files_done a[download]").wait_for()  # The copy that was not saved is still there.
    assert not page.is_visible("#go_on")
    page.set_input_files("#again_files", files)
    page.click("#go_on")
    page.get_by_text("Your files are protected. Save the copies and send those.").wait_for(timeout=60_000)
    for link in page.locator("#files_done a[download]").all():
        with page.expect_download():
            link.click()
    page.reload()
    page.locator("#form:not([hidden])").wait_for()
    assert not page.is_visible("#left"), "all copies were saved"


def test_a_second_document_is_made_only_when_asked(author: Visitor, tmp_path: Path) -> None:
    page = form(author)
    registered = registrations(page)
    page.route("**/api/v1/registrations", lambda route: route.abort(), times=1)
    page.set_input_files("#file", folder_of(tmp_path, a_txt=b"A") / "a.txt")
    protects(author)
    page.evaluate("""async () => {
      const copies = await (await navigator.storage.getDirectory()).getDirectoryHandle("protected");
      for await (const folder of copies.values()) await folder.removeEntry("a.txt.sealed");
    }""")
    page.click("#go_on")
    page.get_by_text("Protecting the file again makes a second document.").wait_for()
    assert len(registered) == 1
    page.get_by_role("button", name="Protect it a second time").click()
    page.click("#go_on")
    page.get_by_text("Your files are protected. Save the copies and send those.").wait_for(timeout=60_000)
    assert len(set(registered)) == 2


def drops(page: Page, *paths: Path) -> None:
    """Drop files and folders as the system does."""
    box = page.locator("#drop").bounding_box()
    assert box is not None
    data: dict[str, Any] = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    at = {"x": box["x"] + 10, "y": box["y"] + 10, "data": data}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **at})


@pytest.mark.parametrize("has_handles", [True, False])
def test_folders_are_dropped(author: Visitor, tmp_path: Path, *, has_handles: bool) -> None:
    page = form(author)
    if not has_handles:
        page.evaluate("() => { delete DataTransferItem.prototype.getAsFileSystemHandle; }")
    reports = folder_of(tmp_path / "Reports", a_txt=b"A", deep__b_txt=b"B")
    drops(page, reports, folder_of(tmp_path, c_txt=b"C") / "c.txt")
    page.locator("#chosen li").nth(2).wait_for()
    assert page.locator("#chosen li").all_inner_texts() == ["Reports/a.txt", "Reports/deep/b.txt", "c.txt"]
    if has_handles:
        return
    protects(author)
    assert [re.sub(" Protected.*", "", row) for row in rows(author)] == ["Reports/a.txt", "Reports/deep/b.txt", "c.txt"]
    assert "a.txt.sealed, b.txt.sealed, and c.txt.sealed" in page.input_value("#mail")


def test_all_that_is_left_is_listed_and_other_terms_are_taken_for_the_same_files(
    author: Visitor, tmp_path: Path
) -> None:
    for name in ("first.txt", "second.txt"):
        page = form(author, {name: "text"})
        page.route("**/api/v1/publications", lambda route: route.abort(), times=1)
        page.click("#file")
        page.locator("#chosen li").wait_for()
        chooses_place(page, f"{name}.sealed")
        protects(author)
    author.go("/protect/")
    page.locator("#left_batches li").nth(1).wait_for()
    refused = {"code": "invalid_policy", "detail": "Not this one.", "next_step": "", "entry": f"address:{RITA}"}
    page.route("**/api/v1/publications", lambda route: route.fulfill(status=400, json=refused), times=1)
    page.get_by_role("button", name="Go on first.txt").click()
    page.locator("#people_list_wrong_entry", has_text="Not this one.").wait_for()
    assert page.locator("#chosen li").all_inner_texts() == ["first.txt"]
    assert page.inner_text("#goal") == "first.txt.sealed"
    page.get_by_role("button", name="Forget second.txt").click()
    page.locator("#left").wait_for(state="hidden")
    page.click("#form button[type=submit]")
    page.get_by_text("Your files are protected. The copies are in “first.txt.sealed”").wait_for()
    assert written(page, "first.txt.sealed").startswith(b"\x93CHNCR")
