"""The owner of a mail domain takes its individuals' organization over: all opens as before, and nobody reads more."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.utils import timezone

from portal import locations
from portal.usecases.organizations import erase_organization
from portal.usecases.revocations import suspend_organization
from tenants.context import in_public
from tenants.directory.access import let_sign_in
from tenants.directory.models import Address, Membership, Person, TakeOver
from tenants.directory.selectors.domains import organization_of_domain
from tenants.directory.selectors.people import holder_of, membership_at, person_in
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.prove_address import prove_address
from tenants.directory.services.prove_domain import prove_domain
from tenants.organizations.selectors import individuals_of, organization_by_id
from tests.cast import ACTOR, BASE, Cast, Player
from tests.dns_server import dns_server
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser, sign_in_by_code
from tests.protection.steps import call, confirmed, content, ledger, opening, problem, protect, refusal, rights, send
from tests.protection.test_individuals import founded, signed_up, some_domain, start, started

SAID = {"reason": "Adatum uses Chancery now"}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    cache.clear()
    mail.outbox.clear()


@pytest.fixture
def zone(settings: Any) -> Iterator[dict[str, Any]]:
    """Return the DNS, as one server that all ask."""
    held: dict[str, Any] = {}
    with dns_server(held) as server:
        settings.CHANCERY_DNS_RESOLVERS = locations.resolvers(server.resolver)
        yield held


def step(player: Player, domain: str, what: str, **body: Any) -> Any:
    method = "GET" if what == "record" else "POST"
    return send(player, BASE, method, f"/api/v1/organizations/{domain}/{what}", body if method == "POST" else None)


def announced(player: Player, domain: str, zone: dict[str, Any]) -> str:
    """Publish the player's record and announce; return the record."""
    record = str(step(player, domain, "record").json()["challenge"])
    zone[domain] = [record]
    answer = step(player, domain, "announce", confirm=domain, **SAID)
    assert answer.status_code == 200, answer.content
    return record


def a_week_later(organization: UUID) -> None:
    rows = TakeOver.objects.within(organization).filter(due_at__isnull=False)
    assert rows.update(due_at=timezone.now() - timedelta(minutes=1)) == 1


def taken_over(player: Player, domain: str) -> Any:
    return step(player, domain, "take-over", confirm=domain, **SAID)


def signed_in_anew(cast: Cast, address: str) -> Player:
    with in_public():
        sign_in_by_code(Browser(), address)
        person = Person.objects.get(email=address, is_active=True)
    return cast.enroll(f"p{uuid4().hex[:8]}", person.pk, address)


def test_one_of_them_proves_the_domain_and_everything_opens_as_before(
    cast: Cast, plan: Path, zone: dict[str, Any]
) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    nina, _ = started(cast, f"nina@{domain}")
    hers = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=7)
    for_nina = protect(cast.olga, plan, f"nina@{domain}:VIEW", offline_days=0)
    assert rights(nina, for_nina.path) == {"VIEW"}
    kept = opening(cast.rita, hers.path)
    problem(step(ada, domain, "announce", confirm=domain, **SAID), 400, "refused_by_directory")
    zone[domain] = [record := step(ada, domain, "record").json()["challenge"]]
    asked = problem(step(ada, domain, "announce"), 409, "confirmation_required")
    assert "2 people protect there. 1 document is protected." in asked["consequences"][0]
    assert announced(ada, domain, zone) == record
    told = [one for one in mail.outbox if one.to == [nina.address] and "is taken over on" in one.subject][-1]
    assert ada.address in told.body
    problem(taken_over(ada, domain), 400, "refused_by_directory")
    a_week_later(place.id)
    problem(step(ada, domain, "take-over", confirm=domain), 409, "reason_required")
    answer = taken_over(ada, domain)
    assert answer.status_code == 200, answer.content
    assert organization_of_domain(domain) == place.id
    assert individuals_of(domain) is None
    assert person_in(place.id, ada.id).roles == ("user", "global_administrator")
    assert any(one.to == [nina.address] for one in mail.outbox if one.subject == f"{domain} is taken over")
    # Recipients notice nothing, with or without a network; neither do owners, once they have signed in anew.
    assert content(cast.rita, hers.path) == plan.read_bytes()
    assert cast.rita.offline().open_stream(hers.path, io.BytesIO()).rights == kept.rights
    back = signed_in_anew(cast, nina.address)
    assert back.id == nina.id
    assert content(back, hers.path) == plan.read_bytes()
    assert rights(back, for_nina.path) == {"VIEW"}
    assert protect(back, plan, f"{cast.rita.address}:VIEW").path.exists()
    (event,) = ledger(cast, place.slug, "organization.taken_over")
    assert (event.details["members"], event.details["guests"], event.details["closed"]) == (1, 0, 0)


