"""Block a device at one organization, or take the block back; elsewhere it goes on, since it is its person's."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.administrators import locked_membership
from tenants.directory.change import note
from tenants.directory.errors import NotHere
from tenants.directory.models import Device
from tenants.directory.revocations import record_revocation
from tenants.events import DirectoryKind


@transaction.atomic
def block_device(*, organization_id: UUID, person_id: UUID, device_id: UUID, reason: str, actor: Actor) -> bool:
    """Refuse the device of a person here, and note what it keeps as withdrawn; return whether anything changed."""
    return _set(organization_id, person_id, device_id, actor, blocked=True, reason=reason)


@transaction.atomic
def unblock_device(*, organization_id: UUID, person_id: UUID, device_id: UUID, actor: Actor) -> bool:
    """Take a block back; return whether anything changed."""
    return _set(organization_id, person_id, device_id, actor, blocked=False)


def _set(
    organization_id: UUID, person_id: UUID, device_id: UUID, actor: Actor, *, blocked: bool, reason: str = ""
) -> bool:
    place = locked_membership(organization_id, person_id)
    device = Device.objects.select_for_update().filter(id=device_id, person_id=person_id).first()
    if device is None:
        raise NotHere(_("The person has no such device."))
    if (organization_id in device.blocked_by) == blocked:
        return False
    others = [one for one in device.blocked_by if one != organization_id]
    device.blocked_by = [*others, organization_id] if blocked else others
    device.save(update_fields=["blocked_by"])
    if blocked:
        record_revocation([person_id], device_feed_id=bytes(device.feed_id), organization_id=organization_id)
    note(
        kind=DirectoryKind.DEVICE_BLOCKED if blocked else DirectoryKind.DEVICE_UNBLOCKED,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        title=device.name,
        device_id=device.id,
        recipient=place.known_address or place.known_name,
        details={"reason": reason} if reason else None,
    )
    return True
