"""Whom a policy names, chosen from a list with the keyboard alone, in templates as in documents."""

import pytest
from playwright.sync_api import Page

from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor


@pytest.fixture(scope="module")
def author(installation: Installation, ada: Visitor) -> Visitor:
    """Return the administrator in a browser that runs scripts."""
    assert ada.page, "who has an account"
    author = installation.visitor()
    author.arrive("ada@contoso.example")
    return author


@pytest.fixture
def form(author: Visitor, contoso: str) -> Page:
    """Return the form of a new template."""
    author.go(f"{contoso}/templates/new/")
    author.page.locator("#recipients").wait_for()
    return author.page


def names(page: Page) -> list[str]:
    return page.locator("#recipients [data-rows] strong").all_inner_texts()


def picks(page: Page, text: str, offered: str) -> None:
    """Type, wait for what is offered, and take the first of it."""
    page.locator("#recipients_who").fill(text)
    page.locator("[role=option]", has_text=offered).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_recipients_are_chosen_and_what_is_sent_is_text(form: Page) -> None:
    picks(form, "ada", "Member of Contoso")
    picks(form, "everyb", "guests not included")
    form.locator("#recipients_level").select_option("reviewer")
    form.locator("#recipients_who").fill("@partner.example")
    form.keyboard.press("Enter")
    assert names(form)[1:] == ["Contoso", "Everybody with an address at partner.example"]
    assert form.locator("#id_grants").input_value().splitlines() == [
        "ada@contoso.example: viewer",
        "everybody: viewer",
        "domain:partner.example: reviewer",
    ]
    form.locator("#recipients [data-rows] select").first.select_option("co-owner")
    form.get_by_label("Everybody with an address at partner.example has access until").fill("2098-12-31")
    form.locator("#recipients [data-rows] button").nth(1).click()
    assert form.locator("#id_grants").input_value().splitlines() == [
        "ada@contoso.example: co-owner",
        "domain:partner.example: reviewer until 2098-12-31",
    ]


def test_of_two_people_of_one_name_none_is_guessed(form: Page) -> None:
    named = [
        {
            "who": f"address:{who}@contoso.example",
            "kind": "person",
            "name": "Max Meyer",
            "address": f"{who}@contoso.example",
            "meaning": "",
        }
        for who in ("max", "max.meyer")
    ]
    form.route("**/recipients/suggestions/**", lambda route: route.fulfill(json={"results": named}))
    form.locator("#recipients_who").fill("Max Meyer")
    form.locator("[role=option]").nth(1).wait_for()
    form.keyboard.press("Enter")
    assert names(form) == []
    assert "Choose one of the suggestions" in form.inner_text("#recipients_wrong")
    form.keyboard.press("ArrowDown")
    form.keyboard.press("ArrowDown")
    form.keyboard.press("Enter")
    form.unroute("**/recipients/suggestions/**")
    assert form.locator("#id_grants").input_value() == "max.meyer@contoso.example: viewer"


def test_a_domain_that_is_typed_says_what_it_means(form: Page) -> None:
    form.locator("#recipients_who").fill("@partner.example")
    form.locator("[role=option]", has_text="today and later").wait_for()
    form.keyboard.press("Enter")
    assert "today and later" in form.locator("#recipients [data-rows] li").inner_text()


def test_who_is_named_already_is_pointed_out_not_overwritten(form: Page) -> None:
    picks(form, "ada", "Member of Contoso")
    form.locator("#recipients_level").select_option("co-owner")
    form.locator("#recipients_who").fill("ada@contoso.example")
    form.keyboard.press("Enter")
    assert "is in the list already" in form.inner_text("#recipients_wrong")
    assert form.locator("#id_grants").input_value() == "ada@contoso.example: viewer"


def test_what_names_nobody_is_said_at_the_field(form: Page) -> None:
    form.fill("[name=name]", "Named nobody")
    form.locator("#recipients_who").fill("ada")
    form.locator("main .row button", has_text="Save").click()
    assert "Choose one of the suggestions" in form.inner_text("#recipients_wrong")
    assert form.locator("#recipients_who").get_attribute("aria-invalid") == "true"


def test_an_example_fills_only_what_is_empty(author: Visitor, form: Page) -> None:
    form.fill("[name=name]", "For partners")
    picks(form, "ada", "Member of Contoso")
    author.click("Read-only for all employees")
    assert form.input_value("[name=name]") == "For partners"
    assert form.input_value("#id_grants") == "ada@contoso.example: viewer"
    assert "No one may print" in form.input_value("#id_description")


def test_what_is_saved_comes_back_and_rights_of_no_level_stay(author: Visitor, form: Page, contoso: str) -> None:
    form.fill("[name=name]", "Kept rights")
    form.locator("[data-as-text]").click()
    form.fill("#id_grants", "rita@fabrikam.example: VIEW, PRINT until 2098-12-31\neverybody: viewer")
    author.follow(form.locator("main .row button", has_text="Save"))
    author.go(f"{contoso}/templates/")
    author.follow(form.locator("tbody tr", has_text="Kept rights").get_by_role("link", name="Edit"))
    form.locator("#recipients").wait_for()
    assert names(form) == ["rita@fabrikam.example", "All of Contoso"]
    assert form.locator("#recipients [data-rows] select").first.input_value() == "VIEW, PRINT"
    assert form.locator("#recipients [data-rows] input").first.input_value() == "2098-12-31"
    author.follow(form.locator("main .row button", has_text="Save"))
    assert "read, print" in form.locator("tbody tr", has_text="Kept rights").inner_text()


def test_lines_with_a_mistake_stay_text(author: Visitor, form: Page) -> None:
    form.fill("[name=name]", "Broken line")
    form.locator("[data-as-text]").click()
    form.fill("#id_grants", "rita@fabrikam.example viewer")
    author.follow(form.locator("main .row button", has_text="Save"))
    assert "Line 1" in author.text
    assert form.locator("#id_grants").is_visible()
    assert not form.locator("#recipients").is_visible()


def test_the_form_with_recipients_is_well_made(author: Visitor, contoso: str) -> None:
    assert faults(author, f"{contoso}/templates/new/?start=everybody") == []


def test_search_is_a_key_away_on_a_desk_and_on_a_phone(author: Visitor, contoso: str) -> None:
    page = author.page
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        author.go(f"{contoso}/people/")
        page.keyboard.press("/")
        page.keyboard.type("highly confidential")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search/**")
        assert "Highly confidential" in author.text


def test_on_a_phone_the_links_are_behind_a_button(author: Visitor, contoso: str) -> None:
    author.page.set_viewport_size({"width": 360, "height": 800})
    author.go(f"{contoso}/")
    link = author.page.locator("#side").get_by_role("link", name="Templates")
    assert not link.is_visible()
    author.page.get_by_role("button", name="Menu").click()
    assert link.is_visible()
    assert author.page.evaluate("document.documentElement.scrollWidth") <= 360
    author.follow(link)
    assert author.heading == "Templates"
