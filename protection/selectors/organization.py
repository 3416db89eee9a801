"""Keys and settings of the current organization, as its administrators see them; never a private half."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count

from audit.services.sequence import head
from chancery.ledger.checkpoint import verifier_key
from protection.keys import log
from protection.models import FeedHead, ServiceSettings, TenantKey


@dataclass(frozen=True, slots=True)
class Key:
    """One tenant key.  ``documents`` counts the registered documents that only this key opens."""

    id: UUID
    kid: str
    suite: str
    store: str
    status: str
    created_at: datetime
    status_changed_at: datetime
    encryption_public: bytes
    signing_public: bytes
    documents: int


_COLUMNS: Final = (
    *("suite", "max_license_days", "lease_seconds", "registration_days", "keep_titles", "account_required"),
    *("tracking", "owners_restore", "contact", "alarm_address"),
)
"""Settings that the table gives a default."""
_LISTS: Final = ("networks", "times", "platforms_off", "protectors", "protectors_on", "protecting_off")
"""Settings that are empty where nobody has changed them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service behaves for the organization."""

    name: str
    suite: str
    max_license_days: int
    lease_seconds: int | None
    registration_days: int
    keep_titles: bool
    account_required: bool
    tracking: str
    untracked_group: UUID | None
    owners_restore: bool
    contact: str
    alarm_address: str
    strength: str
    """How everybody must have signed in to open anything; "" for any way."""
    networks: tuple[str, ...]
    times: tuple[str, ...]
    """When anything opens, as ``chancery.policy.times`` writes it; none for always."""
    platforms_off: tuple[str, ...]
    protectors: tuple[UUID, ...]
    """The groups of which one protects; none for everybody."""
    protectors_on: tuple[str, ...]
    """The kinds of client on which one has to be in them; none for all."""
    protecting_off: tuple[str, ...]


def keys() -> tuple[Key, ...]:
    """Return all tenant keys, newest first."""
    rows = TenantKey.objects.annotate(documents=Count("content")).order_by("-created_at")
    return tuple(
        Key(
            id=row.id,
            kid=bytes(row.kid).hex(),
            suite=row.suite,
            store=row.store,
            status=row.status,
            created_at=row.created_at,
            status_changed_at=row.status_changed_at,
            encryption_public=bytes(row.encryption_public),
            signing_public=bytes(row.signing_public),
            documents=row.documents,
        )
        for row in rows
    )


def is_activated() -> bool:
    """Tell whether the current organization has been activated, that is, has keys and a ledger."""
    return ServiceSettings.objects.exists()


def known_gap() -> str:
    """Return the checkpoint by which a client showed that the ledger has forgotten something, or ""."""
    return FeedHead.objects.values_list("gap", flat=True).get(id=1)


def log_verifier_key() -> str:
    """Return the key by which the current organization's checkpoints are verified; "" before its ledger begins."""
    ledger = head()
    return "" if ledger is None else verifier_key(ledger.origin, log.public_half())


def setting_defaults() -> dict[str, object]:
    """Return what each setting is where nobody has changed it."""
    fields = {one.name: one for one in ServiceSettings._meta.fields}  # noqa: SLF001  # the documented place of fields
    columns = {name: fields[name].db_default for name in _COLUMNS}
    return {**columns, "untracked_group": None, "strength": "", **dict.fromkeys(_LISTS, ())}


def settings() -> Settings:
    """Return the organization's settings of the service."""
    row = ServiceSettings.objects.get(id=1)
    return Settings(
        name=row.name,
        suite=row.suite,
        max_license_days=row.max_license_days,
        lease_seconds=row.lease_seconds,
        registration_days=row.registration_days,
        keep_titles=row.keep_titles,
        account_required=row.account_required,
        tracking=row.tracking,
        untracked_group=row.untracked_group,
        owners_restore=row.owners_restore,
        contact=row.contact,
        alarm_address=row.alarm_address,
        strength=row.conditions.get("strength", ""),
        networks=tuple(row.conditions.get("networks", ())),
        times=tuple(row.conditions.get("times", ())),
        platforms_off=tuple(row.platforms_off),
        protectors=tuple(UUID(one) for one in row.protecting.get("protectors", ())),
        protectors_on=tuple(row.protecting.get("protectors_on", ())),
        protecting_off=tuple(row.protecting.get("protecting_off", ())),
    )
