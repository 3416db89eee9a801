"""A person who left is removed: refused for ever, replaced by a successor who inherits nothing (page, API, command)."""

from pathlib import Path
from uuid import uuid4

import pytest
from django.db.models import Q

from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import Membership, Person
from tenants.directory.selectors.people import holder_of, people_in
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_person import create_person
from tenants.directory.services.prove_address import prove_address
from tenants.directory.services.prove_domain import prove_domain
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, call, ledger, opening, problem, protect, refusal, rights


def leaver(cast: Cast, slug: str = "contoso") -> Player:
    return cast.join(f"leaver{uuid4().hex[:6]}", slug)


def remove(cast: Cast, gone: Player) -> None:
    stated = {"confirm": gone.address, "reason": "left"}
    assert call(cast.ada, "contoso", "POST", f"people/{gone.id}/removal", stated).status_code == 200


def test_a_successor_gets_the_address_and_inherits_nothing(cast: Cast, plan: Path) -> None:
    gone, contoso = leaver(cast), cast.organizations["contoso"].id
    theirs = protect(gone, plan, f"{MAX}:VIEW", offline_days=0).path
    received = protect(cast.olga, plan, f"{gone.address}:VIEW", offline_days=0).path
    opening(gone, received)
    shown = call(cast.ada, "contoso", "GET", f"people/{gone.id}/removal").json()
    assert (shown["email"], shown["documents"]) == (gone.address, 1)
    for code, lacking in {
        "confirmation_required": {"reason": "left"},
        "reason_required": {"confirm": gone.address},
    }.items():
        problem(call(cast.ada, "contoso", "POST", f"people/{gone.id}/removal", lacking), 409, code)
    remove(cast, gone)
    assert holder_of(gone.address) is None
    assert gone.id not in {one.id for one in people_in(contoso, limit=200)}
    assert not Person.objects.get(id=gone.id).is_active
    next_one = create_person(organization_id=contoso, address=gone.address, actor=ACTOR)
    assert next_one.id != gone.id
    successor = cast.enroll("successor", next_one.id, next_one.email)
    assert refusal(successor, received).reason == "not_granted"
    assert refusal(successor, theirs).reason == "not_granted"
    assert rights(cast.max, theirs) == {"VIEW"}, "its recipients keep it"
    (event, *_) = ledger(cast, "contoso", "person.removed")
    assert event.details["reason"] == "left"
    assert event.personal["addresses"] == [gone.address]


def test_neither_successor_nor_who_comes_back_is_in_a_group_that_named_the_address(cast: Cast, plan: Path) -> None:
    """A group that was made with addresses keeps them as addresses, also of people who are there."""
    gone, contoso = leaver(cast), cast.organizations["contoso"].id
    private = f"{gone.id.hex}@home.example"
    prove_address(person_id=gone.id, address=private, actor=ACTOR)
    team = {"address": f"team{gone.id.hex[:6]}@contoso.example", "name": "Team", "members": [gone.address, private]}
    assert call(cast.ada, "contoso", "POST", "groups", team).status_code == 201
    shared = protect(cast.olga, plan, f"{team['address']}:VIEW", offline_days=0).path
    assert rights(gone, shared) == {"VIEW"}
    remove(cast, gone)
    next_one = create_person(organization_id=contoso, address=gone.address, actor=ACTOR)
    assert refusal(cast.enroll("successor", next_one.id, gone.address), shared).reason == "not_granted"
    back = call(cast.ada, "contoso", "POST", "people", {"email": private, "guest": True})
    assert (back.status_code, back.json()["id"]) == (201, str(gone.id))
    assert refusal(cast.enroll("back", gone.id, private), shared).reason == "not_granted"


def test_a_leaver_s_mailbox_in_a_domain_that_is_proven_later_leaves_the_account(cast: Cast, plan: Path) -> None:
    """It is the organization's from then on; the rest of the account goes on."""
    gone, contoso, name = leaver(cast), cast.organizations["contoso"].id, f"d{uuid4().hex[:8]}.example"
    for domain in (name, "home.example"):
        prove_address(person_id=gone.id, address=f"{gone.id.hex}@{domain}", actor=ACTOR)
    private = protect(cast.rita, plan, f"{gone.id.hex}@home.example:VIEW", offline_days=0).path
    remove(cast, gone)
    text = claim_domain(organization_id=contoso, domain=name, actor=ACTOR)
    prove_domain(organization_id=contoso, domain=name, text_records=lambda _: [text], actor=ACTOR)
    assert holder_of(f"{gone.id.hex}@{name}") is None
    assert rights(cast.enroll("private", gone.id, "private"), private) == {"VIEW"}


def test_an_application_is_not_removed_like_a_person(cast: Cast) -> None:
    assert call(cast.ada, "contoso", "POST", "applications", {"name": "Scanner"}).status_code == 201
    person = next(one for one in people_in(cast.organizations["contoso"].id, search="Scanner"))
    problem(call(cast.ada, "contoso", "POST", f"people/{person.id}/removal", {"reason": "x"}), 403, "not_permitted")
    disable = {"disabled": True, "reason": "x"}
    problem(call(cast.ada, "contoso", "PATCH", f"people/{person.id}", disable), 409, "confirmation_required")
    stated = {**disable, "confirm": "Scanner"}
    assert call(cast.ada, "contoso", "PATCH", f"people/{person.id}", stated).status_code == 200


