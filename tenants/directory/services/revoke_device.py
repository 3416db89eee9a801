"""Revoke a device: it gets no license from the next request on, its certificates lapse and its tokens end."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.access import end_family
from tenants.directory.change import note_of_person
from tenants.directory.errors import NotHere
from tenants.directory.models import Device
from tenants.directory.revocations import record_revocation
from tenants.directory.selectors.devices import DeviceFacts, facts
from tenants.events import DirectoryKind


@transaction.atomic
def revoke_device(*, person_id: UUID, device_id: UUID, actor: Actor) -> DeviceFacts:
    """Revoke the person's device and return it.

    Revoking twice keeps the first moment and records nothing again.
    """
    device = Device.objects.select_for_update().filter(id=device_id, person_id=person_id).first()
    if device is None:
        raise NotHere(_("The person has no such device."))
    if device.revoked_at is None:
        device.revoked_at = timezone.now()
        device.save(update_fields=["revoked_at"])
        record_revocation([person_id], device_feed_id=bytes(device.feed_id))
        if device.token_family is not None:
            end_family(person_id, device.token_family)
        note_of_person(
            kind=DirectoryKind.DEVICE_REVOKED, person_id=person_id, actor=actor, title=device.name, device_id=device.id
        )
    return facts(device)
