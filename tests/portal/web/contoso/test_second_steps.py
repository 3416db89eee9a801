"""Passkeys, authenticator apps and recovery codes in a real browser, with the browser's own virtual authenticator."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import CDPSession

from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor

STEP = 30
OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def nina(installation: Installation) -> Visitor:
    """Return a member of Contoso in a browser with scripts, which passkeys need."""
    installation.add_person("nina@contoso.example", "Nina Neumann")
    visitor = installation.visitor()
    visitor.arrive("nina@contoso.example")
    return visitor


@dataclass(frozen=True)
class Authenticator:
    """The browser's virtual authenticator: it keeps passkeys and always finds the right finger."""

    session: CDPSession
    identifier: str

    @classmethod
    def of(cls, visitor: Visitor) -> "Authenticator":
        """Give a browser one."""
        session = visitor.page.context.new_cdp_session(visitor.page)
        session.send("WebAuthn.enable")
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
        return cls(session, made["authenticatorId"])

    def passkeys(self) -> list[dict[str, Any]]:
        """Return what it keeps."""
        kept = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.identifier})
        found: list[dict[str, Any]] = kept["credentials"]
        return found


@pytest.fixture(scope="module")
def authenticator(nina: Visitor) -> Authenticator:
    """Return the one of Nina's browser."""
    return Authenticator.of(nina)


def sign_out(visitor: Visitor) -> None:
    visitor.go("/accounts/logout/")
    visitor.follow(visitor.page.locator("main button[type=submit]"))
    visitor.page.wait_for_url(f"{visitor.installation.base}/")


def signed_in_by(visitor: Visitor) -> str:
    """Return how the sign-in counts at Contoso's host, where it is handed over to."""
    visitor.go(f"{visitor.installation.origin('contoso')}/signin/")
    said = visitor.page.locator("details.menu p").text_content()
    assert said is not None
    return said.partition("signed in by ")[2]


def code_now(secret: str, ahead: int = 0) -> str:
    """Return what an authenticator app shows."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP + ahead))


def test_a_passkey_is_added_and_signs_in_alone(nina: Visitor, authenticator: Authenticator) -> None:
    assert signed_in_by(nina) == "a mailed code"
    nina.go("/accounts/2fa/")
    assert faults(nina, "/accounts/2fa/") == []
    nina.click("Add a passkey")
    assert faults(nina, nina.page.url) == []
    nina.fill(name="Nina's laptop")
    nina.click("Add the passkey")
    nina.page.wait_for_url("**/2fa/recovery-codes/")
    nina.go("/accounts/2fa/webauthn/")
    assert "Nina's laptop" in nina.text
    assert faults(nina, nina.page.url) == []
    sign_out(nina)
    wanted = f"{nina.installation.base}/devices/"
    nina.go("/devices/")
    nina.click("Use a passkey")
    nina.page.wait_for_url(wanted)
    assert signed_in_by(nina) == "a passkey"
    assert nina.complaints == []


def test_the_passkey_belongs_to_the_base_domain_and_is_offered_only_there(
    installation: Installation, nina: Visitor, authenticator: Authenticator
) -> None:
    assert {one["rpId"] for one in authenticator.passkeys()} == {"localhost"}
    nobody = installation.visitor()
    nobody.go(f"{installation.origin('contoso')}/documents/")
    assert urlsplit(nobody.page.url).netloc == urlsplit(installation.base).netloc
    assert nobody.page.get_by_role("button", name="Use a passkey").is_visible()


def test_what_the_browser_refuses_is_said_on_the_page(installation: Installation) -> None:
    """A browser without a passkey: the request ends with an error, and the page says so instead of the console."""
    eve = installation.visitor()
    empty = Authenticator.of(eve)
    eve.go("/accounts/login/")
    assert not eve.page.locator("#passkey_trouble").is_visible()
    eve.click("Use a passkey")
    eve.page.locator("#passkey_trouble").wait_for()
    assert "take another way" in eve.text
    assert (eve.complaints, empty.passkeys()) == ([], [])


def test_an_app_is_set_up_and_asked_for_after_the_mailed_code(installation: Installation, nina: Visitor) -> None:
    nina.go("/accounts/2fa/")
    nina.click("Set up an app")
    assert faults(nina, nina.page.url) == []
    secret = nina.page.locator("#authenticator_secret").inner_text()
    nina.fill(code="000000")
    nina.click("Switch on")
    assert nina.page.locator(".errors").count() == 1, "a wrong code changes nothing"
    assert nina.page.locator("#authenticator_secret").inner_text() == secret
    nina.fill(code=code_now(secret))
    nina.click("Switch on")
    nina.page.wait_for_url("**/accounts/2fa/")
    assert "You are asked for a code from your app" in nina.text
    nina.click("Show the codes")
    assert faults(nina, nina.page.url) == []
    recovery = nina.page.locator("#recovery_codes").inner_text().split()
    assert len(recovery) == 10
    sign_out(nina)

    begin(nina)
    assert nina.heading == "One more step"
    assert faults(nina, "/accounts/2fa/authenticate/") == []
    nina.fill(code="000000")
    press(nina, "Sign in")
    assert nina.page.locator(".errors").count() == 1
    nina.fill(code=code_now(secret, ahead=1))
    press(nina, "Sign in")
    nina.page.wait_for_url(f"{installation.base}/")
    assert signed_in_by(nina) == "two steps"
    sign_out(nina)

    begin(nina)
    nina.fill(code=recovery[0])
    press(nina, "Sign in")
    nina.page.wait_for_url(f"{installation.base}/")
    assert signed_in_by(nina) == "two steps"
    nina.go("/accounts/2fa/")
    assert "9 left" in nina.text
    assert nina.complaints == []


def press(visitor: Visitor, name: str) -> None:
    """Press a button of the page itself; the frame around it has one of the same name."""
    visitor.follow(visitor.page.locator("main").get_by_role("button", name=name))


def begin(nina: Visitor) -> None:
    """Enter a mailed code, up to the second step."""
    nina.go("/accounts/login/")
    nina.sign_in_by_code("nina@contoso.example")
    nina.page.wait_for_url("**/2fa/authenticate/")


def test_every_question_before_something_is_taken_away(nina: Visitor) -> None:
    paths = ["/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/webauthn/add/"]
    paths += [urlsplit(str(link)).path for link in links(nina, "/accounts/2fa/webauthn/")]
    assert [fault for path in paths for fault in faults(nina, path)] == []
    nina.go("/accounts/2fa/totp/deactivate/")
    assert "Documents that ask for two steps no longer open for you." in nina.text
    nina.click("Switch it off")
    nina.go("/accounts/2fa/webauthn/")
    nina.follow(nina.page.get_by_role("link", name="Remove"))
    nina.click("Remove the passkey")
    nina.page.wait_for_url("**/2fa/webauthn/")
    assert "You have no passkey yet" in nina.text
    assert nina.complaints == []


def links(nina: Visitor, path: str) -> list[object]:
    nina.go(path)
    found: list[object] = nina.page.locator("td a").evaluate_all("links => links.map(link => link.href)")
    return found