def test_taking_over_opens_nothing(cast: Cast, plan: Path, zone: dict[str, Any]) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    nina, _ = started(cast, f"nina@{domain}")
    hidden = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    announced(ada, domain, zone)
    a_week_later(place.id)
    assert taken_over(ada, domain).status_code == 200
    assert refusal(ada, hidden.path).reason == "not_granted"
    shown = call(ada, place.slug, "GET", f"documents/{hidden.cid}").json()
    assert shown["owner"]["address"] == nina.address if isinstance(shown.get("owner"), dict) else shown


def test_what_predates_the_proof_signs_nobody_in(cast: Cast, plan: Path, zone: dict[str, Any]) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    nina, _ = started(cast, f"nina@{domain}")
    browser = Browser()
    with in_public():
        browser.force_login(Person.objects.get(id=nina.id))
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    announced(ada, domain, zone)
    a_week_later(place.id)
    assert taken_over(ada, domain).status_code == 200
    with pytest.raises(Exception, match=r"ended|revoked|signed"):
        opening(nina, own.path)
    with in_public():
        assert not Person.objects.get(id=nina.id).has_usable_password()
        login = Browser().post("/accounts/login/", {"login": nina.address, "password": "a long enough one"})
    assert login.status_code == 200, "the form comes again"
    assert ada.session.me()["id"] == str(ada.id), "who proves goes on"


def test_a_holder_with_another_address_becomes_a_guest_until_they_prove_this_one(
    cast: Cast, plan: Path, zone: dict[str, Any]
) -> None:
    domain, other = some_domain(), f"nina@{some_domain()}"
    ada, place = started(cast, f"ada@{domain}")
    nina, _ = started(cast, f"nina@{domain}")
    prove(nina.id, other)
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    announced(ada, domain, zone)
    a_week_later(place.id)
    assert taken_over(ada, domain).status_code == 200
    assert holder_of(nina.address) is None, "the next holder of the mailbox does not enter this account"
    facts = membership_at(place.id, nina.id)
    assert facts is not None
    assert facts.guest
    back = cast.enroll(f"p{uuid4().hex[:8]}", nina.id, other)
    assert content(back, own.path) == plan.read_bytes()
    prove(nina.id, nina.address)
    facts = membership_at(place.id, nina.id)
    assert facts is not None
    assert not facts.guest


def prove(person: UUID, address: str) -> None:
    """Let a mailed code have come back."""
    with in_public():
        prove_address(person_id=person, address=address, actor=ACTOR)
        let_sign_in(person, address, proven=True)


def test_a_stale_account_is_closed_and_the_next_holder_inherits_nothing(
    cast: Cast, plan: Path, zone: dict[str, Any]
) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    nina, _ = started(cast, f"nina@{domain}")
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    granted = protect(cast.olga, plan, f"nina@{domain}:VIEW", offline_days=0)
    long_ago = timezone.now() - timedelta(days=400)
    with in_public():
        Person.objects.filter(id=nina.id).update(last_login=long_ago, created_at=long_ago)
        Address.objects.filter(person_id=nina.id).update(proven_at=long_ago)
    announced(ada, domain, zone)
    a_week_later(place.id)
    assert taken_over(ada, domain).status_code == 200
    assert not Person.objects.get(id=nina.id).is_active
    assert Membership.objects.within(place.id).filter(person_id=nina.id, removed_at__isnull=False).exists()
    later = signed_up(cast, nina.address)
    assert later.id != nina.id
    assert refusal(later, own.path).reason == "not_granted"
    assert refusal(later, granted.path).reason == "not_granted"
    assert content(cast.rita, own.path) == plan.read_bytes(), "recipients go on"
    departed = call(ada, place.slug, "GET", "people/departed").json()["results"]
    assert [one["address"] for one in departed] == [nina.address]


