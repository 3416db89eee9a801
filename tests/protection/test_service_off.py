"""Off means off: no publication, registration, certificate or edition until the service is switched on again."""

from pathlib import Path
from uuid import UUID

import pytest

from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from chancery.sealing.read import open_sealed
from portal.usecases.revocations import deactivate_service, suspend_organization
from tenants.organizations.services.activate_service import activate_service
from tenants.organizations.services.resume_organization import resume_organization
from tests.cast import ACTOR, Cast, Player
from tests.fresh_cast import forget
from tests.protection.steps import RITA, call, ledger, objects, problem, protect, refusal, rights

GRANTS = [{"who": "address:rita@fabrikam.example", "rights": ["VIEW"]}]


def offline(player: Player, plan: Path, name: str) -> Path:
    options = ProtectOptions(grants=(f"{RITA}:VIEW",))
    return player.offline().protect(plan, options, target=plan.with_name(name)).path


def cid_of(sealed: Path) -> UUID:
    with open_sealed(sealed) as file:
        return file.publishing_license.cid


@pytest.fixture
def uma(cast: Cast) -> Player:
    """Return the administrator of an organization of her own, whose service is on at the end."""
    if "switched" not in cast.organizations:
        cast.found("switched", "uma")
    return cast.uma


def off(cast: Cast) -> None:
    assert deactivate_service(organization_id=cast.organizations["switched"].id, actor=ACTOR)
    forget()


def on(cast: Cast) -> None:
    assert activate_service(organization_id=cast.organizations["switched"].id, actor=ACTOR)
    forget()


def test_while_the_service_is_off_nothing_new_is_taken_and_what_waits_is_taken_afterwards(
    cast: Cast, uma: Player, plan: Path
) -> None:
    known = protect(uma, plan, f"{RITA}:VIEW")
    waiting, brought = offline(uma, plan, "waiting.sealed"), offline(uma, plan, "brought.sealed")
    off(cast)
    for path, body in (
        ("certificates", {}),
        ("publications", {"policy": {"grants": GRANTS}}),
        ("registrations", objects(waiting)),
    ):
        problem(call(uma, "switched", "POST", path, body), 403, "service_inactive")
    with pytest.raises(Refused) as refused:
        protect(uma, plan, f"{RITA}:VIEW")
    assert refused.value.reason == "service_inactive"
    assert "--offline" in refused.value.next_step
    assert [path for path in plan.parent.iterdir() if path.stat().st_size == 0 or ".part" in path.name] == []
    for sealed in (known.path, waiting, brought):
        assert refusal(cast.rita, sealed).reason == "service_inactive"
    assert ledger(cast, "switched", "content.registered", "content.tampered", cid=cid_of(waiting)) == []
    uma.session.own_organization().try_send_waiting()
    on(cast)
    assert rights(cast.rita, brought) == {"VIEW"}, "a recipient who brings it registers it"
    uma.session.own_organization().send_waiting()
    assert [event.kind for event in ledger(cast, "switched", cid=cid_of(waiting))] == ["content.registered"]
    assert rights(cast.rita, waiting) == rights(cast.rita, known.path) == {"VIEW"}
    assert uma.session.dropped == []


def test_an_opening_after_off_and_on_is_one_event(cast: Cast, uma: Player, plan: Path) -> None:
    sealed = protect(uma, plan, f"{RITA}:VIEW")
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    off(cast)
    on(cast)
    cast.rita.session.service.feeds_asked.clear()  # As the next command does.
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    assert len(ledger(cast, "switched", "content.opened", cid=sealed.cid)) == 2


def test_no_edition_is_taken_while_the_service_is_off(cast: Cast, uma: Player, plan: Path) -> None:
    sealed = protect(uma, plan, f"{RITA}:VIEW,EDIT").path
    assert rights(cast.rita, sealed) >= {"EDIT"}
    changed = plan.with_name("changed.txt")
    changed.write_text("another text")
    off(cast)
    before = sealed.read_bytes()
    with pytest.raises(Refused):
        cast.rita.session.save_edition(sealed, changed)
    assert sealed.read_bytes() == before
    on(cast)
    assert ledger(cast, "switched", "content.edited", cid=cid_of(sealed)) == []


def test_why_says_that_the_service_is_off(cast: Cast, uma: Player, plan: Path) -> None:
    sealed = protect(uma, plan, f"{RITA}:VIEW")
    rights(cast.rita, sealed.path)
    off(cast)
    about = call(uma, "switched", "GET", f"documents/{sealed.cid}/why?who=rita@fabrikam.example").json()
    assert [one["reason"] for one in about["blockers"]] == ["service_inactive"]
    own = call(cast.rita, "switched", "GET", f"documents/{sealed.cid}/why").json()
    assert (own["allowed"], [one["reason"] for one in own["reasons"]]) == (False, ["service_inactive"])
    assert not own["may_ask"]
    on(cast)


def test_a_suspended_organization_takes_nothing_new_either(cast: Cast, uma: Player, plan: Path) -> None:
    brought = offline(uma, plan, "suspended.sealed")
    organization = cast.organizations["switched"].id
    suspend_organization(organization_id=organization, reason="unpaid", actor=ACTOR)
    forget()
    assert refusal(cast.rita, brought).reason == "organization_suspended"
    resume_organization(organization_id=organization, reason="paid", actor=ACTOR)
    forget()
    assert ledger(cast, "switched", "content.registered", "content.tampered", cid=cid_of(brought)) == []
    assert rights(cast.rita, brought) == {"VIEW"}


def test_switching_to_the_state_it_is_in_changes_nothing(cast: Cast, uma: Player) -> None:
    organization = cast.organizations["switched"].id
    assert not activate_service(organization_id=organization, actor=ACTOR)
    before = len(ledger(cast, "switched", "service."))
    assert call(uma, "switched", "POST", "service/activate").status_code < 300
    assert len(ledger(cast, "switched", "service.")) == before
