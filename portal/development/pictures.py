"""``manage.py pictures``: the pictures of the handbook, taken of a new installation with the product's demo."""

import io
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from portal.development.test import BROWSER
from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor import programs

if TYPE_CHECKING:  # of all commands, only this one needs the libraries of the browser and of pictures
    from playwright.sync_api import Browser, Page

FOLDER: Final = ROOT / "static" / "handbook"
"""Where the pictures are, ``NAME.LANGUAGE.png`` each."""
LANGUAGES: Final = ("en", "de")
WIDTH, HEIGHT = 1280, 860
COLORS: Final = 64
"""As many as the pages have, with the edges of their letters; more make the files larger and nothing clearer."""
FIRST_PORT: Final = 18_600


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pictures are taken: the addresses of an installation and of Contoso's pages, and a document."""

    base: str
    contoso: str
    document: str


def _nothing(page: "Page") -> None:
    """Leave the page as it is."""


def _chosen(page: "Page") -> None:
    """Choose a file to protect, and name somebody."""
    page.locator("#form:not([hidden])").wait_for()
    page.set_input_files("#file", {"name": "Plan.txt", "mimeType": "text/plain", "buffer": b"1. Sign the letter."})


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: who sees which page, and what they do on it first."""

    person: str
    address: str
    """With ``{base}``, ``{contoso}`` or ``{document}``."""
    doing: "Callable[[Page], None]" = _nothing


PICTURES: Final = {
    "protect": Picture("olga", "{base}/protect/", _chosen),
    "open": Picture("olga", "{base}/open/"),
    "document": Picture("olga", "{document}"),
    "revoke": Picture("olga", "{document}revoke/"),
    "recipients": Picture("olga", "{document}change/"),
    "why": Picture("olga", "{document}why/?who=max@contoso.example&right=VIEW"),
    "template": Picture("ada", "{contoso}/templates/new/"),
    "labels": Picture("ada", "{contoso}/labels/"),
    "people": Picture("ada", "{contoso}/people/"),
    "audit": Picture("ada", "{contoso}/audit/"),
}


def take(page: "Page", place: Place, name: str) -> bytes:
    """Return one picture as PNG; the page belongs to a browser in which its person is signed in."""
    from PIL import Image  # noqa: PLC0415 - see above

    picture = PICTURES[name]
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    address = picture.address.format(base=place.base, contoso=place.contoso, document=place.document)
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise RuntimeError(f"{address} cannot be shown to {picture.person}.")
    picture.doing(page)
    whole = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    small = io.BytesIO()
    whole.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def main(arguments: Sequence[str]) -> int:
    """Take every picture in every language and return the exit status."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - see above

    if arguments:
        print("Usage: python3 manage.py pictures\nTakes the handbook's pictures anew, of an installation made for it.")
        return 0 if arguments[0] in {"--help", "-h"} else 2
    FOLDER.mkdir(exist_ok=True)
    with _installation() as (place, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER.program, args=["--no-sandbox", "--disable-gpu"])
        for language in LANGUAGES:
            pages = {person: _signed_in(browser, place, person, password, language) for person in ("ada", "olga")}
            for name, picture in PICTURES.items():
                file = FOLDER / f"{name}.{language}.png"
                file.write_bytes(take(pages[picture.person], place, name))
                print(f"{file.relative_to(ROOT)}  {file.stat().st_size} bytes", flush=True)
        browser.close()
    return 0


@contextmanager
def _installation() -> Iterator[tuple[Place, str]]:
    """Run a new installation with the demo; return its addresses and the password of its people."""
    port = next(port for port in range(FIRST_PORT, programs.HIGHEST_PORT) if programs.is_free(port))
    with tempfile.TemporaryDirectory(prefix="chancery-pictures-") as folder:
        Path(folder).chmod(0o711)
        command = [sys.executable, "-m", "portal", "up", "--data", f"{folder}/var", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if line.startswith("Ready in"):
                    break
            password = re.search(r"password of all four is +(\S+)", said)
            document = re.search(r"(http://\S+)(/documents/\S+)", said)
            if password is None or document is None:
                raise RuntimeError(f"The installation with the demo did not start:\n{said}")
            yield Place(f"http://localhost:{port}", document[1], document[1] + document[2]), password[1]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def _signed_in(browser: "Browser", place: Place, person: str, password: str, language: str) -> "Page":
    page = browser.new_context(locale=language).new_page()
    page.goto(f"{place.base}/accounts/login/")
    page.fill("[name=login]", f"{person}@contoso.example")
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{place.base}/")
    return page
