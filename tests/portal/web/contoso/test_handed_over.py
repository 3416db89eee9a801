"""Files that are handed to the page in the browser: by a web page that carries one, and by the share menu."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from chancery.sdk.in_page import protect_in_page
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from tests.portal.web.browsing import answers_whose_computer, content
from tests.portal.web.inspection import faults, faults_here
from tests.portal.web.visitor import Visitor

READER = "jonas@contoso.example"
TEXT = b"1. Sign the letter."


@pytest.fixture(autouse=True)
def _nothing_to_complain_about(reader: Visitor) -> Iterator[None]:
    reader.complaints.clear()
    yield
    assert reader.complaints == []


def page_with(owner: Session, folder: Path) -> Path:
    plain = folder / "plan.txt"
    plain.write_bytes(TEXT)
    return protect_in_page(owner, plain, ProtectOptions(grants=(f"{READER}:VIEW",))).path


def handed_by(carrier: Page) -> Page:
    """Click in the page that carries a file, and return the tab that asks about it."""
    with carrier.expect_popup() as opened:
        carrier.get_by_role("button", name="Open it in the browser").click()
    opened.value.locator("#handed:not([hidden])").wait_for()
    return opened.value


def carrier_of(reader: Visitor, file: Path) -> Page:
    carrier = reader.page.context.new_page()
    carrier.on("console", lambda line: reader.complaints.append(line.text))
    carrier.goto(file.as_uri())
    return carrier


def test_a_double_click_opens_it_after_the_reader_said_so(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    carrier = carrier_of(reader, page_with(owner, tmp_path))
    assert "From: Olga Orlov, Contoso" in carrier.locator("main").inner_text()
    asked: list[str] = []
    reader.page.context.on("request", lambda request: asked.append(request.post_data or ""))
    tab = handed_by(carrier)
    assert tab.url == f"{reader.installation.base}/open/"
    assert "the sender learns who you are" in tab.locator("#handed").inner_text()
    assert tab.evaluate("window.opener") is None, "the page that decrypts is out of the carrier's reach"
    tab.click("#take")
    visitor = Visitor(reader.installation, tab)
    answers_whose_computer(visitor, "#refused:not([hidden]), #opened:not([hidden])")
    assert content(visitor).locator("pre").inner_text() == TEXT.decode()
    assert max(map(len, asked)) < 4_000, "nothing is uploaded"
    tab.reload()
    tab.locator("#choose:not([hidden])").wait_for()
    tab.close()


def test_a_page_is_dropped_like_a_sealed_file(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    reader.go("/open/")
    reader.page.set_input_files("#file", page_with(owner, tmp_path))
    answers_whose_computer(reader, "#refused:not([hidden]), #opened:not([hidden])")
    assert reader.heading == "plan.txt"


def test_a_script_that_somebody_added_does_not_run(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    file = page_with(owner, tmp_path)
    hostile = b"<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\"><h1>"
    file.write_bytes(file.read_bytes().replace(b"<h1>", hostile, 1))
    carrier = carrier_of(reader, file)
    assert carrier.title() == "Protected document"
    assert reader.complaints, "the browser says what it did not run"
    reader.complaints.clear()
    handed_by(carrier).close()


def test_a_carrier_with_a_policy_of_its_own_gains_nothing(reader: Visitor, tmp_path: Path) -> None:
    """Whoever writes the whole page can run and hand over what they like: the reader is only asked about it."""
    hostile = tmp_path / "hostile.html"
    address = f"{reader.installation.base}/open/"
    hostile.write_text(f"""<button>Open it in the browser</button><script>
      document.querySelector("button").onclick = () => {{
        const tab = open("{address}handed/");
        onmessage = () => {{
          tab.postMessage({{ sealed: "<img src=x onerror=alert(1)>" }}, "*");
          tab.postMessage({{ sealed: new Uint8Array(13 * 2 ** 20) }}, "*");
          tab.postMessage({{ sealed: new TextEncoder().encode("<script>alert(1)<\\/script>") }}, "*");
        }};
        setInterval(() => {{
          try {{ window.seen = tab.closed ? "closed" : tab.document.title; }} catch {{ window.seen = "refused"; }}
        }}, 20);
      }};
    </script>""")
    carrier = carrier_of(reader, hostile)
    tab = handed_by(carrier)
    carrier.wait_for_function("window.seen === 'closed'")
    tab.on("dialog", lambda dialog: pytest.fail(dialog.message))
    tab.click("#take")
    tab.get_by_text("This is not a protected file, or it is damaged.").wait_for()
    tab.close()


def test_a_page_that_nobody_opened_takes_nothing(reader: Visitor) -> None:
    assert faults(reader, "/open/handed/") == []
    assert "No file was handed over." in reader.text
    reader.page.evaluate("window.postMessage({ sealed: new Uint8Array(9) }, '*')")
    reader.go("/open/")
    reader.page.locator("#choose:not([hidden])").wait_for()
    assert not reader.page.is_visible("#handed")


SHARES = """async (bytes) => {
  await navigator.serviceWorker.getRegistration("/open/shared/").then(async (one) => {
    while (!one.active) await new Promise((resolve) => { setTimeout(resolve, 20); });
  });
  const form = Object.assign(document.createElement("form"), {
    method: "POST", enctype: "multipart/form-data", action: "/open/shared/",
  });
  const input = Object.assign(document.createElement("input"), { type: "file", name: "file" });
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(bytes)], "plan.txt.sealed"));
  input.files = files.files;
  form.append(input);
  document.body.append(form);
  form.submit();
}"""
"""What the system's share menu does: it sends a form to the app."""


def test_what_is_shared_stays_in_the_browser(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    plain = tmp_path / "plan.txt"
    plain.write_bytes(TEXT)
    file = owner.protect(plain, ProtectOptions(grants=(f"{READER}:VIEW",))).path
    reader.go("/open/")
    (target,) = reader.page.evaluate(
        "async () => [(await (await fetch(document.querySelector('[rel=manifest]').href)).json()).share_target]"
    )
    assert (target["action"], target["method"]) == ("/open/shared/", "POST")
    bodies: list[int] = []
    reader.page.context.on(
        "request",
        lambda request: bodies.append(len(request.post_data_buffer or b"")) if request.service_worker else None,
    )
    with reader.page.expect_navigation(url=re.compile(r"/open/$")):
        reader.page.evaluate(SHARES, list(file.read_bytes()))
    reader.page.locator("#handed:not([hidden])").wait_for()
    assert bodies == [], "the script in the browser sent nothing on"
    assert faults_here(reader, "/open/ with a file that was handed over") == []
    reader.page.click("#take")
    answers_whose_computer(reader, "#refused:not([hidden]), #opened:not([hidden])")
    assert reader.heading == "plan.txt"
