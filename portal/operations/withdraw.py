"""Take people, memberships and devices out of service: the directory's change and the revocation feed together.

The directory knows no feed and the feed knows no people, so the two are joined here, in one transaction: whoever is
withdrawn is refused at the next request by his row, and his cached licenses die by the feed (PROTOCOL P24).
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from protection.selectors.organization import is_activated
from protection.services.feed import kill_issued_until_now, person_feed
from tenants.actor import Actor
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.selectors.devices import DeviceFacts
from tenants.directory.selectors.groups import GroupFacts, group_in
from tenants.directory.selectors.people import holder_of
from tenants.directory.services import disable_person as directory_disable
from tenants.directory.services.change_group import change_group
from tenants.directory.services.revoke_device import revoke_device as directory_revoke
from tenants.organizations.selectors import organizations


@transaction.atomic
def disable_person(*, organization_id: UUID, person_id: UUID, reason: str, actor: Actor) -> bool:
    """Disable a person's place and kill what he has cached of this organization's documents."""
    changed = directory_disable.disable_person(
        organization_id=organization_id, person_id=person_id, reason=reason, actor=actor
    )
    if changed:
        _kill_person(organization_id, person_id)
    return changed


@transaction.atomic
def remove_from_group(*, organization_id: UUID, group_id: UUID, members: Sequence[Member], actor: Actor) -> GroupFacts:
    """Remove members from a group and kill what they have cached of this organization's documents."""
    change_group(organization_id=organization_id, group_id=group_id, remove=members, actor=actor)
    for member in members:
        person = member.person_id or (holder_of(member.address) if member.address else None)
        if person is not None:
            _kill_person(organization_id, person)
    return group_in(organization_id, group_id)


def revoke_device(*, person_id: UUID, device_id: UUID, actor: Actor) -> DeviceFacts:
    """Revoke a device and kill its cached licenses in every organization's feed.

    The row is committed first: from then on no organization licenses the device.  The feeds follow one by one, since a
    device may hold licenses of organizations that its person never belonged to.
    """
    device = directory_revoke(person_id=person_id, device_id=device_id, actor=actor)
    for organization in organizations():
        with in_organization(organization.id), transaction.atomic():
            if is_activated():
                kill_issued_until_now(device.feed_id)
    return device


def _kill_person(organization_id: UUID, person_id: UUID) -> None:
    with in_organization(organization_id):
        if is_activated():
            kill_issued_until_now(person_feed(person_id))