def test_an_application_that_provisions_people_reaches_no_other_application(cast: Cast) -> None:
    contoso = cast.organizations["contoso"].id
    made = [
        create_application(organization_id=contoso, name=name, roles=[role], actor=ACTOR)
        for name, role in (("Provisioning", "directory"), ("Roles", "roles"))
    ]
    provisioning, roles = (cast.enroll(one.client_id, one.person_id, "") for one in made)
    stated = {"confirm": "Roles", "reason": "x"}
    path, device = f"people/{roles.id}", f"people/{roles.id}/devices/{roles.session.account.device}/block"
    problem(call(provisioning, "contoso", "PATCH", path, {"disabled": True, **stated}), 403, "not_permitted")
    problem(call(provisioning, "contoso", "POST", device, stated), 403, "not_permitted")
    assert call(cast.ada, "contoso", "PATCH", path, {"disabled": True, **stated}).status_code == 200
    problem(call(provisioning, "contoso", "PATCH", path, {"disabled": False}), 403, "not_permitted")


def test_another_organization_s_grants_under_the_address_end_too(cast: Cast, plan: Path) -> None:
    """The leaver has a private address as well, and keeps the account: what came by the company's address ends."""
    gone = leaver(cast)
    prove_address(person_id=gone.id, address=f"{gone.id.hex}@home.example", actor=ACTOR)
    company = protect(cast.rita, plan, f"{gone.address}:VIEW", offline_days=0).path
    private = protect(cast.rita, plan, f"{gone.id.hex}@home.example:VIEW", offline_days=0).path
    opening(gone, company)
    opening(gone, private)
    remove(cast, gone)
    assert Person.objects.get(id=gone.id).is_active
    with pytest.raises(DirectoryRefused, match="you have left"):
        prove_address(person_id=gone.id, address=gone.address, actor=ACTOR)
    assert holder_of(gone.address) is None, "the successor's, even while the old mailbox is still read"
    again = cast.enroll("again", gone.id, f"{gone.id.hex}@home.example")
    assert refusal(again, company).reason == "not_granted"
    assert rights(again, private) == {"VIEW"}
    assert call(again, "contoso", "GET", "people").status_code == 403


def test_the_page_asks_and_the_last_administrator_stays(cast: Cast) -> None:
    gone, browser = leaver(cast), Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    page = browser.post(f"/people/{gone.id}/remove/").content.decode()
    assert "This cannot be undone" in page
    assert browser.post(f"/people/{gone.id}/remove/", {"reason": "left", "confirm": gone.address}).status_code == 302
    assert Membership.objects.of_person(gone.id).filter(~Q(removed_at=None)).exists()
    answer = call(cast.ada, "contoso", "POST", f"people/{cast.ada.id}/removal", {})
    assert "last administrator" in answer.json()["detail"]


def test_somebody_who_left_comes_back_as_somebody_new(cast: Cast, plan: Path) -> None:
    """Their account goes on by a private address; a guest's place under that one brings nothing of before."""
    gone, private = leaver(cast), f"{uuid4().hex}@home.example"
    prove_address(person_id=gone.id, address=private, actor=ACTOR)
    theirs = protect(gone, plan, f"{MAX}:VIEW", offline_days=0)
    received = protect(cast.olga, plan, f"{gone.address}:VIEW", f"{private}:VIEW", offline_days=0).path
    opening(gone, received)
    remove(cast, gone)
    added = call(cast.ada, "contoso", "POST", "people", {"email": private, "guest": True})
    assert added.status_code == 201, added.content
    assert any("a new person" in one for one in added.json()["warnings"])
    again = cast.enroll(f"again{uuid4().hex[:6]}", gone.id, private)
    assert call(again, "contoso", "GET", "documents").json()["results"] == []
    assert refusal(again, theirs.path).reason == "not_granted"
    problem(call(again, "contoso", "POST", f"documents/{theirs.cid}/revoke", {}), 404, "not_found")
    assert refusal(again, received).reason == "not_granted", "what the old identity was bound to stays with it"
    assert rights(cast.max, theirs.path) == {"VIEW"}
    fresh = protect(cast.olga, plan, f"{private}:VIEW", offline_days=0).path
    assert rights(again, fresh) == {"VIEW"}
    with pytest.raises(DirectoryRefused, match="you have left"):
        prove_address(person_id=gone.id, address=gone.address, actor=ACTOR)


def test_a_guest_who_left_is_invited_again_as_somebody_new(cast: Cast, plan: Path) -> None:
    guest = cast.join(f"guest{uuid4().hex[:6]}", "fabrikam")
    for place in range(2):
        body = {"email": guest.address, "guest": True}
        assert call(cast.ada, "contoso", "POST", "people", body).status_code == 201
        if place == 0:
            before = protect(cast.olga, plan, f"{guest.address}:VIEW", offline_days=0).path
            assert rights(guest, before) == {"VIEW"}
            remove(cast, guest)
    assert refusal(guest, before).reason == "not_granted"
    assert rights(guest, protect(cast.olga, plan, f"{guest.address}:VIEW", offline_days=0).path) == {"VIEW"}
    assert rights(guest, protect(cast.rita, plan, f"{guest.address}:VIEW", offline_days=0).path) == {"VIEW"}
