"""People of other installations sign in at home: who is let in as whom, and what a hostile home tries in vain.

See docs/protocol.md P32.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth import get_user
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from pytest_django.asserts import assertContains

from portal import locations, throttle
from portal.identity.homes.lookup import forget_lookup
from portal.identity.second_factors import seal as seal_factor
from portal.identity.sign_on import fetching
from portal.tasks import end_home_sign_ins
from tenants.directory.models import Address, Group, GroupClaim, Membership, Person
from tenants.directory.selectors.subject import claimed_group, subject_row
from tenants.directory.services.create_group import create_group
from tenants.homes.models import Home
from tenants.homes.selectors import home_of_domain, home_of_person
from tenants.homes.services.homes import accept_home, forbid_home, forget_home
from tenants.organizations.selectors import OrganizationFacts
from tenants.sign_on.models import SignOnSession
from tests.cast import ACTOR
from tests.dns_server import DnsServer, dns_server
from tests.portal.identity.browser import Answer, Browser, enter, last_code, path_of
from tests.portal.identity.home_server import HomeServer, home_server
from tests.portal.identity.test_sign_on import totp_code
from tests.tenants import builders

pytestmark = pytest.mark.django_db
DOMAIN = "fabrikam.example"
RITA = f"rita@{DOMAIN}"
NAME = f"_chancery.{DOMAIN}"


@pytest.fixture(scope="module")
def server() -> Iterator[HomeServer]:
    with home_server() as found:
        yield found


@pytest.fixture
def home(server: HomeServer) -> HomeServer:
    server.claims, server.configuration, server.signed_by = {}, {}, None
    server.asked.clear()
    return server


@pytest.fixture
def zone(home: HomeServer, settings: Any) -> Iterator[DnsServer]:
    cache.clear()
    throttle.forget()
    with dns_server({NAME: [f"chancery-home={home.issuer}"]}) as found:
        settings.CHANCERY_DNS_RESOLVERS = locations.resolvers(found.resolver)
        yield found


@pytest.fixture
def contoso() -> OrganizationFacts:
    return builders.organization("contoso", "contoso.example")


def led(browser: Browser, address: str = RITA, **more: str) -> Answer:
    """Type an address into the sign-in page."""
    return browser.post("/accounts/login/", {"login": address, **more})


def sign_in(browser: Browser, home: HomeServer, *, fresh: bool = False, **claims: Any) -> Answer:
    """Sign in at home as whoever the claims say, and return the answer to the way back."""
    home.claims = {"sub": "rita-1", "email": RITA, "addresses": [RITA], "groups": [], "name": "Rita"} | claims
    onward = led(browser)
    assertContains(onward, "own installation")
    begun = browser.get(onward["Refresh"].partition("url=")[2] + ("&fresh=1" if fresh else ""))
    assert begun.status_code == 302, begun.content
    return browser.get(f"/signin/at-home/callback/{home.answer(begun['Location'])}")


def signed_in(home: HomeServer, **claims: Any) -> tuple[Browser, Person]:
    browser = Browser()
    answer = sign_in(browser, home, **claims)
    assert answer.status_code == 302, answer.content
    person = get_user(browser)
    assert isinstance(person, Person)
    return browser, person


def refused(home: HomeServer, words: str, **claims: Any) -> None:
    browser = Browser()
    assertContains(sign_in(browser, home, **claims), words, status_code=403)
    assert not get_user(browser).is_authenticated


def test_somebody_new_gets_an_account_that_belongs_to_their_home(zone: DnsServer, home: HomeServer) -> None:
    browser, rita = signed_in(home)
    assert (rita.email, rita.name, rita.has_usable_password()) == (RITA, "Rita", False)
    assert Address.objects.get(person=rita).proven_by == Address.Proof.HOME
    belongs_to = home_of_person(rita.pk)
    assert belongs_to is not None
    assert belongs_to.domain == DOMAIN
    (asked,) = home.asked
    assert (asked["client_id"], asked["redirect_uri"]) == (
        "http://localhost:8000/.well-known/chancery",
        "http://localhost:8000/signin/at-home/callback/",
    )
    assert home.question["login_hint"] == RITA
    # The same person comes back to the same account, by another address of theirs as well.
    _browser, again = signed_in(home, email=f"r@{DOMAIN}", addresses=[f"r@{DOMAIN}"])
    assert again.pk == rita.pk
    assert set(Address.objects.filter(person=rita).values_list("address", flat=True)) == {f"r@{DOMAIN}"}
    assert browser.get("/shared/").status_code == 200


def test_the_document_says_what_this_installation_is(zone: DnsServer) -> None:
    found = Browser().get("/.well-known/chancery").json()
    assert found["iss"] == "http://localhost:8000"
    assert found["client_id"] == "http://localhost:8000/.well-known/chancery"
    assert found["redirect_uris"] == ["http://localhost:8000/signin/at-home/callback/"]


def test_a_home_is_believed_about_its_own_domain_alone(
    zone: DnsServer, home: HomeServer, contoso: OrganizationFacts
) -> None:
    builders.person(contoso.id, "ada@contoso.example")
    other = "eve@elsewhere.example"
    refused(home, "names no address", email="ada@contoso.example", addresses=["ada@contoso.example", other])
    _browser, rita = signed_in(
        home,
        addresses=[RITA, "ada@contoso.example", other, f"x@sub.{DOMAIN}", "not an address", 7],
        groups=[f"team@{DOMAIN}", "admins@contoso.example", f"team@sub.{DOMAIN}"],
    )
    assert set(Address.objects.filter(person=rita).values_list("address", flat=True)) == {RITA}
    assert GroupClaim.objects.get(person=rita).addresses == [f"team@{DOMAIN}"]


def test_a_domain_that_an_organization_here_has_proven_has_no_home_elsewhere(zone: DnsServer, home: HomeServer) -> None:
    _browser, rita = signed_in(home, groups=[f"team@{DOMAIN}"])
    kept = home_of_domain(DOMAIN)
    assert kept is not None
    builders.organization("fabrikam", DOMAIN)
    assert "Refresh" not in led(Browser())
    assert Browser().get(f"/signin/at-home/{kept.id}/").status_code == 404
    assert not rita.has_usable_password()


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://evil.example"}, "is not valid"),
        ({"aud": "http://localhost:8000/other"}, "is not valid"),
        ({"aud": ["http://localhost:8000/.well-known/chancery", "other"]}, "for others as well"),
        ({"nonce": "another"}, "another question"),
        ({"exp": 1}, "is not valid"),
        ({"iat": int(time.time()) - 3600}, "too old"),
        ({"sub": ""}, "does not say who you are"),
        ({"email": None, "addresses": None}, "names no address"),
    ],
)
def test_a_token_that_is_not_the_answer_is_refused(
    zone: DnsServer, home: HomeServer, claims: dict[str, Any], words: str
) -> None:
    refused(home, words, **claims)
    assert not Person.objects.filter(email=RITA).exists()


def test_a_token_signed_by_another_key_is_refused(zone: DnsServer, home: HomeServer) -> None:
    home.signed_by = rsa.generate_private_key(65537, 2048)
    refused(home, "is not valid")


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(zone: DnsServer, home: HomeServer) -> None:
    home.claims = {"sub": "rita-1", "email": RITA}
    victim, thief = Browser(), Browser()
    begun = thief.get(led(thief)["Refresh"].partition("url=")[2])
    way_back = f"/signin/at-home/callback/{home.answer(begun['Location'])}"
    assertContains(victim.get(way_back), "not begun in this browser", status_code=403)
    assertContains(thief.get(way_back.replace(home.question["state"], "guess")), "not begun", status_code=403)
    # The try has used the question up.
    assertContains(thief.get(way_back), "not begun", status_code=403)
    begun = thief.get(led(thief)["Refresh"].partition("url=")[2])
    mixed_up = f"/signin/at-home/callback/{home.answer(begun['Location'])}".replace(home.issuer, "https://evil.example")
    assertContains(thief.get(mixed_up), "Another installation has answered", status_code=403)
    begun = thief.get(led(thief)["Refresh"].partition("url=")[2])
    nameless = f"/signin/at-home/callback/{home.answer(begun['Location'])}".partition("&iss=")[0]
    assertContains(thief.get(nameless), "Another installation has answered", status_code=403)
    assert home.asked == []


def test_a_domain_whose_dns_was_taken_over_names_another_home_in_vain(zone: DnsServer, home: HomeServer) -> None:
    _browser, rita = signed_in(home)
    with home_server() as evil:
        zone.zone[NAME] = [f"chancery-home={evil.issuer}"]
        forget_lookup(DOMAIN)
        browser = Browser()
        assertContains(led(browser), "names another installation than before")
        kept = home_of_domain(DOMAIN)
        assert kept is not None
        assert (kept.issuer, kept.rival) == (home.issuer, evil.issuer)
        assertContains(browser.get(f"/signin/at-home/{kept.id}/"), "names another installation", status_code=403)
        # Nor does the mailbox help, which whoever has the DNS can read as well.
        mail.outbox.clear()
        browser.post("/accounts/login/code/", {"email": RITA})
        answer = browser.post("/accounts/login/code/confirm/", {"code": last_code()})
        assertContains(answer, "belongs to your home", status_code=403)
        assert not get_user(browser).is_authenticated
        # An operator who knows that the installation has moved accepts it; the accounts stay bound.
        accept_home(domain=DOMAIN, metadata=evil.about(), keys=evil.keys())
        forget_lookup(DOMAIN)
    assert SocialAccount.objects.filter(user=rita).exists()


def test_a_record_that_is_gone_lets_nobody_in_by_the_home_or_around_it(zone: DnsServer, home: HomeServer) -> None:
    signed_in(home)
    del zone.zone[NAME]
    forget_lookup(DOMAIN)
    browser = Browser()
    assertContains(led(browser), "names no installation as its home any more")
    kept = home_of_domain(DOMAIN)
    assert kept is not None
    assertContains(browser.get(f"/signin/at-home/{kept.id}/"), "names no installation", status_code=403)
    mail.outbox.clear()
    browser.post("/accounts/login/code/", {"email": RITA})
    answer = browser.post("/accounts/login/code/confirm/", {"code": last_code()})
    assertContains(answer, "belongs to your home", status_code=403)


def test_records_or_resolvers_that_disagree_name_nobody(zone: DnsServer, home: HomeServer, settings: Any) -> None:
    zone.zone[NAME] = [f"chancery-home={home.issuer}", "chancery-home=https://evil.example"]
    assert "Refresh" not in led(Browser())
    zone.zone[NAME] = [f"chancery-home={home.issuer}"]
    with dns_server({NAME: ["chancery-home=https://evil.example"]}) as other:
        settings.CHANCERY_DNS_RESOLVERS = locations.resolvers(f"{zone.resolver} {other.resolver}")
        forget_lookup(DOMAIN)
        assert "Refresh" not in led(Browser())
    for said in ("ftp://x.example", "https://user@x.example", "https://x.example/path", "https://X.example", "no"):
        zone.zone[NAME] = [f"chancery-home={said}"]
        settings.CHANCERY_DNS_RESOLVERS = locations.resolvers(zone.resolver)
        forget_lookup(DOMAIN)
        assert "Refresh" not in led(Browser()), said
    zone.zone[NAME] = "alias.example"
    zone.zone["alias.example"] = [f"chancery-home={home.issuer}"]
    forget_lookup(DOMAIN)
    assert "Refresh" not in led(Browser())
    assert not Home.objects.exists()


@pytest.mark.parametrize("lacks", ["home", "iss"])
def test_what_is_no_installation_is_no_home(zone: DnsServer, home: HomeServer, lacks: str) -> None:
    changed = {"scopes_supported": ["openid"]} if lacks == "home" else {}
    home.configuration = changed or {"authorization_response_iss_parameter_supported": False}
    assertContains(led(Browser()), "is no installation")
    assert not Home.objects.exists()


def test_homes_that_answer_slowly_hold_few_threads(
    zone: DnsServer, home: HomeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TURN", 0.01)
    with ExitStack() as waiting:
        for _ in range(fetching.AT_ONCE):
            waiting.enter_context(fetching.in_turn())
        # Nothing is known of the domain, so its people are asked for a password, as before there were homes.
        assert "Refresh" not in led(Browser())
        assert zone.asked == []
    signed_in(home)
    with ExitStack() as waiting:
        for _ in range(fetching.AT_ONCE):
            waiting.enter_context(fetching.in_turn())
        refused(home, "Too many questions")


def test_a_successor_with_the_address_gets_nothing_of_the_account(zone: DnsServer, home: HomeServer) -> None:
    signed_in(home)
    refused(home, "belongs to another person", sub="rita-2")


def test_an_account_of_before_is_bound_after_its_own_second_factor(zone: DnsServer, home: HomeServer) -> None:
    rita = Person.objects.create(email=RITA)
    Address.objects.create(person=rita, address=RITA, domain=DOMAIN, proven_by="person", proven_at=timezone.now())
    EmailAddress.objects.create(user=rita, email=RITA, verified=True, primary=True)
    secret = "JBSWY3DPEHPK3PXP"
    Authenticator.objects.create(user=rita, type="totp", data={"secret": seal_factor(secret)})
    browser = Browser()
    answer = sign_in(browser, home, groups=[f"team@{DOMAIN}"])
    assert answer.status_code == 302
    assert not get_user(browser).is_authenticated
    assert not SocialAccount.objects.exists()
    assert not GroupClaim.objects.exists()
    browser.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    assert get_user(browser).pk == rita.pk
    assert SocialAccount.objects.get().user_id == rita.pk
    assert GroupClaim.objects.get().addresses == [f"team@{DOMAIN}"]


def test_what_a_stranger_planted_under_the_address_ends(zone: DnsServer, home: HomeServer, settings: Any) -> None:
    settings.CHANCERY_HOMES = False
    stranger = Browser()
    stranger.post("/accounts/signup/", {"email": RITA, "password1": "Correct-Horse-7", "name": "x"})
    settings.CHANCERY_HOMES = True
    _browser, rita = signed_in(home)
    assert not rita.has_usable_password()
    assert not get_user(stranger).is_authenticated


def test_an_address_that_administrators_gave_binds_no_account(
    zone: DnsServer, home: HomeServer, contoso: OrganizationFacts
) -> None:
    ada = builders.person(contoso.id, "ada@contoso.example")
    Address.objects.create(person_id=ada.id, address=RITA, domain=DOMAIN, proven_by="organization")
    refused(home, "was added to an account")


def test_a_group_of_this_installation_is_no_person(
    zone: DnsServer, home: HomeServer, contoso: OrganizationFacts
) -> None:
    create_group(organization_id=contoso.id, address="team@contoso.example", name="Team", actor=ACTOR)
    Group.objects.of_installation().update(address=f"team@{DOMAIN}")
    refused(home, "that of a group", email=f"team@{DOMAIN}", addresses=[f"team@{DOMAIN}"])


def test_disabled_people_stay_outside(zone: DnsServer, home: HomeServer) -> None:
    _browser, rita = signed_in(home)
    Person.objects.filter(pk=rita.pk).update(is_active=False)
    refused(home, "is disabled")


def test_a_sign_in_at_home_ends_after_twelve_hours_with_all_that_came_of_it(
    zone: DnsServer, home: HomeServer, contoso: OrganizationFacts
) -> None:
    browser, rita = signed_in(home, groups=[f"team@{DOMAIN}"])
    there, _answer = enter(browser, "contoso")
    by = SignOnSession.objects.get(person=rita)
    assert timedelta(hours=11) < by.ends_at - timezone.now() <= timedelta(hours=12)  # type: ignore[operator]
    Token.objects.create(
        type="rt", hash="x", client_id="chancery-cli", user=rita, data={"authentication": {"by": str(by.id)}}
    )
    row = subject_row(rita.pk, contoso.id)
    assert row is not None
    (group,) = row.groups
    assert (group.address, group.organization_id) == (f"team@{DOMAIN}", by.home_id)
    assert group.id == claimed_group(by.home_id, f"team@{DOMAIN}")  # type: ignore[arg-type]
    past = timezone.now() - timedelta(seconds=1)
    SignOnSession.objects.update(ends_at=past)
    GroupClaim.objects.update(until=past)
    assert end_home_sign_ins() == 1
    assert not UserSession.objects.filter(user=rita).exists()
    assert not Token.objects.filter(user=rita).exists()
    assert not get_user(browser).is_authenticated
    assert not get_user(there).is_authenticated
    row = subject_row(rita.pk, contoso.id)
    assert row is not None
    assert row.groups == ()


def test_a_fresh_sign_in_has_to_be_one(zone: DnsServer, home: HomeServer) -> None:
    browser = Browser()
    old = int(time.time()) - 900
    assertContains(sign_in(browser, home, fresh=True, auth_time=old), "did not ask you", status_code=403)
    assert (home.question["prompt"], home.question["max_age"]) == ("login", "0")
    sign_in(browser, home, auth_time=old)
    again = browser.get("/accounts/password/set/")
    assert path_of(again).startswith("/signin/at-home/")
    assert "fresh=1" in path_of(again)


def test_the_operator_forbids_a_home_and_forgets_one(zone: DnsServer, home: HomeServer) -> None:
    browser, rita = signed_in(home, groups=[f"team@{DOMAIN}"])
    forbid_home(domain=DOMAIN)
    assert not get_user(browser).is_authenticated
    assert not GroupClaim.objects.exists()
    assert "Refresh" not in led(Browser())
    alone = Browser()
    mail.outbox.clear()
    alone.post("/accounts/login/code/", {"email": RITA})
    alone.post("/accounts/login/code/confirm/", {"code": last_code()})
    assert get_user(alone).pk == rita.pk
    assert forget_home(domain=DOMAIN) == 1
    assert not SocialAccount.objects.exists()


def test_people_who_arrive_are_members_of_nothing(
    zone: DnsServer, home: HomeServer, contoso: OrganizationFacts
) -> None:
    _browser, rita = signed_in(home)
    assert not Membership.objects.of_person(rita.pk).exists()


def test_who_can_do_without_still_can(zone: DnsServer, home: HomeServer) -> None:
    assert "Refresh" not in led(Browser(), without="1")
    zone.zone[NAME] = None
    forget_lookup(DOMAIN)
    browser = Browser()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.resolvers.SECONDS", 0.3)
        assert "Refresh" not in led(browser)
