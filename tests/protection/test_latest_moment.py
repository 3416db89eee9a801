"""The latest moment that is stated is the latest moment: for every way to lose access, with clocks moved (promise C92).

A reader's device keeps a license with a lease of ten minutes and hears nothing any more.  Shortly before the stated
moment it still opens, right after it nothing does.
"""

import io
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chancery.sdk.errors import Unreachable
from chancery.sdk.results import Protected
from chancery.sealing.read import open_sealed
from protection.selectors.affected import affected_by_device, affected_by_people, affected_by_template
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.services.create_group import create_group
from tenants.directory.services.revoke_device import revoke_device
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import Later, call, confirmed, opening, protect

LEASE, SLACK = 600, 30
"""A lease of ten minutes, and for how many seconds the last heartbeat before an act may have been."""

Act = Callable[[Cast, Player, Protected], datetime | str]


@pytest.fixture
def reader(cast: Cast) -> Player:
    return cast.join(f"reads-{uuid4().hex[:6]}", "contoso")


def kept(cast: Cast, reader: Player, plan: Path, to: str = "", **options: Any) -> Protected:
    """Return a document of which the reader's device keeps a license, having heard of the service just now."""
    sealed = protect(cast.olga, plan, f"{to or reader.address}:VIEW", offline_days=7, lease=LEASE, **options)
    opening(reader, sealed.path)
    with open_sealed(sealed.path) as file:
        reader.session.organization(file.publishing_license.org).feed(newest=True)
    return sealed


def opens_offline(reader: Player, sealed: Protected) -> bool:
    try:
        return reader.offline().open_stream(sealed.path, io.BytesIO()).source in {"kept", "carried"}
    except Unreachable:
        return False


def ends_at(stated: datetime | str | None, reader: Player, sealed: Protected, clock: Later) -> None:
    """Check that a device that hears nothing opens until the stated moment and no longer."""
    assert stated is not None, "there is a kept license"
    last = (datetime.fromisoformat(stated) if isinstance(stated, str) else stated).timestamp()
    assert last <= time.time() + LEASE + SLACK, "no kept license lives longer than the lease"
    clock.ahead = last - time.time() - SLACK
    assert opens_offline(reader, sealed), "before the moment"
    clock.ahead = last - time.time() + 1
    assert not opens_offline(reader, sealed), "after the moment"


def stated_by_revoking(cast: Cast, sealed: Protected, body: dict[str, Any]) -> str:
    answer = call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", body)
    return str(answer.json()["latest_offline_moment"])


def document_revoked(cast: Cast, _: Player, sealed: Protected) -> str:
    body = {"confirm": "plan.txt"}
    return str(
        call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", body).json()["latest_offline_moment"]
    )


def recipient_revoked(cast: Cast, reader: Player, sealed: Protected) -> str:
    body = {"recipient": reader.address}
    return str(
        call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", body).json()["latest_offline_moment"]
    )


def domain_revoked(cast: Cast, _: Player, sealed: Protected) -> str:
    body = {"recipient": "contoso.example", "confirm": "plan.txt"}
    return str(
        call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", body).json()["latest_offline_moment"]
    )


