"""A recipient finds what was shared with them, and asks for more."""

from pathlib import Path

import pytest

from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from tests.portal.web.browsing import opens
from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor

LEA = "lea@outside.example"


@pytest.fixture(scope="module")
def lea(installation: Installation) -> Visitor:
    """Return a person of no organization, who has just made an account."""
    visitor = installation.visitor()
    visitor.go("/accounts/signup/")
    visitor.fill(email=LEA, password1="a quiet lake in June")
    visitor.page.locator("main button[type=submit]").first.click()
    visitor.page.wait_for_url("**/confirm-email/**")
    other = visitor.page.context.new_page()
    other.goto(f"{installation.base}/outbox/")
    other.locator("main tr", has_text=LEA).first.get_by_role("link").click()
    code = next(line for line in other.locator("pre").inner_text().splitlines() if line.replace("-", "").isupper())
    other.close()
    visitor.fill(code=code)
    visitor.page.locator("main button[type=submit]").first.click()
    visitor.page.wait_for_url(f"{installation.base}/")
    return visitor


def test_a_recipient_finds_it_and_asks_for_more(
    owner: Session, lea: Visitor, olga: Visitor, contoso: str, tmp_path: Path
) -> None:
    lea.go("/")
    lea.click("Shared with me")
    assert "When you open a file that somebody protected for you" in lea.text
    assert faults(lea, "/shared/") == []
    plain = tmp_path / "plan.txt"
    plain.write_bytes(b"1. Sign the letter.")
    opens(lea, owner.protect(plain, ProtectOptions(grants=(f"{LEA}:VIEW",))).path)
    lea.go("/shared/")
    assert "plan.txt" in lea.text
    assert "olga@contoso.example" in lea.text
    assert faults(lea, "/shared/") == []
    lea.page.get_by_role("link", name="Ask for more").click()
    lea.page.get_by_role("heading", name="Your access to this document").wait_for()
    lea.page.locator("form [name=note]").fill("I have to print it.")
    lea.page.get_by_role("button", name="Ask for more").click()
    lea.page.get_by_text("is asked, and you get the answer by mail").wait_for()
    olga.go(f"{contoso}/")
    assert "plan.txt" in olga.text
