"""The page with every component in each state: well made in each look, complete, and not there in production."""

from collections.abc import Iterator
from typing import Any, Final, Literal

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.plugin import DjangoDbBlocker

from portal.runtime.bootstrap.environment import ROOT
from tests.portal.web.inspection import RULES, RUN, SCRIPT, said
from tests.portal.web.longest import opened

ADDRESS: Final = "http://localhost:8000/components/"
LOOKS: Final[tuple[tuple[int, Literal["light", "dark"], Literal["none", "active"]], ...]] = (
    (1280, "light", "none"),
    (1280, "dark", "none"),
    (360, "light", "none"),
    (360, "dark", "none"),
    (1280, "light", "active"),
)
OUTSIDE: Final = """() => [...document.querySelectorAll("main *")]
  .filter(node => !node.closest(".visually-hidden, thead") && node.getBoundingClientRect().right > innerWidth + 1)
  .map(node => node.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def answer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> bytes:
    """Return the page as anybody gets it in development."""
    with django_db_blocker.unblock():
        got = Client(HTTP_HOST="localhost:8000").get("/components/")
    assert got.status_code == 200
    return bytes(got.content)


@pytest.fixture(scope="module")
def page(answer: bytes, chromium: Browser) -> Iterator[Page]:
    with opened(chromium, {ADDRESS: answer}) as found:
        found.goto(ADDRESS)
        found.evaluate(SCRIPT)
        yield found


@pytest.mark.parametrize(("width", "scheme", "forced"), LOOKS)
def test_components_are_well_made_in_each_look(
    page: Page, width: int, scheme: Literal["light", "dark"], forced: Literal["none", "active"]
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, forced_colors=forced)
    assert page.evaluate(OUTSIDE) == []
    assert [said(one) for one in page.evaluate(RUN, RULES)] == []


def test_all_rows_of_a_page_are_chosen_at_once_and_counted(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("[data-select-all]:visible").check()
    assert page.locator("[name=chosen]:checked").count() == 2
    assert "2 selected" in page.locator(".chosen-rows").inner_text()
    page.locator("[name=chosen]").first.uncheck()
    assert page.locator("[data-select-all]:visible").evaluate("box => box.indeterminate")
    page.set_viewport_size({"width": 360, "height": 900})
    page.get_by_label("Select all on this page").locator("visible=true").check()
    assert page.locator("[name=chosen]:checked").count() == 2


def test_each_component_is_on_the_page() -> None:
    shown = (ROOT / "templates/pages/components.html").read_text(encoding="utf-8")
    folder = ROOT / "templates/components"
    used = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.html"))
    missing = [
        path.stem
        for path in folder.glob("*.html")
        if f"<c-{path.stem.replace('_', '-')}" not in shown + used and f"{{% {path.stem} " not in shown
    ]
    assert missing == []


def test_each_component_says_what_it_takes() -> None:
    folder = ROOT / "templates/components"
    assert [one.name for one in folder.glob("*.html") if not one.read_text(encoding="utf-8").startswith("{# ")] == []


@pytest.mark.django_db
def test_strangers_get_nothing_in_production(settings: Any) -> None:
    settings.CHANCERY_EMBEDDED = False
    assert Client(HTTP_HOST="localhost:8000").get("/components/").status_code == 404