def test_who_had_left_keeps_no_way_in_and_starts_anew(cast: Cast, plan: Path, zone: dict[str, Any]) -> None:
    domain, other = some_domain(), f"pia@{some_domain()}"
    ada, place = started(cast, f"ada@{domain}")
    nina, _ = started(cast, f"nina@{domain}")
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    pia, _ = started(cast, f"pia@{domain}")
    prove(pia.id, other)
    for one in (nina, pia):
        assert confirmed(one, place.slug, "POST", "leave").status_code == 200
    assert start(pia).json()["changed"], "she comes back"
    announced(ada, domain, zone)
    a_week_later(place.id)
    assert taken_over(ada, domain).status_code == 200
    assert holder_of(nina.address) is None
    assert not Person.objects.get(id=nina.id).is_active
    later = signed_up(cast, nina.address)
    assert later.id != nina.id
    assert refusal(later, own.path).reason == "not_granted"
    prove(pia.id, pia.address)
    facts = membership_at(place.id, pia.id)
    assert facts is not None
    assert not facts.guest


def test_an_organization_that_has_proven_the_domain_takes_it_over_beside_its_own(
    cast: Cast, plan: Path, zone: dict[str, Any]
) -> None:
    domain = some_domain()
    nina, place = started(cast, f"nina@{domain}")
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    contoso = cast.organizations["contoso"]
    text = claim_domain(organization_id=contoso.id, domain=domain, actor=ACTOR)
    zone[domain] = [text]
    proven = call(cast.ada, "contoso", "POST", f"domains/{domain}/prove")
    assert proven.status_code == 200, proven.content
    back = signed_in_anew(cast, nina.address)
    assert back.id == nina.id
    problem(step(back, domain, "record"), 404, "refused_by_directory")
    problem(step(cast.olga, domain, "record"), 404, "refused_by_directory")
    assert step(cast.ada, domain, "record").json()["by"] == "Contoso"
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada).get(f"/domains/{domain}/").content.decode()
    assert f"/organizations/{domain}/take-over/" in page
    assert step(cast.ada, domain, "announce", confirm=domain, **SAID).status_code == 200
    a_week_later(place.id)
    assert taken_over(cast.ada, domain).status_code == 200
    assert person_in(place.id, cast.ada.id).roles == ("user", "global_administrator")
    assert organization_of_domain(domain) == contoso.id
    assert content(back, own.path) == plan.read_bytes(), "who proved it anew signs in as before"
    assert refusal(cast.ada, own.path).reason == "not_granted"
    new = signed_up(cast, f"new@{domain}")
    assert start(new).json()["name"] == "Contoso", "new people join the owner's"


def test_a_proof_that_is_gone_or_of_another_name_takes_nothing_over(cast: Cast, zone: dict[str, Any]) -> None:
    parent = some_domain()
    domain = f"mail.{parent}"
    ada, place = started(cast, f"ada@{domain}")
    mine, over = started(cast, f"ada@{parent}")
    record, theirs = (step(one, name, "record").json()["challenge"] for one, name in ((ada, domain), (mine, parent)))
    zone[parent], zone[domain] = [record], [theirs]
    problem(step(ada, domain, "announce", confirm=domain, **SAID), 400, "refused_by_directory")
    problem(step(mine, domain, "announce", confirm=domain, **SAID), 404, "refused_by_directory")
    problem(step(ada, parent, "announce", confirm=parent, **SAID), 404, "refused_by_directory")
    announced(ada, domain, zone)
    a_week_later(place.id)
    zone[domain] = ["v=spf1 -all"]
    problem(taken_over(ada, domain), 400, "refused_by_directory")
    assert individuals_of(domain) is not None
    assert over.id != place.id


@pytest.mark.parametrize(
    "name", ["d\u0430taum.example", "dataum\u3002example", "DATAUM.example", "xn--dtaum-8ve.example"]
)
def test_a_name_that_looks_alike_is_another_domain_or_the_same(cast: Cast, zone: dict[str, Any], name: str) -> None:
    """A Cyrillic letter makes another domain; capitals and other full stops make no other one."""
    ada = started(cast, f"a{uuid4().hex[:6]}@{some_domain()}")[0]
    problem(step(ada, name, "record"), 404, "refused_by_directory")


