"""A license that lapsed: policy and groups are judged again and the opening is recorded; not before (promise C27)."""

import time
from pathlib import Path
from uuid import uuid4

import pytest

from chancery.sdk.errors import NotSignedIn, Refused, Unreachable
from tenants.directory.members import Member
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast
from tests.protection.steps import MAX, Later, confirmed, ledger, opening, protect, refusal
from tests.protection.test_changes import change, policy_of

HOUR = 3_600


def test_when_a_license_has_lapsed_policy_and_groups_are_judged_anew_and_not_before(
    cast: Cast, plan: Path, clock: Later
) -> None:
    contoso = cast.organizations["contoso"].id
    address = f"lapse-{uuid4().hex[:6]}@contoso.example"
    members = (Member(person_id=cast.max.id),)
    group = create_group(organization_id=contoso, address=address, name="Lapse", members=members, actor=ACTOR)
    began = int(time.time())
    sealed = protect(cast.olga, plan, f"{address}:VIEW", offline_days=7, expires=began + HOUR)
    assert opening(cast.max, sealed.path).source == "service"

    change(cast.olga, sealed.cid, policy_of(f"{address}:VIEW,PRINT", expires=began + 2 * HOUR))
    before = opening(cast.max, sealed.path)
    assert (before.source, set(before.rights)) == ("kept", {"VIEW"}), "until it lapses, a license says what it said"
    assert len(ledger(cast, "contoso", "content.opened", cid=sealed.cid)) == 1

    clock.ahead = HOUR + 60
    after = opening(cast.max, sealed.path)
    assert (after.source, set(after.rights)) == ("service", {"VIEW", "PRINT"})
    assert len(ledger(cast, "contoso", "content.opened", cid=sealed.cid)) == 2

    change(cast.olga, sealed.cid, policy_of(f"{address}:VIEW,PRINT"))
    change_group(organization_id=contoso, group_id=group.id, remove=members, actor=ACTOR)
    clock.ahead = 2 * HOUR + 60
    assert refusal(cast.max, sealed.path).reason == "not_granted"
    (newest, *_) = ledger(cast, "contoso", "content.opened", cid=sealed.cid)
    assert (newest.outcome, MAX in newest.personal["addresses"]) == ("refused", True)


@pytest.mark.parametrize("how", ["the issuer is disabled", "the service is off"])
def test_once_refused_the_issuer_s_own_license_opens_nothing_without_the_service_either(
    cast: Cast, plan: Path, how: str
) -> None:
    slug, name = f"own{uuid4().hex[:6]}", f"leo{uuid4().hex[:6]}"
    cast.found(slug, f"boss-{name}")
    boss, leo = cast.players[f"boss-{name}"], cast.join(name, slug)
    sealed, target = protect(leo, plan), plan.with_name("opened")
    assert leo.offline().open_file(sealed.path, target).source == "own"
    if how == "the service is off":
        confirmed(boss, slug, "POST", "service/deactivate")
        refusal(leo, sealed.path)
    else:
        confirmed(boss, slug, "PATCH", f"people/{leo.id}", {"disabled": True})
        with pytest.raises(NotSignedIn):
            protect(leo, plan)
    with pytest.raises((Unreachable, Refused)):
        leo.offline().open_file(sealed.path, target.with_name("again"))