def set_for_soon(cast: Cast, reader: Player, sealed: Protected) -> str:
    """Set an end that comes before the lease of what the device keeps has passed."""
    body = {"recipient": reader.address, "at": int(time.time()) + LEASE // 2}
    return str(
        call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", body).json()["latest_offline_moment"]
    )


def device_revoked(cast: Cast, reader: Player, _: Protected) -> datetime:
    device = reader.session.account.device
    with in_organization(cast.organizations["contoso"].id):
        until = affected_by_device(reader.id, device).until
    revoke_device(person_id=reader.id, device_id=device, actor=ACTOR)
    assert until is not None
    return until


def person_disabled(cast: Cast, reader: Player, _: Protected) -> str:
    answer = confirmed(cast.ada, "contoso", "PATCH", f"people/{reader.id}", {"disabled": True})
    return str(answer.json()["latest_offline_moment"])


@pytest.mark.parametrize(
    "act",
    [document_revoked, recipient_revoked, domain_revoked, set_for_soon, device_revoked, person_disabled],
    ids=lambda act: act.__name__,
)
def test_a_device_that_hears_nothing_opens_until_the_stated_moment_and_no_longer(
    cast: Cast, plan: Path, reader: Player, clock: Later, act: Act
) -> None:
    sealed = kept(cast, reader, plan)
    ends_at(act(cast, reader, sealed), reader, sealed, clock)


def test_so_it_is_for_a_member_who_is_taken_out_of_a_group(
    cast: Cast, plan: Path, reader: Player, clock: Later
) -> None:
    contoso, member = cast.organizations["contoso"].id, Member(person_id=reader.id)
    address = f"team-{uuid4().hex[:6]}@contoso.example"
    group = create_group(organization_id=contoso, address=address, name="Team", members=[member], actor=ACTOR)
    sealed = kept(cast, reader, plan, to=address)
    with in_organization(contoso):
        until = affected_by_people([reader.id]).until
    confirmed(cast.ada, "contoso", "PATCH", f"groups/{group.id}", {"remove": [reader.address]})
    ends_at(until, reader, sealed, clock)


def test_so_it_is_for_what_a_template_protects(cast: Cast, plan: Path, reader: Player, clock: Later) -> None:
    policy = {"grants": [{"who": reader.address, "rights": ["VIEW"]}], "offline_days": 7, "lease": LEASE}
    body = {"names": {"en": f"T{uuid4().hex[:6]}"}, "policy": policy}
    made = call(cast.ada, "contoso", "POST", "templates", body).json()["id"]
    call(cast.ada, "contoso", "POST", f"templates/{made}/publish")
    sealed = protect(cast.olga, plan, template=made)
    opening(reader, sealed.path)
    reader.session.organization(cast.organizations["contoso"].id).feed(newest=True)
    with in_organization(cast.organizations["contoso"].id):
        until = affected_by_template(made).until
    confirmed(cast.ada, "contoso", "PATCH", f"templates/{made}", {"policy": {"grants": {reader.address: None}}})
    ends_at(until, reader, sealed, clock)


def test_so_it_is_for_a_key_that_is_marked_as_compromised(cast: Cast, plan: Path, reader: Player, clock: Later) -> None:
    slug, name = f"key{uuid4().hex[:6]}", f"chief{uuid4().hex[:6]}"
    cast.found(slug, name)
    chief = cast.players[name]
    sealed = protect(chief, plan, f"{reader.address}:VIEW", offline_days=7, lease=LEASE)
    opening(reader, sealed.path)
    reader.session.organization(cast.organizations[slug].id).feed(newest=True)
    key = call(chief, slug, "GET", "keys").json()["results"][0]["id"]
    confirmed(chief, slug, "POST", "keys/rotate")
    stated = confirmed(chief, slug, "POST", f"keys/{key}/compromise").json()["latest_offline_moment"]
    last = datetime.fromisoformat(stated).timestamp()
    clock.ahead = last - time.time() + 1
    assert not opens_offline(reader, sealed)


def test_an_end_of_a_grant_is_the_end_of_what_a_device_keeps(
    cast: Cast, plan: Path, reader: Player, clock: Later
) -> None:
    until = int(time.time()) + LEASE // 2
    sealed = protect(cast.olga, plan, f"{reader.address}:VIEW", offline_days=7, lease=LEASE)
    policy = {"grants": [{"who": reader.address, "rights": ["VIEW"], "until": until}], "offline_days": 7}
    confirmed(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": policy})
    assert opening(reader, sealed.path).offline_until == until
    ends_at(datetime.fromtimestamp(until).astimezone(), reader, sealed, clock)


def test_a_connected_device_forgets_what_was_set_at_that_moment(
    cast: Cast, plan: Path, reader: Player, clock: Later
) -> None:
    """It asks anew within a heartbeat of the setting, and what it gets then ends with the moment."""
    sealed = kept(cast, reader, plan)
    at = int(time.time()) + LEASE // 2
    body = {"recipient": reader.address, "at": at}
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", body)
    reader.session.service.feeds_asked.clear()
    assert opening(reader, sealed.path).offline_until == at
    clock.ahead = at - time.time() - SLACK
    assert opens_offline(reader, sealed)
    clock.ahead = at - time.time() + 1
    assert not opens_offline(reader, sealed)
