"""The journeys people make, in a real browser, from an empty installation on; without scripts, since none is needed."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chancery.sdk.errors import NotSignedIn, Refused
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from tests.portal.web.inspection import faults, faults_here
from tests.portal.web.visitor import Installation, Visitor


@dataclass
class Sent:
    """Olga's plan: Rita opened it, Ada was refused."""

    olga: Visitor
    document: Protected
    rita: Session
    folder: Path

    @property
    def address(self) -> str:
        """The document's page."""
        return f"{self.olga.installation.origin('contoso')}/documents/{self.document.cid}/"

    def opens(self) -> bool:
        """Tell whether Rita can open it now."""
        try:
            self.rita.open_stream(self.document.path, io.BytesIO())
        except Refused:
            return False
        return True

    def opens_for(self, seconds: float) -> None:
        """Open it again and again."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.opens()
            time.sleep(0.5)


@pytest.fixture(scope="module")
def ada(installation: Installation) -> Visitor:
    """Return Contoso's administrator."""
    return installation.ada


@pytest.fixture(scope="module")
def contoso(installation: Installation) -> str:
    """Return the address of Contoso's pages."""
    return installation.origin("contoso")


@pytest.fixture(scope="module")
def sent(installation: Installation, ada: Visitor, contoso: str) -> Iterator[Sent]:
    """Let Olga join, protect a file, and send it to Rita."""
    installation.add_person("olga@contoso.example", "Olga Orlov")
    olga = installation.visitor(scripts=False)
    olga.arrive("olga@contoso.example")
    folder = installation.folder
    plan = folder / "plan.txt"
    plan.write_text("1. Sign the letter of intent.\n", encoding="utf-8")
    devices = (olga.device("olga"), installation.rita.device("rita"), ada.device("ada"))
    of_olga, of_rita, of_ada = devices
    document = of_olga.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",), offline_days=0))
    of_rita.open_stream(document.path, io.BytesIO())
    with pytest.raises(Refused):
        of_ada.open_stream(document.path, io.BytesIO())
    yield Sent(olga, document, of_rita, folder)
    for device in devices:
        device.close()


