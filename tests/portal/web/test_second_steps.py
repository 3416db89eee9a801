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
def ada(installation: Installation) -> Visitor:
    """Return Contoso's administrator in a second browser, with scripts, which passkeys need."""
    assert installation.ada
    visitor = installation.visitor()
    visitor.sign_in_by_code("ada@contoso.example")
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
def authenticator(ada: Visitor) -> Authenticator:
    """Return the one of Ada's browser."""
    return Authenticator.of(ada)


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


def test_a_passkey_is_added_and_signs_in_alone(ada: Visitor, authenticator: Authenticator) -> None:
    assert signed_in_by(ada) == "a mailed code"
    ada.go("/accounts/2fa/")
    assert faults(ada, "/accounts/2fa/") == []
    ada.click("Add a passkey")
    assert faults(ada, ada.page.url) == []
    ada.fill(name="Ada's laptop")
    ada.click("Add the passkey")
    ada.page.wait_for_url("**/2fa/recovery-codes/")
    ada.go("/accounts/2fa/webauthn/")
    assert "Ada's laptop" in ada.text
    assert faults(ada, ada.page.url) == []
    sign_out(ada)
    wanted = f"{ada.installation.base}/devices/"
    ada.go("/devices/")
    ada.click("Use a passkey")
    ada.page.wait_for_url(wanted)
    assert signed_in_by(ada) == "a passkey"
    assert ada.complaints == []


def test_the_passkey_belongs_to_the_base_domain_and_is_offered_only_there(
    installation: Installation, ada: Visitor, authenticator: Authenticator
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


def test_an_app_is_set_up_and_asked_for_after_the_mailed_code(installation: Installation, ada: Visitor) -> None:
    ada.go("/accounts/2fa/")
    ada.click("Set up an app")
    assert faults(ada, ada.page.url) == []
    secret = ada.page.locator("#authenticator_secret").inner_text()
    ada.fill(code="000000")
    ada.click("Switch on")
    assert ada.page.locator(".errors").count() == 1, "a wrong code changes nothing"
    assert ada.page.locator("#authenticator_secret").inner_text() == secret
    ada.fill(code=code_now(secret))
    ada.click("Switch on")
    ada.page.wait_for_url("**/accounts/2fa/")
    assert "You are asked for a code from your app" in ada.text
    ada.click("Show the codes")
    assert faults(ada, ada.page.url) == []
    recovery = ada.page.locator("#recovery_codes").inner_text().split()
    assert len(recovery) == 10
    sign_out(ada)

    begin(ada)
    assert ada.heading == "One more step"
    assert faults(ada, "/accounts/2fa/authenticate/") == []
    ada.fill(code="000000")
    press(ada, "Sign in")
    assert ada.page.locator(".errors").count() == 1
    ada.fill(code=code_now(secret, ahead=1))
    press(ada, "Sign in")
    ada.page.wait_for_url(f"{installation.base}/")
    assert signed_in_by(ada) == "two steps"
    sign_out(ada)

    begin(ada)
    ada.fill(code=recovery[0])
    press(ada, "Sign in")
    ada.page.wait_for_url(f"{installation.base}/")
    assert signed_in_by(ada) == "two steps"
    ada.go("/accounts/2fa/")
    assert "9 left" in ada.text
    assert ada.complaints == []


def press(visitor: Visitor, name: str) -> None:
    """Press a button of the page itself; the frame around it has one of the same name."""
    visitor.follow(visitor.page.locator("main").get_by_role("button", name=name))


def begin(ada: Visitor) -> None:
    """Enter a mailed code, up to the second step."""
    ada.go("/accounts/login/")
    ada.sign_in_by_code("ada@contoso.example", begun=True)
    ada.page.wait_for_url("**/2fa/authenticate/")


def test_every_question_before_something_is_taken_away(ada: Visitor) -> None:
    paths = ["/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/webauthn/add/"]
    paths += [urlsplit(str(link)).path for link in links(ada, "/accounts/2fa/webauthn/")]
    assert [fault for path in paths for fault in faults(ada, path)] == []
    ada.go("/accounts/2fa/totp/deactivate/")
    assert "Documents that ask for two steps no longer open for you." in ada.text
    ada.click("Switch it off")
    ada.go("/accounts/2fa/webauthn/")
    ada.follow(ada.page.get_by_role("link", name="Remove"))
    ada.click("Remove the passkey")
    ada.page.wait_for_url("**/2fa/webauthn/")
    assert "You have no passkey yet" in ada.text
    assert ada.complaints == []


def links(ada: Visitor, path: str) -> list[object]:
    ada.go(path)
    found: list[object] = ada.page.locator("td a").evaluate_all("links => links.map(link => link.href)")
    return found
