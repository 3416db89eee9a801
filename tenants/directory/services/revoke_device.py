"""Revoke a device: it gets no license from the next request on, its certificates lapse and its tokens end."""

from uuid import UUID

from allauth.idp.oidc.models import Token
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.access import end_family
from tenants.directory.change import note_of_person
from tenants.directory.errors import NotHere
from tenants.directory.models import Device, SpentSecret
from tenants.directory.revocations import record_revocation
from tenants.directory.selectors.devices import DeviceFacts, facts
from tenants.events import DirectoryKind


@transaction.atomic
def revoke_device(*, person_id: UUID, device_id: UUID, lost: bool = False, actor: Actor) -> DeviceFacts:
    """Revoke the person's device and return it; ``lost`` says why, and the device is told so when it asks.

    Revoking twice keeps the first moment and records nothing again.
    """
    device = Device.objects.select_for_update().filter(id=device_id, person_id=person_id).first()
    if device is None:
        raise NotHere(_("The person has no such device."))
    if device.revoked_at is None:
        device.revoked_at = timezone.now()
        device.lost_at = device.revoked_at if lost else None
        device.save(update_fields=["revoked_at", "lost_at"])
        record_revocation([person_id], device_feed_id=bytes(device.feed_id))
        if device.token_family is not None:
            if lost:
                _remember_tokens(person_id, device.token_family)
            end_family(person_id, device.token_family)
        note_of_person(
            kind=DirectoryKind.DEVICE_LOST if lost else DirectoryKind.DEVICE_REVOKED,
            person_id=person_id,
            actor=actor,
            title=device.name,
            device_id=device.id,
        )
    return facts(device)


def _remember_tokens(person_id: UUID, family: UUID) -> None:
    """Keep the hashes of refresh tokens that end, so that the device which shows one can be told why."""
    rows = Token.objects.filter(user_id=person_id, type=Token.Type.REFRESH_TOKEN, data__family=str(family))
    for row in rows:
        SpentSecret.objects.get_or_create(
            token_hash=row.hash,
            defaults={"family": family, "person_id": person_id, "expires_at": row.expires_at or timezone.now()},
        )
