"""People whose organization is not here: they sign up, protect under their mail domain, see nothing of each other."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections

from portal.usecases import individuals
from tenants.context import in_public
from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import Membership, Person
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.create_person import create_person
from tenants.organizations.models import Organization
from tenants.organizations.selectors import OrganizationFacts, individuals_of, organization_by_id
from tenants.organizations.services import found_individuals
from tests.cast import ACTOR, BASE, Cast, Player
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser, last_code, sign_in_by_code
from tests.protection.steps import call, confirmed, content, problem, protect, refusal, rights, send

START = "/api/v1/organizations/start"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    cache.clear()
    mail.outbox.clear()


def some_domain() -> str:
    return f"d{uuid4().hex[:8]}.example"


def signed_up(cast: Cast, address: str) -> Player:
    """Sign up as people do, with a mailed code, and enroll a device."""
    browser = Browser()
    cache.clear()
    with in_public():
        browser.post("/accounts/signup/", {"email": address, "password1": "a long enough one"})
        browser.post("/accounts/confirm-email/", {"code": last_code()})
        person = Person.objects.get(email=address)
    return cast.enroll(f"p{uuid4().hex[:8]}", person.pk, address)


def start(player: Player, **body: Any) -> Any:
    return send(player, BASE, "POST", START, body)


def started(cast: Cast, address: str) -> tuple[Player, OrganizationFacts]:
    """Sign up and start to protect."""
    player = signed_up(cast, address)
    return player, founded(cast, start(player))


def founded(cast: Cast, answer: Any) -> OrganizationFacts:
    """Return the organization of an answer; its schema goes with the cast."""
    assert answer.status_code == 201, answer.content
    found = organization_by_id(UUID(answer.json()["id"]))
    assert found is not None
    cast.organizations[found.slug] = found
    return found


def test_who_reads_costs_nothing_and_who_protects_gets_the_mail_domain_s_organization(cast: Cast, plan: Path) -> None:
    before, domain = Organization.objects.count(), some_domain()
    sealed = protect(cast.olga, plan, f"nina@{domain}:VIEW", offline_days=0)
    nina = signed_up(cast, f"nina@{domain}")
    assert rights(nina, sealed.path) == {"VIEW"}
    assert Organization.objects.count() == before, "no schema is made for people who only read"
    offer = send(nina, BASE, "GET", START).json()
    assert (offer["kind"], offer["domain"], offer["open"]) == ("domain", domain, True)
    answer = start(nina, name="Nina")
    found, made = founded(cast, answer), answer.json()
    assert made["changed"]
    assert "Nobody administers it yet" in made["message"]
    assert (found.name, found.is_unmanaged, found.slug.startswith("individuals-")) == (domain, True, True)
    assert Person.objects.get(id=nina.id).name == "Nina"
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    assert content(cast.rita, own.path) == plan.read_bytes()
    again = start(nina).json()
    assert (again["changed"], again["id"]) == (False, made["id"])
    assert send(nina, BASE, "GET", START).json()["kind"] == "member"


def test_two_people_of_one_domain_see_nothing_of_each_other(cast: Cast, plan: Path) -> None:
    domain = some_domain()
    nina, unmanaged = started(cast, f"nina@{domain}")
    otto, same = started(cast, f"otto@{domain}")
    assert same.id == unmanaged.id
    hidden = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    assert refusal(otto, hidden.path).reason == "not_granted"
    assert call(otto, same.slug, "GET", "documents").json()["results"] == []
    problem(call(otto, same.slug, "GET", f"documents/{hidden.cid}"), 404, "not_found")
    for path in ("people", "settings", "groups", "audit/events", "keys", "domains"):
        assert call(otto, same.slug, "GET", path).status_code in {403, 404}, path
    found = call(otto, same.slug, "GET", "recipients/suggestions?text=nina").json()
    assert found["results"] == []
    whole = call(otto, same.slug, "GET", f"recipients/suggestions?text=nina@{domain}").json()["results"]
    assert [one["kind"] for one in whole] == ["new"], "as of any address that was never named"
    assert call(otto, same.slug, "GET", "templates").json()["results"] == [], "none is for everybody there"
    named = protect(otto, plan, f"nina@{domain}:VIEW", f"nobody@{domain}:VIEW", offline_days=0)
    rows = call(otto, same.slug, "GET", f"documents/{named.cid}/recipients").json()["results"]
    named_ones = [one for one in rows if one["who"].split("@")[0].removeprefix("address:") in {"nina", "nobody"}]
    nobody, hers = ({k: v for k, v in one.items() if k != "who"} for one in named_ones)
    assert hers == nobody, "whether the address has an account is not told"
    mine = send(nina, BASE, "GET", "/api/v1/me").json()["organizations"]
    assert [one["roles"] for one in mine] == [["user"]]
    site = Site(cast, {})
    page = site.browser(f"{same.slug}.localhost:8000", otto).get("/").content.decode()
    assert f"nina@{domain}" not in page


def test_nobody_asks_who_is_a_member_by_hand_overs(cast: Cast, plan: Path) -> None:
    """Until a document is given away the answer is one and the same; then the member owns it and is mailed."""
    domain = some_domain()
    nina, place = started(cast, f"nina@{domain}")
    otto, _ = started(cast, f"otto@{domain}")

    def asked(name: str, **more: Any) -> Any:
        answer = call(nina, place.slug, "POST", "hand-overs", {"to": f"{name}@{domain}", **more})
        said = {key: value for key, value in answer.json().items() if key != "correlation_id"}
        return answer.status_code, json.dumps(said).replace(name, "NAME")

    assert asked("otto") == asked("bert"), "without a document nothing is told"
    own = protect(nina, plan, offline_days=0)
    assert asked("otto") == asked("bert")
    assert asked("otto")[0] == 409
    assert asked("bert", confirm=f"otto@{domain}") == asked("otto", confirm=f"bert@{domain}")
    mail.outbox.clear()
    assert asked("bert", confirm=f"bert@{domain}")[0] == 400
    assert rights(nina, own.path)
    answer = confirmed(nina, place.slug, "POST", "hand-overs", {"to": otto.address})
    assert answer.json()["documents"] == 1
    assert [one.to for one in mail.outbox if "device" not in one.subject] == [[otto.address]]


def test_a_public_mail_domain_gives_a_personal_organization(cast: Cast, plan: Path, settings: Any) -> None:
    settings.CHANCERY_PUBLIC_MAIL_DOMAINS = frozenset({domain := some_domain()})
    nina, hers = started(cast, f"nina@{domain}")
    otto, his = started(cast, f"otto@{domain}")
    assert (hers.id != his.id, hers.individuals_person, his.individuals_person) == (True, nina.id, otto.id)
    assert send(nina, BASE, "GET", "/api/v1/me").json()["organizations"][0]["roles"] == ["user", "global_administrator"]
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    assert content(cast.rita, own.path) == plan.read_bytes()
    problem(call(otto, hers.slug, "GET", "people"), 403, "permission_denied")
    with pytest.raises(DirectoryRefused, match="one member"):
        create_person(organization_id=hers.id, address=f"otto@{domain}", actor=ACTOR)
    with pytest.raises(DirectoryRefused, match="no mail domain"):
        claim_domain(organization_id=hers.id, domain=some_domain(), actor=ACTOR)


def test_the_owner_of_a_domain_decides_who_protects_in_it(cast: Cast) -> None:
    ina = signed_up(cast, f"ina{uuid4().hex[:6]}@contoso.example")
    answer = start(ina).json()
    assert (answer["changed"], answer["name"]) == (False, "Contoso")
    Membership.objects.within(cast.organizations["contoso"].id).filter(person_id=ina.id).update(guest=True)
    assert "belongs to the organization Contoso" in problem(start(ina), 400, "refused_by_directory")["detail"]
    assert individuals_of("contoso.example") is None, "nobody squats on a domain beside its owner"


def test_only_an_address_that_is_proven_counts(cast: Cast) -> None:
    nina = signed_up(cast, f"nina@{some_domain()}")
    for other in (f"nina@{some_domain()}", cast.rita.address):
        assert "not proven to be yours" in problem(start(nina, address=other), 403, "not_permitted")["detail"]
        assert problem(send(nina, BASE, "GET", f"{START}?address={other}"), 403, "not_permitted")["detail"]


def test_a_guest_elsewhere_is_not_refused(cast: Cast, plan: Path) -> None:
    address = f"gina@{some_domain()}"
    create_person(organization_id=cast.organizations["contoso"].id, address=address, guest=True, actor=ACTOR)
    with in_public():
        sign_in_by_code(Browser(), address)
        person = Person.objects.get(email=address)
    gina = cast.enroll(f"p{uuid4().hex[:8]}", person.pk, address)
    founded(cast, start(gina))
    assert protect(gina, plan, f"{cast.rita.address}:VIEW").path.exists()


def test_two_who_start_at_once_share_one_organization(cast: Cast) -> None:
    domain = some_domain()
    people = [signed_up(cast, f"{name}@{domain}") for name in ("nina", "otto", "paul")]

    def begin(player: Player) -> Any:
        try:
            return start(player).json()["id"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        ids = set(pool.map(begin, people))
    found = individuals_of(domain)
    assert found is not None
    cast.organizations[found.slug] = found
    assert ids == {str(found.id)}


def test_random_domains_do_not_fill_the_installation(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = some_domain()
    monkeypatch.setattr(found_individuals, "OF_A_SITE_IN_A_DAY", 2)
    for _ in range(2):
        started(cast, f"nina@{some_domain().partition('.')[0]}.{site}")
    third = signed_up(cast, f"nina@more.{site}")
    assert "tomorrow" in problem(start(third), 429, "too_many_started")["next_step"]
    deeper = signed_up(cast, f"nina@a.b.{site}")
    assert "tomorrow" in problem(start(deeper), 429, "too_many_started")["next_step"], "one more label is no way around"
    nina = signed_up(cast, f"nina@{some_domain()}")
    settings.CHANCERY_INDIVIDUALS = Organization.objects.exclude(individuals_domain="").count()
    before = Organization.objects.count()
    assert "operator" in problem(start(nina), 429, "too_many_started")["next_step"]
    settings.CHANCERY_INDIVIDUALS = 1000
    monkeypatch.setattr(found_individuals, "IN_A_DAY", 0)
    problem(start(nina), 429, "too_many_started")
    monkeypatch.setattr(found_individuals, "IN_A_DAY", 100)
    monkeypatch.setattr(individuals, "BURST", 0.5)
    assert "from your network" in problem(start(nina), 429, "too_many_started")["detail"]
    settings.CHANCERY_INDIVIDUALS = 0
    assert "makes no organizations for individuals" in problem(start(nina), 403, "not_permitted")["detail"]
    assert not send(nina, BASE, "GET", START).json()["open"]
    assert Organization.objects.count() == before


def test_names_below_a_suffix_of_a_country_do_not_shut_each_other_out(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_individuals, "OF_A_SITE_IN_A_DAY", 1)
    names = [some_domain().partition(".")[0] for _ in range(2)]
    for name in names:
        started(cast, f"nina@{name}.co.uk")
    started(cast, f"nina@a.{names[0]}.co.uk")
    beside = signed_up(cast, f"nina@b.c.{names[0]}.co.uk")
    problem(start(beside), 429, "too_many_started")
    monkeypatch.setattr(found_individuals, "OF_A_SUFFIX_IN_A_DAY", 3)
    problem(start(signed_up(cast, f"nina@{some_domain().partition('.')[0]}.co.uk")), 429, "too_many_started")


def test_the_page_offers_it_where_files_are_protected(cast: Cast) -> None:
    domain = some_domain()
    nina = signed_up(cast, f"nina@{domain}")
    browser = Site(cast, {}).browser("localhost:8000", nina)
    assert 'href="/organizations/start/"' in browser.get("/protect/").content.decode()
    assert 'href="/organizations/start/"' in browser.get("/").content.decode()
    shown = browser.get("/organizations/start/").content.decode()
    assert f"the organization of {domain}" in shown
    done = browser.post("/organizations/start/", {"address": nina.address, "name": "Nina"})
    assert (done.status_code, done["Location"]) == (302, "/protect/")
    found = individuals_of(domain)
    assert found is not None
    cast.organizations[found.slug] = found
    assert domain in browser.get("/protect/").content.decode()
    shown = browser.get("/organizations/start/").content.decode()
    assert f"in the organization {domain} already" in shown
    assert "<form" not in shown.partition("<main")[2].partition("</main>")[0], "nothing is left to start"
    browser.post("/organizations/start/", {"address": cast.rita.address})
    assert Person.objects.get(id=nina.id).name == "Nina"


def test_a_personal_organization_is_erased_by_its_person_alone(cast: Cast, plan: Path, settings: Any) -> None:
    settings.CHANCERY_PUBLIC_MAIL_DOMAINS = frozenset({domain := some_domain()})
    nina, hers = started(cast, f"nina@{domain}")
    granted = protect(cast.olga, plan, f"nina@{domain}:VIEW", offline_days=0)
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    path = "/api/v1/organizations/end"
    problem(send(cast.olga, BASE, "POST", path, {"confirm": hers.name, "reason": "Mine"}), 404, "refused_by_directory")
    asked = problem(send(nina, BASE, "POST", path, {}), 409, "confirmation_required")
    assert asked["consequences"][0].startswith("1 document opens for nobody any more")
    assert content(cast.rita, own.path) == plan.read_bytes(), "asking destroys nothing"
    done = send(nina, BASE, "POST", path, {"confirm": hers.name, "reason": "No longer needed"})
    assert done.json()["documents"] == 1
    found = organization_by_id(hers.id)
    assert found is not None
    assert (found.state, found.name, found.individuals_person) == ("erased", "", None)
    with pytest.raises(Exception, match=r"."):
        content(cast.rita, own.path)
    assert rights(nina, granted.path) == {"VIEW"}, "the account stays"
    again = founded(cast, start(nina))
    assert again.id != hers.id


def test_who_leaves_starts_as_somebody_new(cast: Cast, plan: Path) -> None:
    nina, place = started(cast, f"nina@{some_domain()}")
    own = protect(nina, plan, f"{cast.rita.address}:VIEW", offline_days=0)
    left = confirmed(nina, place.slug, "POST", "leave")
    assert left.status_code == 200, left.content
    assert send(nina, BASE, "GET", START).json()["kind"] == "domain"
    assert founded(cast, start(nina)).id == place.id
    assert refusal(nina, own.path).reason == "not_granted", "it stays with the identity of before"
    assert content(cast.rita, own.path) == plan.read_bytes()


def test_operators_see_which_are_of_individuals(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    _, place = started(cast, f"nina@{some_domain()}")
    call_command("organizations")
    lines = capsys.readouterr().out.splitlines()
    (mine,) = [line for line in lines if line.startswith(place.slug)]
    assert "of individuals, without administrators" in mine
    assert "of 1000 at most" in lines[-1]
