"""The handbook keeps to what it says in every language: links lead somewhere, a promise names a test that exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from portal.development.pictures import FOLDER as PICTURES_FOLDER
from portal.development.pictures import LANGUAGES, PICTURES
from portal.web.handbook import FOLDER, written

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| C(\d+) \| (.+?) \| (.+?) \|(?: `(\w+)`)? \|$", re.MULTILINE)
PICTURE = re.compile(r"\]\((\S+?)\.png\)")
LINK = re.compile(r"\]\(/handbook/(\w*)/?\)")


def promises() -> list[tuple[int, str, str]]:
    text = (FOLDER / "promises.md").read_text(encoding="utf-8")
    return [(int(number), where, test) for number, _, where, test in ROW.findall(text)]


def test_each_promise_appears_once() -> None:
    numbers = [number for number, _, _ in promises()]
    assert numbers == sorted(set(numbers))
    assert set(range(18, 49)) <= set(numbers)


@pytest.mark.parametrize(("number", "where", "test"), promises())
def test_a_promise_names_a_test_that_exists_or_says_not_yet(number: int, where: str, test: str) -> None:
    if not test:
        assert where == "not yet"
        return
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert any(f"def {test}(" in source for source in sources), f"C{number}"


@pytest.mark.parametrize("name", sorted(written()))
def test_links_of_the_handbook_lead_somewhere(name: str) -> None:
    led = set(LINK.findall(written()[name].read_text(encoding="utf-8")))
    assert led - {"", "rights"} <= written().keys()


def test_every_picture_is_there_and_is_shown_in_its_language() -> None:
    shown = {
        (path.parent / found).resolve().relative_to(PICTURES_FOLDER).name
        for language in LANGUAGES
        for path in written(language).values()
        for found in PICTURE.findall(path.read_text(encoding="utf-8"))
        if found.endswith(f".{language}")
    }
    assert shown == {f"{name}.{language}" for name in PICTURES for language in LANGUAGES}
    assert shown == {path.stem for path in PICTURES_FOLDER.iterdir()}


def tokens(path: Path) -> Iterator[Token]:
    """Yield the tokens of a page, those of its lines too."""
    for token in MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def shape(path: Path) -> dict[str, list[str]]:
    """Return what a page has in common with its translations; only code within a sentence may change its place."""
    found = list(tokens(path))
    return {
        "headings": [token.tag for token in found if token.type == "heading_open"],
        "blocks": [token.type for token in found if token.type in {"list_item_open", "tr_open", "td_open"}],
        "links": [str(token.attrs["href"]) for token in found if token.type == "link_open"],
        "code": [token.content for token in found if token.type == "fence"],
        "words of code": sorted(token.content for token in found if token.type == "code_inline"),
    }


@pytest.mark.parametrize("name", sorted(written("de")))
def test_a_german_page_says_what_the_english_one_says(name: str) -> None:
    assert shape(written("de")[name]) == shape(written()[name])
    assert written("de")[name].read_text(encoding="utf-8") != written()[name].read_text(encoding="utf-8")


def test_only_the_promises_are_not_in_german() -> None:
    assert written().keys() - written("de").keys() == {"promises"}


def test_no_name_leads_out_of_the_folder() -> None:
    assert written("..") == written("de/..") == written(str(FOLDER)) == {}
