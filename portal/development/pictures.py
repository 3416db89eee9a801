"""``manage.py pictures``: the pictures of the handbook, taken of a new installation with the product's demo."""

import io
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from portal.development.installation import Installation, running
from portal.development.test import BROWSER
from portal.runtime.bootstrap.environment import ROOT

FOLDER: Final = ROOT / "static" / "handbook"
"""Where the pictures are, ``NAME.LANGUAGE.png`` each."""
LANGUAGES: Final = ("en", "de")
WIDTH, HEIGHT = 1280, 860
COLORS: Final = 64
"""As many as the pages have, with the edges of their letters; more make the files larger and nothing clearer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pictures are taken: the addresses of an installation and of Contoso's pages, and a document."""

    base: str
    contoso: str
    document: str


def _nothing(page: Page) -> None:
    """Leave the page as it is."""


def _chosen(page: Page) -> None:
    """Choose a file to protect, and name somebody."""
    page.locator("#form:not([hidden])").wait_for()
    page.set_input_files("#file", {"name": "Plan.txt", "mimeType": "text/plain", "buffer": b"1. Sign the letter."})
    page.check("#people_way")
    page.fill("#people_who", "rita@fabrikam.example")
    page.click("#people [data-add]")
    page.locator("#people [data-rows] li").first.wait_for()
    page.locator("h1").click()


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: who sees which page, and what they do on it first."""

    person: str
    address: str
    """With ``{base}``, ``{contoso}`` or ``{document}``."""
    doing: Callable[[Page], None] = _nothing


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


def take(page: Page, place: Place, name: str) -> bytes:
    """Return one picture as PNG; the page belongs to a browser in which its person is signed in."""
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
    if arguments:
        print("Usage: python3 manage.py pictures\nTakes the handbook's pictures anew, of an installation made for it.")
        return 0 if arguments[0] in {"--help", "-h"} else 2
    FOLDER.mkdir(exist_ok=True)
    with running(demo=True) as installation, sync_playwright() as playwright:
        place, password = _place(installation)
        browser = playwright.chromium.launch(executable_path=BROWSER.program, args=["--no-sandbox", "--disable-gpu"])
        for language in LANGUAGES:
            pages = {person: _signed_in(browser, place, person, password, language) for person in ("ada", "olga")}
            for name, picture in PICTURES.items():
                file = FOLDER / f"{name}.{language}.png"
                file.write_bytes(take(pages[picture.person], place, name))
                print(f"{file.relative_to(ROOT)}  {file.stat().st_size} bytes", flush=True)
        browser.close()
    return 0


def _place(installation: Installation) -> tuple[Place, str]:
    """Return the addresses of an installation with the demo, and the password of its people, as it greets them."""
    welcome = (installation.data / "welcome.txt").read_text(encoding="utf-8")
    password = re.search(r"password of all four is +(\S+)", welcome)
    document = re.search(r"(http://\S+)(/documents/\S+)", welcome)
    if password is None or document is None:
        raise RuntimeError(f"The installation has no demo:\n{welcome}")
    return Place(f"http://{installation.host}", document[1], document[1] + document[2]), password[1]


def _signed_in(browser: Browser, place: Place, person: str, password: str, language: str) -> Page:
    page = browser.new_context(locale=language).new_page()
    page.goto(f"{place.base}/accounts/login/")
    page.fill("[name=login]", f"{person}@contoso.example")
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{place.base}/")
    return page


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
