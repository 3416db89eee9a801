"""Our people sign in at other installations by their accounts here: what those learn, and what stops it.

See docs/protocol.md P32.
"""

import base64
import hashlib
from typing import Any, Final

import jwt
import pytest
from allauth.idp.oidc.models import Token
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.contrib.auth import get_user
from django.core.cache import cache
from pytest_django.asserts import assertContains

from audit.selectors.events import Filter, events
from portal import throttle
from portal.identity import issuer_keys
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.models import Membership, Person
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.disable_person import disable_person
from tenants.homes.models import Visit
from tenants.homes.services.installations import allow_installation, forbid_installation
from tenants.organizations.selectors import OrganizationFacts
from tests.cast import ACTOR
from tests.portal.identity.browser import Answer, Browser, query_of, sign_in_by_code
from tests.tenants import builders

pytestmark = pytest.mark.django_db
PARTNER: Final = "https://rights.fabrikam.example"
CLIENT: Final = f"{PARTNER}/.well-known/chancery"
VERIFIER: Final = "v" * 60
ADA: Final = "ada@contoso.example"


@pytest.fixture(autouse=True)
def quiet() -> None:
    cache.clear()
    throttle.forget()


@pytest.fixture
def contoso() -> OrganizationFacts:
    made = builders.organization("contoso", "contoso.example")
    ada = builders.person(made.id, ADA, name="Ada")
    builders.person(made.id, "olga@contoso.example", name="Olga")
    inner = create_group(organization_id=made.id, address="team@contoso.example", name="Team", actor=ACTOR)
    outer = create_group(organization_id=made.id, address="all@contoso.example", name="All", actor=ACTOR)
    create_group(organization_id=made.id, address="board@contoso.example", name="Board", actor=ACTOR)
    change_group(organization_id=made.id, group_id=inner.id, add=[Member(person_id=ada.id)], actor=ACTOR)
    change_group(organization_id=made.id, group_id=outer.id, add=[Member(group_id=inner.id)], actor=ACTOR)
    return made


def question(**changed: str) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    usual = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{PARTNER}/signin/at-home/callback/",
        "scope": "openid home",
        "state": "s",
        "nonce": "n",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (usual | changed).items() if value}


def signed_in(address: str = ADA) -> Browser:
    browser = Browser()
    sign_in_by_code(browser, address)
    assert get_user(browser).is_authenticated
    return browser


def asked(browser: Browser, **changed: str) -> Answer:
    return browser.get("/identity/o/authorize", question(**changed))


def agreed(browser: Browser, page: Answer) -> Answer:
    """Agree on the page that asks."""
    form = page.context["form"]
    fields = {"request": form.initial["request"], "scopes": ["openid", "home"], "action": "grant"}
    return browser.post("/identity/o/authorize", fields)


def exchanged(code: str, **changed: str) -> Answer:
    fields = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "redirect_uri": f"{PARTNER}/signin/at-home/callback/",
        "code": code,
        "code_verifier": VERIFIER,
    }
    return Browser().form("/identity/o/api/token", fields | changed)


def claims_of(answer: Answer) -> dict[str, Any]:
    keys = [one.public_key() for one in _public_keys()]
    found: dict[str, Any] = jwt.decode(
        answer.json()["id_token"], keys[0], algorithms=["RS256"], audience=CLIENT, issuer="http://localhost:8000"
    )
    return found


def _public_keys() -> list[Any]:
    return [load_pem_private_key(one.pem.encode(), None) for one in issuer_keys.private_keys()]


def test_a_partner_learns_addresses_and_groups_of_proven_domains_and_it_is_recorded(contoso: OrganizationFacts) -> None:
    browser = signed_in()
    page = asked(browser)
    assertContains(page, "rights.fabrikam.example")
    assertContains(page, "team@")
    answer = agreed(browser, page)
    assert answer["Location"].startswith(f"{PARTNER}/signin/at-home/callback/?")
    back = query_of(answer)
    assert (back["state"], back["iss"]) == ("s", "http://localhost:8000")
    answered = exchanged(back["code"])
    assert answered.status_code == 200, answered.content
    claims = claims_of(answered)
    ada = Person.objects.get(email=ADA)
    assert (claims["sub"], claims["email"], claims["email_verified"]) == (str(ada.pk), ADA, True)
    assert claims["addresses"] == [ADA]
    assert claims["groups"] == ["all@contoso.example", "team@contoso.example"]
    assert (claims["nonce"], claims["acr"], claims["name"]) == ("n", "code", "Ada")
    assert isinstance(claims["auth_time"], int)
    assert Visit.objects.get().installation == PARTNER
    with in_organization(contoso.id):
        (event,) = [one for one in events(filter=Filter(), limit=50).events if one.kind == "installation.visited"]
    assert event.details == {"installation": "rights.fabrikam.example"}
    assert not Token.objects.exists()