def test_of_two_takers_one_announces(cast: Cast, zone: dict[str, Any]) -> None:
    domain = some_domain()
    takers = [started(cast, f"{name}@{domain}")[0] for name in ("ada", "bea")]
    place = individuals_of(domain)
    assert place is not None
    records = [step(one, domain, "record").json()["challenge"] for one in takers]
    assert len(set(records)) == 2, "nobody waits for another's proof"
    zone[domain] = [records[0]]
    problem(step(takers[1], domain, "announce", confirm=domain, **SAID), 400, "refused_by_directory")
    zone[domain] = records

    def announce(player: Player) -> int:
        try:
            return int(step(player, domain, "announce", confirm=domain, **SAID).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(announce, takers))
    assert sorted(codes) == [200, 400]
    a_week_later(place.id)
    winner, loser = (takers[codes.index(code)] for code in (200, 400))
    problem(taken_over(loser, domain), 400, "refused_by_directory")
    assert step(winner, domain, "call-off").status_code == 200
    assert step(loser, domain, "announce", confirm=domain, **SAID).status_code == 200
    # Whoever proves the domain for an organization of theirs comes before both.
    text = claim_domain(organization_id=cast.organizations["contoso"].id, domain=domain, actor=ACTOR)
    prove_domain(
        organization_id=cast.organizations["contoso"].id, domain=domain, text_records=lambda _: [text], actor=ACTOR
    )
    a_week_later(place.id)
    loser = signed_in_anew(cast, loser.address)
    problem(taken_over(loser, domain), 404, "refused_by_directory")


def test_nobody_takes_a_personal_organization_over(cast: Cast, settings: Any, zone: dict[str, Any]) -> None:
    settings.CHANCERY_PUBLIC_MAIL_DOMAINS = frozenset({domain := some_domain()})
    nina, hers = started(cast, f"nina@{domain}")
    problem(step(nina, domain, "record"), 404, "refused_by_directory")
    settings.CHANCERY_PUBLIC_MAIL_DOMAINS = frozenset()
    problem(step(nina, domain, "record"), 404, "refused_by_directory")
    assert hers.individuals_person == nina.id


def test_an_announcement_ends_when_its_maker_leaves(cast: Cast, zone: dict[str, Any]) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    bea, _ = started(cast, f"bea@{domain}")
    announced(ada, domain, zone)
    record = step(bea, domain, "record").json()["challenge"]
    zone[domain] = [record]
    problem(step(bea, domain, "announce", confirm=domain, **SAID), 400, "refused_by_directory")
    assert confirmed(ada, place.slug, "POST", "leave").status_code == 200
    assert step(bea, domain, "announce", confirm=domain, **SAID).status_code == 200


def test_an_announcement_ends_with_the_organization(cast: Cast, zone: dict[str, Any]) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    announced(ada, domain, zone)
    suspend_organization(organization_id=place.id, reason="A test", actor=ACTOR)
    erase_organization(organization_id=place.id, reason="A test", actor=ACTOR)
    assert not TakeOver.objects.within(place.id).exists()
    assert Person.objects.filter(id=ada.id, is_active=True).exists(), "people keep their accounts"
    again = signed_in_anew(cast, ada.address)
    assert founded(cast, start(again)).id != place.id


def test_strangers_learn_nothing_of_who_protects_where(cast: Cast) -> None:
    domain, empty = some_domain(), some_domain()
    started(cast, f"nina@{domain}")
    said = [problem(step(cast.mallory, one, "record"), 404, "refused_by_directory") for one in (domain, empty)]
    assert said[0]["detail"].replace(domain, "X") == said[1]["detail"].replace(empty, "X")
    browser = Site(cast, {}).browser("localhost:8000", cast.mallory)
    assert {browser.get(f"/organizations/{one}/take-over/").status_code for one in (domain, empty)} == {404}


def test_the_page_leads_through_the_steps(cast: Cast, zone: dict[str, Any]) -> None:
    domain = some_domain()
    ada, place = started(cast, f"ada@{domain}")
    browser = Site(cast, {}).browser("localhost:8000", ada)
    path = f"/organizations/{domain}/take-over/"
    assert path in browser.get("/organizations/start/").content.decode()
    shown = browser.get(path).content.decode()
    record = step(ada, domain, "record").json()["challenge"]
    assert record in shown
    zone[domain] = [record]
    asked = browser.post(path, {"act": "announce"}).content.decode()
    assert "1 person protects there" in asked
    browser.post(path, {"act": "announce", "confirm": domain, **SAID})
    assert "It is announced." in browser.get(path).content.decode()
    a_week_later(place.id)
    assert "Take it over" in browser.get(path).content.decode()
    done = browser.post(path, {"act": "take_over", "confirm": domain, **SAID})
    assert (done.status_code, done["Location"]) == (302, "/")
    found = organization_by_id(place.id)
    assert found is not None
    assert not found.is_unmanaged
