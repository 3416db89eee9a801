"""A person without an account reads a document on their phone, from nothing but the file and the mail."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page

from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from tests.portal.web.browsing import content
from tests.portal.web.inspection import faults, faults_here
from tests.portal.web.visitor import Installation, Visitor

JO = "jo@outside.example"
PHONE = {"width": 390, "height": 844}
LONG_ENOUGH = 60
"""Seconds in which a newcomer reads the document; the machine may be busy with other tests."""


@pytest.fixture
def phone(installation: Installation) -> Visitor:
    """Return a browser that nobody has used."""
    visitor = installation.visitor()
    visitor.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return visitor


def sealed(owner: Session, folder: Path, name: str = "plan.txt", who: str = JO) -> Path:
    plain = folder / name
    plain.write_bytes(b"1. Sign the letter.")
    return owner.protect(plain, ProtectOptions(grants=(f"{who}:VIEW",))).path


def newest_mail(visitor: Visitor, address: str) -> str:
    """Read the newest mail to an address in another tab."""
    other = visitor.page.context.new_page()
    other.goto(f"{visitor.installation.base}/outbox/")
    other.locator("main tr", has_text=address).first.get_by_role("link").click()
    text = other.locator("pre").inner_text()
    other.close()
    return text


def asks_for_a_code(visitor: Visitor, file: Path, address: str) -> None:
    visitor.go("/open/")
    visitor.page.set_input_files("#file", file)
    visitor.page.get_by_label("Your e-mail address").fill(address)
    visitor.page.get_by_role("button", name="Get a code by mail").click()


def code_from(text: str) -> str:
    found = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", text, re.MULTILINE)
    assert found is not None, text
    return found.group(1)


def enters(page: Page, code: str) -> None:
    page.get_by_label("Code from the mail").fill(code)
    page.get_by_role("button", name="Open the document").click()


def test_a_newcomer_reads_the_document_within_a_minute(owner: Session, phone: Visitor, tmp_path: Path) -> None:
    file, began = sealed(owner, tmp_path), time.monotonic()
    phone.go("/")
    phone.click("Open it here")
    phone.page.set_input_files("#file", file)
    phone.page.get_by_label("Your e-mail address").fill(JO)
    phone.page.get_by_role("button", name="Get a code by mail").click()
    phone.page.get_by_text("A mail is on its way to this address:").wait_for()
    enters(phone.page, code_from(newest_mail(phone, JO)).lower())
    content(phone).locator("pre").wait_for()
    assert content(phone).locator("pre").inner_text() == "1. Sign the letter."
    assert time.monotonic() - began < LONG_ENOUGH
    assert "You opened it by a mailed code" in phone.text
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert phone.complaints == []
    asks_for_a_code(phone, file, JO)  # A loaded page knows nothing of the hour before.
    phone.page.get_by_label("Code from the mail").wait_for()


def test_the_owner_sees_that_it_was_opened_by_code(
    owner: Session, phone: Visitor, olga: Visitor, contoso: str, tmp_path: Path
) -> None:
    file = sealed(owner, tmp_path, "seen.txt", "seen@outside.example")
    asks_for_a_code(phone, file, "seen@outside.example")
    phone.page.get_by_label("Code from the mail").wait_for()
    enters(phone.page, code_from(newest_mail(phone, "seen@outside.example")))
    content(phone).locator("pre").wait_for()
    _, cid = owner.organization_of(file)
    olga.go(f"{contoso}/documents/{cid}/")
    assert "Opened by code" in olga.text
    assert "seen@outside.example opened" in olga.text


def test_a_wrong_code_is_said_beside_the_field(owner: Session, phone: Visitor, tmp_path: Path) -> None:
    asks_for_a_code(phone, sealed(owner, tmp_path), "wrong@outside.example")
    phone.page.get_by_label("Code from the mail").wait_for()
    enters(phone.page, "BBBB-BBBB")
    phone.page.get_by_text("This code is not right, or it is no longer good.").wait_for()
    assert phone.page.is_visible("#enter_code")
    phone.page.get_by_role("button", name="Ask for another code").click()
    assert phone.page.is_visible("#by_mail")


def test_who_has_an_account_signs_in(
    owner: Session, phone: Visitor, installation: Installation, tmp_path: Path
) -> None:
    assert installation.rita, "who has an account"
    asks_for_a_code(phone, sealed(owner, tmp_path), "rita@fabrikam.example")
    phone.page.get_by_text("A mail is on its way to this address:").wait_for()
    assert "sign in, then open the file" in newest_mail(phone, "rita@fabrikam.example")
    phone.page.get_by_role("button", name="Ask for another code").click()
    phone.follow(phone.page.locator("#identify").get_by_role("link", name="Sign in"))
    assert "/accounts/login/" in phone.page.url
    assert "next=/open/" in phone.page.url


def test_a_refusal_asks_the_owner(owner: Session, phone: Visitor, olga: Visitor, contoso: str, tmp_path: Path) -> None:
    file = sealed(owner, tmp_path, "secret.txt", "nobody@outside.example")
    asks_for_a_code(phone, file, "curious@outside.example")
    phone.page.get_by_label("Code from the mail").wait_for()
    enters(phone.page, code_from(newest_mail(phone, "curious@outside.example")))
    phone.page.get_by_text("You do not have access to this document.").wait_for()
    phone.page.fill("#note", "I prepare the meeting.")
    phone.page.get_by_role("button", name="Ask for access").click()
    phone.page.get_by_text("The owner was asked.").wait_for()
    olga.go(f"{contoso}/")
    assert "secret.txt" in olga.text


def test_access_taken_back_ends_what_is_shown(owner: Session, phone: Visitor, tmp_path: Path) -> None:
    file = sealed(owner, tmp_path, "taken.txt", "taken@outside.example")
    phone.page.clock.install()
    asks_for_a_code(phone, file, "taken@outside.example")
    phone.page.get_by_label("Code from the mail").wait_for()
    enters(phone.page, code_from(newest_mail(phone, "taken@outside.example")))
    content(phone).locator("pre").wait_for()
    place, cid = owner.organization_of(file)
    place.call("POST", f"/api/v1/documents/{cid}/revoke", {"recipient": "taken@outside.example"})
    phone.page.clock.fast_forward(31_000)
    phone.page.get_by_text("Your access was taken back.").wait_for()
    assert not phone.page.is_visible("#frame")


def test_after_the_hour_the_tab_asks_for_a_new_code(owner: Session, phone: Visitor, tmp_path: Path) -> None:
    file = sealed(owner, tmp_path, "hour.txt", "hour@outside.example")
    phone.page.clock.install()
    asks_for_a_code(phone, file, "hour@outside.example")
    phone.page.get_by_label("Code from the mail").wait_for()
    enters(phone.page, code_from(newest_mail(phone, "hour@outside.example")))
    content(phone).locator("pre").wait_for()
    phone.page.clock.fast_forward("01:00:31")
    phone.page.get_by_text("Your access has ended.").wait_for()
    assert not phone.page.is_visible("#frame")
    phone.page.locator("#refused [data-restart]").click()
    phone.page.set_input_files("#file", file)
    phone.page.get_by_label("Your e-mail address").wait_for()


def test_the_panel_is_well_made(owner: Session, phone: Visitor, tmp_path: Path) -> None:
    assert faults(phone, "/open/") == []
    phone.page.set_input_files("#file", sealed(owner, tmp_path))
    phone.page.get_by_label("Your e-mail address").wait_for()
    assert faults_here(phone, "who") == []
    phone.page.get_by_label("Your e-mail address").fill("made@outside.example")
    phone.page.get_by_role("button", name="Get a code by mail").click()
    phone.page.get_by_label("Code from the mail").wait_for()
    assert phone.page.locator("#code").evaluate("one => one === document.activeElement")
    enters(phone.page, "BBBB-BBBB")
    phone.page.get_by_text("This code is not right").wait_for()
    assert faults_here(phone, "code") == []
