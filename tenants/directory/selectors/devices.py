"""Reading devices: of one person, or one device with the keys that decide on the server."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F, Window
from django.db.models.functions import Now, RowNumber
from django.utils import timezone

from tenants.directory.models import Device, Membership

MOST_DEVICES: Final = 100
"""How many devices of one person are read at once."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """One device with its public keys; ``token_family`` is the sign-in by which it was enrolled.

    ``blocked_by`` are the organizations at which it is blocked.
    """

    id: UUID
    person_id: UUID
    name: str
    platform: str
    signing_algorithm: str
    signing_key: bytes
    signing_key_id: bytes
    encryption_kem: str
    encryption_key: bytes
    feed_id: bytes
    created_at: datetime
    revoked_at: datetime | None
    token_family: UUID | None
    blocked_by: tuple[UUID, ...] = ()
    ends_at: datetime | None = None


def device_of(person_id: UUID, device_id: UUID) -> DeviceFacts | None:
    """Return one device of the person."""
    row = Device.objects.filter(id=device_id, person_id=person_id).first()
    return None if row is None else facts(row)


def devices_of(person_id: UUID) -> tuple[DeviceFacts, ...]:
    """Return all devices of the person, the newest first; the tab of an outsider is none any more after its hour."""
    rows = Device.objects.filter(person_id=person_id).exclude(ends_at__lte=timezone.now())
    return tuple(facts(row) for row in rows.order_by("-created_at"))


def kept_devices(people: Collection[UUID], organization: UUID) -> dict[UUID, tuple[DeviceFacts, ...]]:
    """Return by person, in one statement, the devices that may keep licenses of an organization, the newest first.

    Without those that are revoked or blocked there, and without the tabs of outsiders, which keep nothing; of a person
    who has more than ``MOST_DEVICES`` only the newest.
    """
    newest = Window(RowNumber(), partition_by="person_id", order_by=F("created_at").desc())
    rows = Device.objects.filter(person_id__in=list(people), revoked_at__isnull=True, ends_at__isnull=True)
    rows = rows.exclude(blocked_by__contains=[organization]).annotate(place=newest).filter(place__lte=MOST_DEVICES)
    found: dict[UUID, tuple[DeviceFacts, ...]] = {}
    for row in rows.order_by("person_id", "place"):
        found[row.person_id] = (*found.get(row.person_id, ()), facts(row))
    return found


def device_by_key(signing_key_id: bytes) -> DeviceFacts | None:
    """Return the device that holds this signing key, in the whole installation."""
    row = Device.objects.filter(signing_key_id=signing_key_id).first()
    return None if row is None else facts(row)


def facts(row: Device) -> DeviceFacts:
    """Return the values of a device's row."""
    return DeviceFacts(
        id=row.id,
        person_id=row.person_id,
        name=row.name,
        platform=row.platform,
        signing_algorithm=row.signing_algorithm,
        signing_key=bytes(row.signing_key),
        signing_key_id=bytes(row.signing_key_id),
        encryption_kem=row.encryption_kem,
        encryption_key=bytes(row.encryption_key),
        feed_id=bytes(row.feed_id),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        token_family=row.token_family,
        blocked_by=tuple(row.blocked_by),
        ends_at=row.ends_at,
    )


def devices_on(organization_id: UUID, platforms: Collection[str]) -> int:
    """Return how many devices of the organization's members are of these kinds and neither revoked nor over."""
    members = Membership.objects.within(organization_id).filter(guest=False, disabled=False)
    rows = Device.objects.filter(person_id__in=members.values("person_id"), revoked_at=None, platform__in=platforms)
    return rows.exclude(ends_at__lt=Now()).count()
