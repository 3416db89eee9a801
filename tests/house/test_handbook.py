"""The handbook keeps to what it says: its links lead somewhere, and each promise names a test that exists."""

import re
from pathlib import Path

import pytest

from portal.pages.handbook import FOLDER, written

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| C(\d+) \| (.+?) \| (.+?) \|(?: `(\w+)`)? \|$", re.MULTILINE)
LINK = re.compile(r"\]\(/handbook/(\w*)/?\)")


def promises() -> list[tuple[int, str, str]]:
    text = (FOLDER / "promises.md").read_text(encoding="utf-8")
    return [(int(number), where, test) for number, _, where, test in ROW.findall(text)]


def test_each_promise_stands_once() -> None:
    assert [number for number, _, _ in promises()] == list(range(18, 49))


@pytest.mark.parametrize(("number", "where", "test"), promises())
def test_a_promise_names_a_test_that_exists_or_says_not_yet(number: int, where: str, test: str) -> None:
    if not test:
        assert where == "not yet"
        return
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert any(f"def {test}(" in source for source in sources), f"C{number}"


@pytest.mark.parametrize("name", sorted(written()))
def test_links_of_the_handbook_lead_somewhere(name: str) -> None:
    led = set(LINK.findall((FOLDER / f"{name}.md").read_text(encoding="utf-8")))
    assert led - {"", "rights"} <= written()
