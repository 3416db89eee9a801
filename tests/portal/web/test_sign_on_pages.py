"""Single sign-on in a browser, as administrators set it up and people use it, by both protocols and real providers."""

import base64
import hmac
import re
import struct
import time
from collections.abc import Callable

import pytest

from tests.identity_provider.running import identity_provider
from tests.identity_provider.saml import saml_provider
from tests.portal.web.inspection import faults, faults_here
from tests.portal.web.visitor import Installation, Visitor

ADA = "ada@contoso.example"


@pytest.fixture(scope="module")
def ada(installation: Installation) -> Visitor:
    """Return Ada, who has signed in with a second factor."""
    assert installation.ada.heading
    visitor = installation.visitor()
    visitor.arrive(ADA)
    visitor.go("/accounts/2fa/totp/activate/")
    visitor.fill(code=_code_of_app(visitor.page.locator("#authenticator_secret").inner_text()))
    visitor.click("Switch on")
    recovery = re.findall(r"\b\d{8}\b", visitor.text)
    visitor.page.context.clear_cookies()
    visitor.go("/accounts/login/")
    visitor.sign_in_by_code(ADA)
    visitor.page.wait_for_url(re.compile("/2fa/authenticate/"))
    visitor.fill(code=recovery[0])
    visitor.page.locator("button.wide").first.click()
    visitor.page.wait_for_url(f"{installation.base}/")
    return visitor


def _code_of_app(secret: str) -> str:
    """Return what an authenticator app shows now (RFC 6238)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1").digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def connected(ada: Visitor, name: str, protocol: str, **fields: str) -> str:
    """Connect a provider on the pages, and return the address of the connection's page."""
    people = f"{ada.installation.origin('contoso')}/people/sign-on/"
    assert faults(ada, f"{people}new/") == []
    ada.fill(name=name, **fields)
    ada.page.get_by_label(protocol).check()
    ada.page.get_by_label("contoso.example").check()
    ada.page.get_by_role("button", name="Read the provider").click()
    answered(ada, "Connect it")
    ada.go(people)
    ada.click(name)
    assert faults_here(ada, name) == []
    return ada.page.url


def answered(ada: Visitor, button: str) -> None:
    """Answer the question that stands over the page, and wait for the page after it."""
    with ada.page.expect_navigation():
        ada.page.locator("#question button", has_text=button).click()


def turn(ada: Visitor, page: str, state: str) -> None:
    """Set the state of a connection."""
    ada.go(page)
    ada.page.locator(f"input[name=state][value={state}]").check()
    ada.page.get_by_role("button", name="Change it", exact=True).click()
    answered(ada, "Change it")
    assert ada.page.locator(f"input[name=state][value={state}]").is_checked()


def addresses(ada: Visitor) -> list[str]:
    """Return what the page of a connection offers to copy."""
    return [one.inner_text() for one in ada.page.locator(".code pre").all()]


def signed_in_and_out(member: Visitor, address: str, at_provider: Callable[[], object]) -> None:
    """Type an address, be led to the provider, come back signed in, and sign out on both sides."""
    member.go("/accounts/login/code/")
    member.fill(email=address)
    member.page.locator("main button[type=submit]").first.click()
    at_provider()
    member.page.wait_for_url(re.compile(f"^{member.installation.base}/$"))
    member.go("/accounts/logout/")
    member.page.locator("main button[type=submit]").first.click()
    member.page.wait_for_url(re.compile(r"127\.0\.0\.1|/logout/\?SAMLResponse|/signed-out/"))
    if "127.0.0.1" in member.page.url and member.page.get_by_role("button", name="Go on").count():
        member.click("Go on")
    member.page.wait_for_url(re.compile(r"^http://localhost.*(/logout/\?SAMLResponse|/signed-out/)"))
    assert "signed out" in member.text
    member.go("/accounts/email/")
    assert "/accounts/login/" in member.page.url


def test_saml_from_its_metadata_to_signing_out(installation: Installation, ada: Visitor) -> None:
    with saml_provider() as provider:
        page = connected(ada, "Ours by SAML", "SAML 2.0", metadata_url=f"{provider.issuer}/metadata")
        provider.know(ada.page.context.request.get(addresses(ada)[0]).text())
        provider.person("s-ada", attributes={"email": ADA, "name": "Ada Ahrens"}, acr="https://refeds.org/profile/mfa")
        turn(ada, page, "test")
        ada.click("Test it")
        ada.click("Go on")
        assert "It works." in ada.text
        assert "Signed in with a second factor" in ada.text
        assert faults_here(ada, "the test of SAML") == []
        turn(ada, page, "on")
        member = installation.visitor()
        signed_in_and_out(member, ADA, lambda: member.click("Go on"))
        assert any("LogoutRequest" in one and ">s-ada<" in one for one in provider.set()["captured"])
        turn(ada, page, "off")
        assert member.complaints == []


def test_openid_connect_from_its_configuration_to_signing_out(installation: Installation, ada: Visitor) -> None:
    with identity_provider() as provider:
        page = connected(ada, "Ours by OpenID", "OpenID Connect", metadata_url=provider.issuer, client_id="to come")
        redirect, leaves = addresses(ada)
        client = provider.register(
            redirect_uris=[redirect],
            backchannel_logout_uri=leaves,
            post_logout_redirect_uris=[redirect.replace("/callback/", "/signed-out/")],
        )
        ada.fill(client_secret=client["client_secret"])
        ada.click("Keep it")
        ada.go(page)
        ada.fill(client_id=client["client_id"])
        provider.set(people={"s-ada": {"email": ADA, "amr": ["mfa"]}}, person="s-ada")
        ada.page.locator("input[name=state][value=test]").check()
        ada.page.get_by_role("button", name="Change it", exact=True).click()
        answered(ada, "Change it")
        ada.click("Test it")
        ada.page.wait_for_url(re.compile("/callback/"))
        assert "It works." in ada.text
        assert faults_here(ada, "the test of OpenID Connect") == []
        turn(ada, page, "on")
        member = installation.visitor()
        signed_in_and_out(member, ADA, lambda: None)
        turn(ada, page, "off")
        assert member.complaints == []
