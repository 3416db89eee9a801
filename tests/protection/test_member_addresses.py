"""Addresses that administrators give to members: they match policies, sign nobody in, and are nobody else's."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.http import HttpResponse

from tenants.directory.models import Person
from tenants.directory.selectors.people import holder_of
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.prove_address import prove_address
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, confirmed, ledger, problem, protect, refusal, rights
from tests.protection.test_own_addresses import act, added, home


@pytest.fixture(autouse=True)
def _empty_outbox() -> None:
    mail.outbox.clear()


@pytest.fixture
def nina(cast: Cast) -> Player:
    return cast.join(f"nina{uuid4().hex[:8]}", "contoso")


def alias(domain: str = "contoso.example") -> str:
    return f"alias{uuid4().hex[:8]}@{domain}"


def give(cast: Cast, person: Player, address: str, what: str = "", **more: Any) -> HttpResponse:
    return call(
        more.pop("by", cast.ada), "contoso", "POST", f"people/{person.id}/addresses{what}", {"address": address}
    )


def take(cast: Cast, person: Player, address: str) -> HttpResponse:
    body = {"address": address, "reason": "Somebody else's now"}
    return confirmed(cast.ada, "contoso", "POST", f"people/{person.id}/addresses/remove", body)


def test_a_given_address_opens_what_is_protected_for_it_until_it_is_taken(cast: Cast, nina: Player, plan: Path) -> None:
    address = alias()
    sealed, unused = (protect(cast.max, plan, f"{address}:VIEW", offline_days=0) for _ in range(2))
    assert give(cast, nina, address).json()["changed"]
    assert not give(cast, nina, address).json()["changed"]
    found = call(cast.ada, "contoso", "GET", f"people?search={address}").json()["results"]
    assert [one["id"] for one in found] == [str(nina.id)]
    (told,) = mail.outbox
    assert (told.to, address in told.body, "Ada" in told.body) == ([nina.address], True, True)
    assert rights(nina, sealed.path) == {"VIEW"}
    (event, *_) = ledger(cast, "contoso", "address.added")
    assert event.personal["recipient"] == nina.address
    (change,) = event.personal["changes"]
    assert (change["before"], set(change["after"].split(", "))) == (nina.address, {address, nina.address})
    said = take(cast, nina, address)
    assert (said.status_code, said.json()["warnings"]) == (200, [])
    assert refusal(nina, unused.path).reason == "not_granted"
    assert rights(nina, sealed.path) == {"VIEW"}, "what was used is bound to the person, as after a change of name"
    assert holder_of(address) is None
    (event, *_) = ledger(cast, "contoso", "address.removed")
    assert (event.personal["recipient"], event.details["reason"]) == (nina.address, "Somebody else's now")


def test_nobody_signs_in_with_it_before_its_person_confirmed_it(cast: Cast, nina: Player) -> None:
    """Else an administrator would enter any account by a mailbox of their own."""
    address = alias()
    give(cast, nina, address)
    assert not EmailAddress.objects.filter(email=address).exists()
    problem(give(cast, nina, address, "/main"), 400, "refused_by_directory")
    added(nina, address)
    assert EmailAddress.objects.get(email=address).user_id == nina.id
    assert give(cast, nina, address, "/main").json()["changed"]
    assert Person.objects.get(id=nina.id).email == address
    assert give(cast, nina, nina.address, "/main").json()["changed"]


def test_whose_it_is_is_decided_once(cast: Cast, nina: Player) -> None:
    taken = problem(give(cast, nina, cast.max.address), 400, "refused_by_directory")["detail"]
    assert "is another person's" in taken
    group = f"team{uuid4().hex[:6]}@contoso.example"
    create_group(organization_id=cast.organizations["contoso"].id, address=group, name="Team", members=[], actor=ACTOR)
    problem(give(cast, nina, group), 400, "refused_by_directory")
    outside = problem(give(cast, nina, alias("fabrikam.example")), 400, "refused_by_directory")["detail"]
    assert "is not a proven mail domain of this organization" in outside
    problem(give(cast, nina, "Ω@@x"), 400, "invalid")
    problem(give(cast, cast.rita, alias()), 404, "refused_by_directory")
    guest = create_person(organization_id=cast.organizations["contoso"].id, address=home(), guest=True, actor=ACTOR)
    refused = problem(give(cast, Player(guest.id, guest.email, nina.home), alias()), 400, "refused_by_directory")
    assert "Only members have addresses here" in refused["detail"]
    problem(give(cast, nina, alias(), by=cast.max), 403, "permission_denied")


def test_the_organization_takes_only_what_it_answers_for(cast: Cast, nina: Player) -> None:
    address = added(nina, home())
    body = {"address": address, "reason": "x", "confirm": address}
    problem(call(cast.ada, "contoso", "POST", f"people/{nina.id}/addresses/remove", body), 400, "refused_by_directory")
    assert holder_of(address) == nina.id
    alone = {"address": cast.max.address, "reason": "x", "confirm": cast.max.address}
    kept = call(cast.ada, "contoso", "POST", f"people/{cast.max.id}/addresses/remove", alone)
    assert "only address that signs in" in problem(kept, 400, "refused_by_directory")["detail"]


def test_an_address_that_a_stranger_proved_is_taken_from_them(cast: Cast, plan: Path) -> None:
    """Somebody read the mailbox once and has it in their account; what was meant for it is for its next holder."""
    address, private = alias(), home()
    stranger = create_person(organization_id=cast.organizations["fabrikam"].id, address=private, actor=ACTOR)
    prove_address(person_id=stranger.id, address=private, actor=ACTOR)
    EmailAddress.objects.filter(email=private).update(verified=True)
    prove_address(person_id=stranger.id, address=address, actor=ACTOR)
    sealed = protect(cast.max, plan, f"{address}:VIEW", offline_days=0)
    planted = cast.know(f"stranger{uuid4().hex[:6]}", stranger.id, private)
    said = take(cast, planted, address).json()
    assert "stays a member" in " ".join(said["warnings"])
    assert all(one.to != [address] for one in mail.outbox), "the mailbox is not theirs"
    assert refusal(planted, sealed.path).reason == "not_granted"
    person = cast.join(f"nina{uuid4().hex[:8]}", "contoso")
    assert give(cast, person, address).json()["changed"]


def test_nobody_gives_themselves_what_is_protected_for_an_address(cast: Cast, plan: Path) -> None:
    cast.found(slug := f"twin{uuid4().hex[:6]}", "tina")
    other = cast.join("tom", slug, role="user")
    boss = create_person(
        organization_id=cast.organizations[slug].id,
        address=f"tess@{slug}.example",
        role="global_administrator",
        actor=ACTOR,
    )
    tina, address = cast.tina, alias(f"{slug}.example")
    protect(other, plan, f"{address}:VIEW")
    path = f"people/{tina.id}/addresses"
    refused = problem(call(tina, slug, "POST", path, {"address": address}), 409, "needs_another_administrator")
    assert refused["next_step"] == "Ask another administrator to make it."
    assert holder_of(address) is None
    tess = cast.know(f"tess{slug}", boss.id, boss.email)
    assert call(tess, slug, "POST", path, {"address": address}).status_code == 201
    assert ledger(cast, slug, "access.gained_by_author")


def test_an_application_that_provisions_gives_administrators_nothing(cast: Cast, nina: Player) -> None:
    made = create_application(
        organization_id=cast.organizations["contoso"].id, name=f"hr {uuid4().hex[:6]}", roles=["directory"], actor=ACTOR
    )
    robot = cast.know(f"robot{uuid4().hex[:6]}", made.person_id, "")
    assert give(cast, nina, alias(), by=robot).status_code == 201
    problem(give(cast, cast.ada, alias(), by=robot), 403, "not_permitted")
    problem(act(robot, "", address=home()), 403, "not_permitted")


def test_the_page_gives_and_takes(cast: Cast, nina: Player) -> None:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    address, page = alias(), f"/people/{nina.id}/addresses/"
    assert browser.post(page, {"act": "add-address", "address": address}).status_code == 302
    shown = browser.get(f"/people/{nina.id}/").content.decode().replace("<wbr>", "")
    assert address in shown
    assert "gave" in browser.get("/audit/").content.decode()
    asked = browser.post(page, {"act": "remove-address", "address": address}).content.decode()
    assert "free for its next holder" in asked
    browser.post(page, {"act": "remove-address", "address": address, "confirm": address, "reason": "Typo"})
    assert holder_of(address) is None
    browser.post(page, {"act": "main-address", "address": nina.address})
