"""An administrator blocks a device at the organization: it gets nothing here, and goes on everywhere else."""

from pathlib import Path
from uuid import uuid4

import pytest

from chancery.sdk.errors import Refused
from tenants.directory.services.create_person import create_person
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Site
from tests.protection.steps import RITA, call, confirmed, ledger, problem, protect, refusal, rights


def path_of(person: object, device: object, act: str) -> str:
    return f"people/{person}/devices/{device}/{act}"


def test_a_blocked_device_gets_nothing_here_and_its_person_goes_on(cast: Cast, plan: Path) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso")
    other = cast.enroll("tablet", person.id, person.address)
    sealed = protect(cast.olga, plan, f"{person.address}:VIEW", offline_days=0)
    kept = protect(cast.olga, plan, f"{person.address}:VIEW", offline_days=3)
    foreign = protect(cast.rita, plan, f"{person.address}:VIEW", offline_days=0)
    assert rights(person, sealed.path) == rights(person, kept.path) == rights(person, foreign.path) == {"VIEW"}
    device = person.session.account.device
    listed = call(cast.ada, "contoso", "GET", f"people/{person.id}/devices").json()["results"]
    assert {one["id"] for one in listed} == {str(device), str(other.session.account.device)}
    block = path_of(person.id, device, "block")
    asked = problem(call(cast.ada, "contoso", "POST", block), 409, "confirmation_required")
    assert asked["reason_required"]
    assert "can be opened until" in " ".join(asked["consequences"])
    assert rights(person, sealed.path) == {"VIEW"}, "nothing has happened"
    made = confirmed(cast.ada, "contoso", "POST", block, {"reason": "Stolen"}).json()
    assert (made["changed"], made["latest_offline_moment"] is not None) == (True, True)
    assert refusal(person, sealed.path).reason == "device_revoked"
    assert rights(other, sealed.path) == {"VIEW"}, "the person's other device goes on"
    assert rights(person, foreign.path) == {"VIEW"}, "other organizations are not concerned"
    with pytest.raises(Refused):
        protect(person, plan)
    (event,) = ledger(cast, "contoso", "device.blocked")[:1]
    assert (event.details["reason"], event.personal["recipient"]) == ("Stolen", person.address)
    assert not ledger(cast, "fabrikam", "device.blocked")
    again = call(cast.ada, "contoso", "POST", block).json()
    assert (again["changed"], again["message"].endswith("Nothing changed.")) == (False, True)
    back = path_of(person.id, device, "unblock")
    assert call(cast.ada, "contoso", "POST", back).json()["changed"]
    assert not call(cast.ada, "contoso", "POST", back).json()["changed"]
    assert rights(person, sealed.path) == {"VIEW"}


def test_of_a_guest_only_devices_that_were_used_here_are_shown(cast: Cast, plan: Path) -> None:
    contoso = cast.organizations["contoso"]
    create_person(organization_id=contoso.id, address=RITA, guest=True, name="Rita", role="user", actor=ACTOR)
    path, device = f"people/{cast.rita.id}/devices", str(cast.rita.session.account.device)
    unused = cast.enroll("elsewhere", cast.rita.id, RITA).session.account.device
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    rights(cast.rita, sealed.path)
    assert [one["id"] for one in call(cast.ada, "contoso", "GET", path).json()["results"]] == [device]
    assert call(cast.ada, "contoso", "POST", path_of(cast.rita.id, unused, "block")).status_code == 404
    ada = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    page = f"/people/{cast.rita.id}/devices/{device}/"
    assert "Block it here" in ada.post(page, {"act": "block"}).content.decode()
    name = next(one["name"] for one in call(cast.ada, "contoso", "GET", path).json()["results"])
    assert ada.post(page, {"act": "block", "confirm": name, "reason": "Lost"}).status_code == 302
    assert refusal(cast.rita, sealed.path).reason == "device_revoked"
    assert "Blocked here" in ada.get(f"/people/{cast.rita.id}/").content.decode()
    ada.post(page, {"act": "unblock"})
    assert rights(cast.rita, sealed.path) == {"VIEW"}


def test_only_who_manages_people_sees_and_blocks(cast: Cast) -> None:
    device = cast.max.session.account.device
    assert call(cast.olga, "contoso", "GET", f"people/{cast.max.id}/devices").status_code == 403
    assert call(cast.olga, "contoso", "POST", path_of(cast.max.id, device, "block")).status_code == 403
    assert call(cast.rita, "fabrikam", "GET", f"people/{cast.max.id}/devices").status_code == 404


def test_the_sign_in_of_a_blocked_device_manages_nothing_here(cast: Cast, plan: Path) -> None:
    """A person with the device could let another account in, or take the block back as an administrator."""
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso", role="global_administrator")
    mine = protect(person, plan, offline_days=0)
    device = person.session.account.device
    assert call(person, "contoso", "GET", f"documents/{mine.cid}").status_code == 200
    assert confirmed(cast.ada, "contoso", "POST", path_of(person.id, device, "block")).status_code == 200
    policy = {"policy": {"grants": [{"who": f"address:{RITA}", "rights": ["VIEW"]}]}}
    for method, path, body in (
        ("PUT", f"documents/{mine.cid}/policy", policy),
        ("GET", f"documents/{mine.cid}", None),
        ("GET", "people", None),
        ("POST", path_of(person.id, device, "unblock"), None),
    ):
        problem(call(person, "contoso", method, path, body), 403, "not_permitted")
    assert call(person, "contoso", "GET", "feed").status_code == 200, "it hears what was withdrawn"
    assert refusal(cast.rita, mine.path).reason == "not_granted"
    other = cast.enroll("elsewhere", person.id, person.address)
    assert call(other, "contoso", "GET", f"documents/{mine.cid}").status_code == 200
