"""Refused, asked, let in: a partner and an owner on pages alone, without scripts."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor


@dataclass
class Plan:
    """Olga's plan, which names nobody, and Rita, who holds a copy."""

    olga: Visitor
    rita: Visitor
    device: Session
    document: Protected
    contoso: str
    folder: Path

    @property
    def address(self) -> str:
        return f"{self.contoso}/documents/{self.document.cid}/"

    def opens(self) -> bool:
        """Tell whether Rita can open it now."""
        try:
            self.device.open_stream(self.document.path, io.BytesIO())
        except Refused:
            return False
        return True


@pytest.fixture(scope="module")
def plan(installation: Installation, olga: Visitor, contoso: str) -> Iterator[Plan]:
    devices = olga.device("olga"), installation.rita.device("rita")
    path = installation.folder / "plan.txt"
    path.write_text("1. Sign the letter of intent.\n", encoding="utf-8")
    document = devices[0].protect(path, ProtectOptions(deny=("domain:rival.example",), offline_days=0))
    yield Plan(olga, installation.rita, devices[1], document, contoso, installation.folder)
    for device in devices:
        device.close()


def test_who_never_tried_finds_nothing(plan: Plan) -> None:
    assert plan.rita.go(plan.address).status == 404
    assert plan.rita.go(f"{plan.address}access/").status == 404


def test_a_refused_person_is_led_to_why_and_asks(plan: Plan) -> None:
    assert not plan.opens()
    rita = plan.rita
    rita.go(plan.address)
    assert rita.page.url == f"{plan.address}access/"
    assert rita.heading == "Your access to this document"
    assert "You do not have access to this document." in rita.text
    assert "olga@contoso.example" in rita.text
    for secret in ("plan.txt", "rival"):
        assert secret not in rita.text
    rita.fill(note="I prepare the meeting.")
    rita.follow(rita.page.get_by_role("button", name="Ask for access"))
    assert "The owner has not answered yet." in rita.text
    assert rita.page.get_by_role("button", name="Save").count() == 1


def test_the_owner_reads_a_mail_and_gives_access_with_one_button(plan: Plan) -> None:
    olga = plan.olga
    olga.go("/outbox/")
    olga.follow(olga.page.locator("main tr", has_text="asks for access to plan.txt").get_by_role("link").first)
    mailed = olga.page.locator("pre").inner_text()
    assert "Rita Reyes (rita@fabrikam.example) of Fabrikam" in mailed
    assert "I prepare the meeting." in mailed
    page = next(word for word in mailed.split() if "/requests/" in word)
    olga.go(f"{plan.contoso}/")
    assert "Waiting for you" in olga.text
    olga.go(plan.address)
    assert "Who asks for access" in olga.text
    olga.go(page)
    assert olga.heading == "Rita Reyes asks for access"
    assert "I prepare the meeting." in olga.text
    assert "No entry of the policy grants this person access." in olga.text
    assert olga.page.locator("input[name=level]:checked").get_attribute("value") == "viewer"
    assert olga.page.locator("input[name=ends]:checked").get_attribute("value") == "7"
    olga.follow(olga.page.get_by_role("button", name="Give access"))
    assert olga.page.url == plan.address
    assert "rita@fabrikam.example has access and may: " in olga.text
    assert "May open it" in olga.page.locator("tbody tr", has_text="rita@fabrikam.example").first.inner_text()
    given = r"gave rita@fabrikam\.example access to “plan\.txt” until \d{1,2} \w{3} \d{4}, \d\d:\d\d UTC"
    assert re.search(given, olga.text), "the day reads as everywhere on the page"
    assert plan.opens()
    plan.rita.go(plan.address)
    assert "You may open it" in plan.rita.text


