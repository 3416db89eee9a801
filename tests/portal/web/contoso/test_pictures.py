"""The pictures of the handbook can be taken: each page is there for its person, and does what is done on it."""

import io

import pytest
from PIL import Image

from chancery.sdk.options import ProtectOptions
from portal.development.pictures import HEIGHT, PICTURES, WIDTH, Place, take
from tests.portal.web.visitor import Installation, Visitor


@pytest.fixture(scope="module")
def people(installation: Installation, olga: Visitor) -> dict[str, Visitor]:
    """Return those who see the pages, in browsers that run scripts."""
    assert olga.page, "who has an account"
    found = {}
    for name in ("ada", "olga"):
        found[name] = installation.visitor()
        found[name].arrive(f"{name}@contoso.example")
    return found


@pytest.fixture(scope="module")
def place(installation: Installation, olga: Visitor, contoso: str) -> Place:
    plan = installation.folder / "pictured.txt"
    plan.write_text("1. Sign the letter of intent.\n", encoding="utf-8")
    with olga.device("pictures") as device:
        document = device.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))
    return Place(installation.base, contoso, f"{contoso}/documents/{document.cid}/")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_taken(name: str, people: dict[str, Visitor], place: Place) -> None:
    visitor = people[PICTURES[name].person]
    with Image.open(io.BytesIO(take(visitor.page, place, name))) as picture:
        assert picture.size == (WIDTH, HEIGHT)
    assert visitor.complaints == []
    assert visitor.page.get_by_text("This field is required.").count() == 0
