"""Nothing that people may call as they like makes a page unreadable, on a desk or on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.cast import Cast
from tests.portal.identity.browser import host_of
from tests.portal.web.longest import FIFTY, TITLE, longest, opened

WIDTHS = (1280, 768, 360)
NARROWEST = 56
"""Pixels of a column in which a word or a number can still be read."""
ONE_LINE = 44
"""Pixels of a row that holds one line."""
MOST_HIGH = 5_100
"""Pixels of a phone's page with fifty documents."""

FAULTS = """narrowest => {
  const found = [], seen = node => !node.closest(".visually-hidden, thead");
  const say = (node, fault) => found.push(`${fault}: ${node.outerHTML.slice(0, 100)}`);
  if (document.documentElement.scrollWidth > innerWidth)
    found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const node of document.querySelectorAll("main *"))
    if (seen(node) && node.getBoundingClientRect().right > innerWidth + 1) say(node, "ends outside");
  for (const cell of document.querySelectorAll(".list td")) {
    if (cell.scrollWidth > cell.clientWidth + 1) say(cell, "runs into the next column");
    if (cell.textContent.trim() && cell.clientWidth < narrowest && getComputedStyle(cell).display === "table-cell")
      say(cell, "is too narrow");
  }
  for (const node of document.querySelectorAll(".list :is(time, td.number)")) {
    const text = document.createRange();
    text.selectNodeContents(node);
    if (new Set([...text.getClientRects()].map(one => Math.round(one.bottom))).size > 1) say(node, "is broken");
  }
  return found;
}"""


@pytest.fixture(scope="module")
def answers(empty_cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return every page of an organization with the longest values."""
    return longest(empty_cast, tmp_path_factory.mktemp("longest")).answers()


@pytest.fixture(scope="module")
def page(answers: dict[str, bytes], chromium: Browser) -> Iterator[Page]:
    """Return a browser before these pages."""
    with opened(chromium, answers) as found:
        yield found


@pytest.fixture(scope="module")
def documents(answers: dict[str, bytes]) -> str:
    """Return the address of the list of fifty documents."""
    return f"http://{host_of('contoso')}/documents/"


def test_no_value_widens_a_page_or_squeezes_its_neighbors(answers: dict[str, bytes], page: Page) -> None:
    found = {}
    for address in answers:
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found[f"{width} {address}"] = page.evaluate(FAULTS, NARROWEST)
    assert {address: faults for address, faults in found.items() if faults} == {}


def test_fifty_documents_fit_a_phone_and_take_a_line_each_on_a_desk(page: Page, documents: str) -> None:
    page.set_viewport_size({"width": 360, "height": 900})
    page.goto(documents)
    assert page.locator(".list tbody tr").count() == FIFTY
    assert page.evaluate("document.documentElement.scrollHeight") <= MOST_HIGH
    page.set_viewport_size({"width": 1280, "height": 900})
    rows = page.locator(".list tbody tr").evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
    assert max(rows) <= ONE_LINE


def test_the_head_of_a_long_list_stays_in_sight(page: Page, documents: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(documents)
    page.locator(".list tbody tr").last.scroll_into_view_if_needed()
    assert page.locator(".list thead th").first.evaluate("head => head.getBoundingClientRect().top") == 0


def test_a_cut_value_is_whole_for_a_pointer_a_keyboard_and_a_screen_reader(page: Page, documents: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(documents)
    title = page.locator(".list tbody a").first
    cut = "node => node.scrollWidth > node.clientWidth"
    assert title.get_attribute("title") == TITLE
    assert title.inner_text() == TITLE
    assert title.evaluate(cut)
    page.locator(".list thead a").last.focus()
    page.keyboard.press("Tab")
    assert page.locator(".list tbody input").first.evaluate("node => node === document.activeElement")
    page.keyboard.press("Tab")
    assert title.evaluate("node => node === document.activeElement")
    assert not title.evaluate(cut)
    owner = page.locator(".list tbody .person > *").first
    assert not owner.evaluate(cut), "what stands in the row of what has the focus is shown whole too"
    page.keyboard.press("Tab")
    assert owner.evaluate("node => node === document.activeElement")