def test_what_it_gets_opens_nothing_here(contoso: OrganizationFacts) -> None:
    browser = signed_in()
    answered = exchanged(query_of(agreed(browser, asked(browser)))["code"]).json()
    assert (
        Browser().get("/api/v1/me", headers={"Authorization": f"Bearer {answered['access_token']}"}).status_code == 401
    )
    again = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": answered.get("refresh_token", "x")}
    assert Browser().form("/identity/o/api/token", again).status_code in {400, 401}
    assert exchanged("guess").json() == {"error": "invalid_grant"}


def test_nothing_is_told_without_the_person_s_consent(contoso: OrganizationFacts) -> None:
    browser = signed_in()
    silent = asked(browser, prompt="none")
    assert query_of(silent)["error"] == "consent_required"
    page = asked(browser)
    answer = browser.post(
        "/identity/o/authorize", {"request": page.context["form"].initial["request"], "action": "cancel"}
    )
    assert query_of(answer) == {"error": "access_denied", "state": "s", "iss": "http://localhost:8000"}
    # Having agreed once is no consent for the next time.
    agreed(browser, page)
    assert asked(browser).status_code == 200
    assert not Visit.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/signin/at-home/callback/"},
        {"redirect_uri": f"{PARTNER}/elsewhere/"},
        {"redirect_uri": f"{PARTNER}.evil.example/signin/at-home/callback/"},
        {"client_id": "https://rights.fabrikam.example/other/.well-known/chancery"},
        {"client_id": "https://user@rights.fabrikam.example/.well-known/chancery"},
        {"client_id": "https://RIGHTS.fabrikam.example/.well-known/chancery"},
        {"client_id": "javascript://rights.fabrikam.example/.well-known/chancery"},
        {"client_id": "http://localhost:8000/.well-known/chancery"},
        {"client_id": f"https://{'x' * 90}.example/.well-known/chancery"},
        {"scope": "openid home api"},
        {"scope": "openid profile"},
        {"code_challenge": ""},
    ],
)
def test_what_is_no_question_of_an_installation_is_refused(contoso: OrganizationFacts, changed: dict[str, str]) -> None:
    answer = asked(signed_in(), **changed)
    if answer.status_code == 302:
        assert answer["Location"].startswith(f"{PARTNER}/signin/at-home/callback/")
        assert "error" in query_of(answer)
        assert "code" not in query_of(answer)
    else:
        assert b'value="grant"' not in answer.content


def test_a_code_is_for_who_asked_with_the_verifier_and_once(contoso: OrganizationFacts) -> None:
    browser = signed_in()
    code = query_of(agreed(browser, asked(browser)))["code"]
    assert exchanged(code, code_verifier="w" * 60).status_code == 400
    assert exchanged(code).status_code == 400
    code = query_of(agreed(browser, asked(browser)))["code"]
    assert exchanged(code, client_id="https://evil.example/.well-known/chancery").status_code in {400, 401}
    code = query_of(agreed(browser, asked(browser)))["code"]
    disable_person(organization_id=contoso.id, person_id=Person.objects.get(email=ADA).pk, reason="left", actor=ACTOR)
    assert exchanged(code).status_code == 400


def test_nobody_speaks_for_guests_and_people_of_no_organization(contoso: OrganizationFacts) -> None:
    fabrikam = builders.organization("fabrikam", "fabrikam.example")
    create_person(organization_id=fabrikam.id, address="gina@outside.example", guest=True, actor=ACTOR)
    browser = Browser()
    sign_in_by_code(browser, "gina@outside.example")
    assertContains(asked(browser), "no organization here speaks", status_code=403)
    ada = Person.objects.get(email=ADA)
    Membership.objects.within(contoso.id).filter(person=ada).update(guest=True)
    assertContains(asked(signed_in()), "no organization here speaks", status_code=403)


@pytest.mark.parametrize("host", ["rights.fabrikam.example", "fabrikam.example"])
def test_an_organization_forbids_an_installation_and_allows_it_again(contoso: OrganizationFacts, host: str) -> None:
    forbid_installation(organization_id=contoso.id, host=host, reason="", actor=ACTOR)
    browser = signed_in()
    assertContains(asked(browser), "lets its members not sign in at", status_code=403)
    allow_installation(organization_id=contoso.id, host=host, actor=ACTOR)
    page = asked(browser)
    assert page.status_code == 200
    # Forbidden while the page was open: the consent comes too late.
    forbid_installation(organization_id=contoso.id, host=host, reason="", actor=ACTOR)
    assertContains(agreed(browser, page), "lets its members not sign in at", status_code=403)


def test_a_sign_in_that_has_to_be_new_begins_anew(contoso: OrganizationFacts) -> None:
    browser = signed_in()
    answer = asked(browser, prompt="login", max_age="0")
    assert answer["Location"].startswith("/accounts/login/?next=")
    assert "prompt" not in answer["Location"]
    assert not get_user(browser).is_authenticated


def test_the_sign_in_page_knows_the_address_that_the_partner_names(contoso: OrganizationFacts) -> None:
    browser = Browser()
    answer = browser.get("/identity/o/authorize", question(login_hint=ADA))
    while answer.status_code == 302:
        answer = browser.get(answer["Location"].replace("http://localhost:8000", ""))
    assertContains(answer, f'value="{ADA}"')
