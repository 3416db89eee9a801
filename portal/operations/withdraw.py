"""Take people, memberships and devices out of service: the directory's change and the revocation feed together.

The directory knows no feed and the feed knows no people, so the two are joined here, in one transaction: whoever is
withdrawn is refused at the next request by his row, and his cached licenses die by the feed (PROTOCOL P24).
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from protection.selectors.organization import is_activated
from protection.services.feed import kill_all_of, kill_issued_until_now
from tenants.actor import Actor
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.selectors.devices import DeviceFacts
from tenants.directory.selectors.groups import GroupFacts, group_in
from tenants.directory.selectors.people import holder_of, membership_at
from tenants.directory.services import disable_person as directory_disable
from tenants.directory.services.change_group import change_group
from tenants.directory.services.revoke_device import revoke_device as directory_revoke
from tenants.organizations.selectors import organizations
from tenants.organizations.services.deactivate_service import deactivate_service as directory_deactivate
from tenants.organizations.services.suspend_organization import suspend_organization as directory_suspend


@transaction.atomic
def disable_person(*, organization_id: UUID, person_id: UUID, reason: str, actor: Actor) -> bool:
    """Disable a person's place and kill what he has cached: of all documents by his own organization, else of its."""
    changed = directory_disable.disable_person(
        organization_id=organization_id, person_id=person_id, reason=reason, actor=actor
    )
    if changed:
        # A member's own organization speaks for him everywhere; one that merely invited him, for itself alone.
        place = membership_at(organization_id, person_id)
        everywhere = place is not None and not place.guest
        for organization in _active_organizations() if everywhere else [organization_id]:
            _kill(organization, person_id)
    return changed


@transaction.atomic
def remove_from_group(*, organization_id: UUID, group_id: UUID, members: Sequence[Member], actor: Actor) -> GroupFacts:
    """Remove members from a group and kill what they have cached of this organization's documents."""
    change_group(organization_id=organization_id, group_id=group_id, remove=members, actor=actor)
    for member in members:
        person = member.person_id or (holder_of(member.address) if member.address else None)
        if person is not None:
            _kill(organization_id, person)
    return group_in(organization_id, group_id)


def revoke_device(*, person_id: UUID, device_id: UUID, actor: Actor) -> DeviceFacts:
    """Revoke a device and kill its cached licenses in every organization's feed.

    The row is committed first: from then on no organization licenses the device.  The feeds follow one by one, since a
    device may hold licenses of organizations that its person never belonged to.
    """
    device = directory_revoke(person_id=person_id, device_id=device_id, actor=actor)
    for organization_id in _active_organizations():
        with in_organization(organization_id), transaction.atomic():
            if is_activated():
                kill_issued_until_now(device.feed_id)
    return device


@transaction.atomic
def deactivate_service(*, organization_id: UUID, reason: str = "", actor: Actor) -> None:
    """Switch the service off and kill every cached license: nothing opens until it is switched on again (C49)."""
    directory_deactivate(organization_id=organization_id, reason=reason, actor=actor)
    _kill(organization_id, organization_id)


@transaction.atomic
def suspend_organization(*, organization_id: UUID, reason: str, actor: Actor) -> None:
    """Suspend an organization and kill every cached license of its documents."""
    directory_suspend(organization_id=organization_id, reason=reason, actor=actor)
    _kill(organization_id, organization_id)


def _active_organizations() -> list[UUID]:
    return [organization.id for organization in organizations() if organization.is_active]


def _kill(organization_id: UUID, identity: UUID) -> None:
    """Kill what was licensed to a person, or under the organization itself, by one organization's feed."""
    with in_organization(organization_id):
        if is_activated():
            kill_all_of(identity)