def test_from_an_empty_installation_to_an_organization(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/")
    assert ada.heading == "Good day, Ada Ahrens"
    assert "chancery protect" in ada.text, "the first steps are shown while there is nothing else"
    ada.go("/")
    assert ada.heading == "Your organizations"
    ada.click("Contoso")
    assert ada.page.url == f"{contoso}/"


def test_a_taken_short_name_is_refused_beside_its_field(ada: Visitor) -> None:
    ada.go("/organizations/new/")
    ada.fill(name="Another", slug="contoso", administrator="x@another.example")
    ada.click("Create the organization")
    assert "This short name is taken." in ada.text
    assert ada.page.locator("[name=slug]").get_attribute("aria-invalid") == "true"


def test_a_template_read_only_for_all_employees(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/")
    ada.click("New template")
    ada.fill(name="Read only for all employees", grants="everybody: viewer")
    ada.click("Save")
    card = ada.page.locator("tbody tr", has_text="Read only for all employees").inner_text()
    assert "All of Contoso" in card
    assert "read, reply" in card
    assert "Published" in card


def test_a_template_has_a_history_and_a_way_back(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/new/")
    ada.fill(name="For partners", grants="rita@fabrikam.example: viewer")
    ada.click("Save")
    card = ada.page.locator("tbody tr", has_text="For partners")
    ada.follow(card.get_by_role("link", name="Edit"))
    ada.fill(grants="rita@fabrikam.example: VIEW, PRINT")
    ada.page.locator("[name=offline_rule][value=never]").check()
    ada.click("Save")
    ada.follow(card.get_by_role("link", name="History"))
    assert ada.heading == "History of “For partners”"
    assert "rita@fabrikam.example: may read, print (before: read, reply, see who has access)." in ada.text
    assert "Opens without a network: never (before: as long as the organization allows)." in ada.text
    ada.follow(ada.page.get_by_text("Bring back version 1", exact=True))
    ada.follow(ada.page.get_by_role("button", name="Bring it back"))
    assert "Version 1 is back." in ada.text
    assert "Version 3" in ada.text


def test_a_copy_leads_on_to_editing_it(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/")
    ada.follow(ada.page.get_by_role("button", name="Copy").first)
    assert ada.heading.startswith("Edit “Copy of ")


def test_a_line_that_cannot_be_read_is_named(ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/templates/new/")
    ada.fill(name="Broken", grants="everybody: viewer\nrita at fabrikam")
    ada.click("Save")
    assert "Line 2" in ada.text


def test_people_and_groups(installation: Installation, ada: Visitor) -> None:
    installation.add_person("max@contoso.example", "Max Meyer")
    assert "max@contoso.example is added" in ada.text
    ada.click("New group")
    ada.fill(address="board@contoso.example", name="Board", members="max@contoso.example")
    ada.click("Save")
    ada.click("board@contoso.example")
    assert "max@contoso.example" in ada.text
    ada.follow(ada.page.get_by_role("button", name="Remove"))
    ada.click("Take them out")
    assert "This group has no members yet" in ada.text


def test_who_opened_it_and_who_was_refused(sent: Sent) -> None:
    sent.olga.go(sent.address)
    assert sent.olga.heading == "plan.txt"
    rows = sent.olga.page.locator("section", has_text="Who has access, who opened it").first.locator("tr")
    rita = rows.filter(has_text="rita@fabrikam.example").inner_text()
    assert ("May open it" in rita, "Take back" in rita) == (True, True)
    assert "May not open it" in rows.filter(has_text="ada@contoso.example").inner_text()


def test_why_somebody_may_or_may_not(sent: Sent) -> None:
    sent.olga.go(sent.address)
    sent.olga.click("Why can a person open it, or not?")
    sent.olga.fill(who="ada@contoso.example")
    sent.olga.click("Explain")
    answer = sent.olga.page.locator("section.card").inner_text()
    assert "No entry of the policy grants this person access." in answer
    sent.olga.fill(who="rita@fabrikam.example")
    sent.olga.click("Explain")
    answer = sent.olga.page.locator("section.card").inner_text()
    assert "Yes" in answer
    assert "This person has no place in your organization" in answer


def test_what_she_sent_changes(sent: Sent) -> None:
    olga = sent.olga
    olga.go(sent.address)
    olga.click("Change who may open it")
    olga.fill(grants="max@contoso.example: viewer")
    olga.click("Save")
    rows = olga.page.locator("section", has_text="Who has access, who opened it").first.locator("tr")
    assert "May not open it" in rows.filter(has_text="rita@fabrikam.example").inner_text()
    assert not sent.opens()
    olga.click("Change who may open it")
    olga.fill(grants="rita@fabrikam.example: viewer")
    olga.click("Save")
    assert sent.opens()


def test_taking_back_asks_first_and_giving_back_restores(sent: Sent) -> None:
    olga = sent.olga
    olga.go(sent.address)
    olga.click("Take access back")
    assert olga.heading == "Take access to “plan.txt” back?"
    assert sent.opens(), "looking at the question changes nothing"
    olga.fill(reason="Sent by mistake")
    olga.click("Take access back")
    assert "Access was taken back on" in olga.text
    assert not sent.opens()
    olga.go(sent.address)
    assert "The document is revoked." in olga.text
    assert "Reason given: Sent by mistake" in olga.text
    olga.click("Give access back")
    assert sent.opens()


def test_a_new_key_protects_and_the_old_one_still_opens(sent: Sent, ada: Visitor, contoso: str) -> None:
    ada.go(f"{contoso}/keys/")
    ada.click("New key")
    ada.click("Make the key")
    assert ada.heading == "Protect by a new key from now on?"
    ada.page.get_by_label("Why").fill("Every year")
    ada.click("Make the key")
    states = ada.page.locator("td .badge").all_inner_texts()
    assert sorted(states) == ["Active", "Archived"]
    assert sent.opens()


def test_a_device_is_revoked_after_a_question(installation: Installation, sent: Sent) -> None:
    rita = installation.rita
    rita.go("/devices/")
    rita.follow(rita.page.get_by_role("link", name="Revoke").first)
    assert rita.heading.startswith("Revoke “")
    rita.click("Revoke the device")
    assert "gets no more licenses." in rita.text
    # A kept license serves until the feed is asked again, some seconds later.
    with pytest.raises(NotSignedIn):
        sent.opens_for(30)


def test_signing_out_ends_both_hosts(installation: Installation, contoso: str) -> None:
    installation.add_person("nina@contoso.example", "Nina Neumann")
    nina = installation.visitor(scripts=False)
    nina.arrive("nina@contoso.example")
    nina.go(f"{contoso}/")
    nina.page.locator("details.menu summary").click()
    nina.click("Sign out")
    assert nina.heading == "You are signed out"
    nina.go(f"{contoso}/documents/")
    assert nina.heading == "Sign in"


@pytest.fixture(scope="module")
def seeing(installation: Installation, sent: Sent) -> Visitor:
    """Return Ada with scripts on, since the inspection is one."""
    visitor = installation.visitor()
    visitor.arrive("ada@contoso.example")
    return visitor


def test_every_page_of_an_organization_is_accessible_and_quiet(seeing: Visitor, sent: Sent, contoso: str) -> None:
    paths = ["", "documents/", "documents/?scope=all", "templates/", "templates/new/", "people/", "people/new/"]
    paths += ["groups/new/", "keys/", "keys/new/", "settings/", "audit/", "applications/", "applications/new/"]
    paths += ["domains/new/", "hand-overs/", "people/departed/", "scheduled/", "everywhere/", "everywhere/new/"]
    paths += ["domains/contoso.example/", "blocks/", "settings/all/", "people/reviews/", "people/roles/"]
    addresses = [f"{contoso}/{path}" for path in paths]
    addresses += [sent.address, *(f"{sent.address}{act}/" for act in ("revoke", "change", "successor"))]
    addresses += [
        linked(seeing, f"{contoso}/templates/", "main section a"),
        linked(seeing, f"{contoso}/people/", "td a"),
    ]
    addresses += [linked(seeing, f"{contoso}/keys/", "td a")]
    assert [fault for address in addresses for fault in faults(seeing, address)] == []
    assert seeing.complaints == []


def test_blocking_somebody_is_accessible_and_quiet(seeing: Visitor, contoso: str) -> None:
    assert faults(seeing, f"{contoso}/blocks/new/") == []
    seeing.fill(who="rival.example")
    seeing.click("Block")
    question = seeing.page.get_by_role("dialog")
    question.locator("[name=reason]").fill("Sends traps")
    assert faults_here(seeing, "the question") == []
    question.get_by_role("button", name="Block", exact=True).click()
    again = seeing.page.get_by_role("button", name="Let in again")
    again.wait_for()
    assert faults_here(seeing, "blocks with a row") == []
    again.click()
    question.locator("[name=reason]").wait_for()
    assert faults_here(seeing, "letting in again") == []
    assert seeing.complaints == []


def test_an_access_review_is_accessible_and_quiet(seeing: Visitor, contoso: str) -> None:
    assert faults(seeing, f"{contoso}/people/reviews/new/") == []
    seeing.fill(name="Every quarter")
    seeing.page.get_by_label("Roles of people, groups and applications").check()
    seeing.click("Start a review")
    seeing.page.get_by_role("link", name="Every quarter").click()
    seeing.page.get_by_role("heading", name="Every quarter").wait_for()
    assert faults_here(seeing, "a review") == []
    assert seeing.complaints == []


def test_every_page_at_the_base_domain_is_accessible_and_quiet(seeing: Visitor, installation: Installation) -> None:
    paths = ["/", "/devices/", "/devices/code/", "/organizations/new/", "/outbox/", "/identity/o/device"]
    paths += ["/api/", "/api/documents/"]
    paths += [f"/accounts/{name}/" for name in ("email", "2fa", "sessions", "logout", "password/set")]
    paths += [linked(seeing, f"{installation.base}/devices/", "td a")]
    assert [fault for path in paths for fault in faults(seeing, path)] == []
    assert seeing.complaints == []


def test_the_way_in_is_accessible_and_quiet(installation: Installation) -> None:
    nobody = installation.visitor()
    paths = ["/", "/organizations/new/"] + [
        f"/accounts/{name}/" for name in ("login", "signup", "login/code", "password/reset")
    ]
    assert [fault for path in paths for fault in faults(nobody, path)] == []
    assert nobody.complaints == []


def test_error_pages_are_accessible_and_say_what_to_do(seeing: Visitor, contoso: str) -> None:
    before = list(seeing.complaints)
    assert faults(seeing, f"{contoso}/nothing/", status=404) == []
    assert faults(seeing, "/nothing/", status=404) == []
    assert "quote" in seeing.text
    # The browser itself reports the status; nothing else may be reported.
    assert all("404" in line for line in seeing.complaints[len(before) :])
    del seeing.complaints[len(before) :]


def test_with_the_keyboard_alone(seeing: Visitor, sent: Sent) -> None:
    seeing.page.set_viewport_size({"width": 1280, "height": 900})
    seeing.go(sent.address)
    keyboard, focused = seeing.page.keyboard, "document.activeElement.textContent.trim()"
    keyboard.press("Tab")
    assert seeing.page.evaluate(focused) == "Skip to the content"
    keyboard.press("Enter")
    assert seeing.page.evaluate("document.activeElement.id") == "content"
    reached = []
    for _ in range(12):
        keyboard.press("Tab")
        reached.append(seeing.page.evaluate(focused))
        if reached[-1] == "Take access back":
            break
    assert reached == ["Documents", "Change who may open it", "Take access back"]
    assert seeing.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keyboard.press("Enter")
    seeing.page.get_by_role("dialog").wait_for()
    assert seeing.page.evaluate("document.activeElement.closest('dialog') !== null")
    keyboard.press("Escape")
    assert seeing.page.evaluate(focused) == "Take access back", "closing leads back to where the question was asked"


def linked(visitor: Visitor, address: str, selector: str) -> str:
    """Return where the first such link of a page leads."""
    visitor.go(address)
    found = visitor.page.locator(selector).first.evaluate("link => link.href")
    return str(found)
