"""Enroll a device of a person: from now on it can hold certificates and licenses of its own."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import note_of_person
from tenants.directory.errors import DirectoryRefused, NotHere, NotPermitted
from tenants.directory.models import Device, Person
from tenants.directory.selectors.devices import DeviceFacts, facts
from tenants.events import DirectoryKind

DEVICE_LIMIT = 50


@transaction.atomic
def enroll_device(
    *,
    person_id: UUID,
    name: str,
    platform: str,
    signing_algorithm: str,
    signing_key: bytes,
    signing_key_id: bytes,
    encryption_kem: str,
    encryption_key: bytes,
    token_family: UUID | None = None,
    ends_at: datetime | None = None,
    actor: Actor,
) -> DeviceFacts:
    """Enroll the device with its public keys; the interface has checked that the sign-in is younger than ten minutes.

    The interface has also parsed the keys and derived ``signing_key_id``, since this package knows no cryptography.
    ``ends_at`` makes it the tab of an outsider, until then.
    ``token_family`` is the sign-in the device was enrolled with.  A device that does not know whether its enrolment
    was answered asks again with the same keys, and gets the same device.  Another one is not enrolled by the same
    sign-in: who copied its token would have a device of their own, and so everything that takes a proof.
    """
    if not Person.objects.select_for_update().filter(id=person_id, is_active=True).exists():
        raise NotHere(_("There is no such person."))
    again = Device.objects.filter(
        person_id=person_id, signing_key_id=signing_key_id, encryption_key=encryption_key, revoked_at__isnull=True
    ).first()
    if again is not None:
        return facts(again)
    _refuse_one_more(person_id, token_family)
    try:
        with transaction.atomic():
            device = Device.objects.create(
                person_id=person_id,
                name=naming.one_line(name) or platform,
                platform=naming.one_line(platform)[:40],
                signing_algorithm=signing_algorithm,
                signing_key=signing_key,
                signing_key_id=signing_key_id,
                encryption_kem=encryption_kem,
                encryption_key=encryption_key,
                token_family=token_family,
                ends_at=ends_at,
            )
    except IntegrityError as error:
        raise DirectoryRefused(_("A device with this key is enrolled already.")) from error
    note_of_person(
        kind=DirectoryKind.DEVICE_ENROLLED, person_id=person_id, actor=actor, title=device.name, device_id=device.id
    )
    return facts(device)


def _refuse_one_more(person_id: UUID, token_family: UUID | None) -> None:
    """Raise NotPermitted for a sign-in that has a device already, DirectoryRefused for a person with too many."""
    if token_family is not None and Device.objects.filter(token_family=token_family).exists():
        raise NotPermitted(_("This sign-in has enrolled a device already. Sign in again to enroll another one."))
    kept = Device.objects.filter(person_id=person_id, revoked_at__isnull=True).exclude(ends_at__lt=timezone.now())
    if kept.count() >= DEVICE_LIMIT:
        raise DirectoryRefused(_("A person has at most {limit} devices; revoke one first.").format(limit=DEVICE_LIMIT))