def test_what_was_given_is_taken_back_like_anything_else_and_asked_about_again(plan: Plan) -> None:
    olga, rita = plan.olga, plan.rita
    olga.go(plan.address)
    olga.follow(olga.page.get_by_role("link", name="Take back"))
    assert olga.page.locator("[name=recipient]").input_value() == "rita@fabrikam.example"
    olga.follow(olga.page.get_by_role("button", name="Take access back"))
    assert not plan.opens()
    rita.go(f"{plan.address}access/")
    assert "Your access to this document has been revoked." in rita.text
    rita.follow(rita.page.get_by_role("button", name="Ask for access"))
    olga.go(f"{plan.contoso}/requests/")
    olga.follow(olga.page.get_by_role("link", name="Answer").first)
    assert "Access was taken back from this person. It is given back." in olga.text
    assert not olga.page.locator("[name=lift]").is_checked(), "what she took back, she gives back herself"
    olga.fill(message="Not before the meeting.")
    olga.follow(olga.page.get_by_role("button", name="Decline"))
    assert "is declined" in olga.text
    rita.go(f"{plan.address}access/")
    assert "Not before the meeting." in rita.text
    assert not plan.opens()


def test_a_note_outlives_a_session_that_ended(plan: Plan, installation: Installation) -> None:
    rita, context = plan.rita, plan.rita.page.context
    rita.fill(note="I prepare the meeting on Monday.")
    context.clear_cookies(name=re.compile("session"))
    rita.follow(rita.page.get_by_role("button", name="Ask for access"))
    assert "You were signed out meanwhile." in rita.text
    with context.expect_page() as opened:
        rita.page.get_by_role("link", name="Sign in in another tab").click()
    other = Visitor(installation, opened.value)
    other.sign_in_by_code("rita@fabrikam.example")
    other.page.wait_for_url(f"{plan.contoso}/")
    for _ in range(2):  # The second time with the token of the new session.
        if rita.page.get_by_role("button", name="Send it again").count():
            assert "I prepare the meeting on Monday." in rita.text
            rita.follow(rita.page.get_by_role("button", name="Send it again"))
    assert "The owner has not answered yet." in rita.text
    assert rita.page.locator("[name=note]").input_value() == "I prepare the meeting on Monday."


def test_an_end_that_is_chosen_but_not_named_is_refused_beside_its_field(plan: Plan) -> None:
    olga = plan.olga
    olga.go(f"{plan.contoso}/requests/")
    olga.follow(olga.page.get_by_role("link", name="Answer").first)
    olga.page.get_by_label("Until a day").check()
    olga.follow(olga.page.get_by_role("button", name="Give access"))
    assert "Name the day, or choose another end." in olga.text
    olga.fill(day="2099-01-31")
    olga.follow(olga.page.get_by_role("button", name="Give access"))
    assert "This person would still be refused" in olga.text, "she has not agreed to what is in the way"
    olga.page.locator("[name=lift]").check()
    olga.follow(olga.page.get_by_role("button", name="Give access"))
    assert "Until 31 Jan 2099" in olga.text or "Until 1 Feb 2099" in olga.text
    assert plan.opens()


def test_the_pages_are_sound_in_every_look(plan: Plan, installation: Installation) -> None:
    seeing_olga, seeing_rita = installation.visitor(), installation.visitor()
    seeing_olga.arrive("olga@contoso.example")
    seeing_rita.arrive("rita@fabrikam.example")
    plan.olga.go(f"{plan.address}revoke/?recipient=rita@fabrikam.example")
    plan.olga.follow(plan.olga.page.get_by_role("button", name="Take access back"))
    assert not plan.opens()
    plan.rita.go(f"{plan.address}access/")
    plan.rita.follow(plan.rita.page.get_by_role("button", name="Ask for access"))
    plan.olga.go(f"{plan.contoso}/requests/")
    plan.olga.follow(plan.olga.page.get_by_role("link", name="Answer").first)
    seeing_rita.go(plan.address)
    seeing_olga.go(plan.address)
    found = faults(seeing_rita, f"{plan.address}access/")
    for address in (f"{plan.contoso}/", f"{plan.contoso}/requests/", plan.olga.page.url, plan.address):
        found += faults(seeing_olga, address)
    assert found == []
    assert seeing_olga.complaints + seeing_rita.complaints == []
