"""Make a new tenant key, or change which one is active."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from chancery.errors import Conflict, NotFound
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.keys import subordinate, tenant
from protection.models import KeyStatus, ServiceSettings, TenantKey
from protection.services.feed import invalidate_all_of, touch
from protection.services.recording import record_action


@transaction.atomic
def create_key(*, organization: UUID, actor: Actor, suite: str | None = None) -> UUID:
    """Make a tenant key that is archived until it is activated; return its id.  Raises UnknownSuite."""
    settings = ServiceSettings.objects.get(id=1)
    row = tenant.create(
        organization=organization, suite=suite or settings.suite, status=KeyStatus.ARCHIVED, created_by=actor.person
    )
    subordinate.create_wrapping_key(organization=organization, tenant_key=row)
    record_action(Kind.KEY_CREATED, actor, details=_recorded(row))
    return row.id


@transaction.atomic
def activate_key(*, organization: UUID, actor: Actor, key: UUID, reason: str = "") -> bool:
    """Make a key the one that protects from now on; the former stays archived, so that old content still opens.

    Returns whether anything changed.  The locks and the database's constraint leave exactly one active key when two
    activations race.  Raises NotFound, and Conflict for one that is compromised or destroyed.
    """
    rows = {row.id: row for row in TenantKey.objects.select_for_update().order_by("id")}
    chosen = rows.get(key)
    if chosen is None:
        raise NotFound(message("There is no such key."))
    if chosen.status == KeyStatus.ACTIVE:
        return False
    if chosen.status not in tenant.OPENING:
        raise Conflict(
            message("A compromised or destroyed key cannot become active again."), remedy=message("Create a new key.")
        )
    before = next((one for one in rows.values() if one.status == KeyStatus.ACTIVE), None)
    TenantKey.objects.filter(status=KeyStatus.ACTIVE).exclude(id=key).update(
        status=KeyStatus.ARCHIVED, status_changed_at=Now()
    )
    TenantKey.objects.filter(id=key).update(status=KeyStatus.ACTIVE, status_changed_at=Now())
    touch()
    replaced = {} if before is None else {"before": bytes(before.kid).hex()}
    record_action(Kind.KEY_ROTATED, actor, details={**_recorded(chosen), **replaced, **_because(reason)})
    transaction.on_commit(lambda: subordinate.forget(organization))
    return True


@transaction.atomic
def rotate_key(*, organization: UUID, actor: Actor, suite: str | None = None, reason: str = "") -> UUID:
    """Make a new tenant key and activate it at once; return its id."""
    key = create_key(organization=organization, actor=actor, suite=suite)
    activate_key(organization=organization, actor=actor, key=key, reason=reason)
    return key


@transaction.atomic
def mark_key_compromised(*, organization: UUID, actor: Actor, key: UUID, reason: str = "") -> bool:
    """Stop a key from opening and from vouching for anything; the active key must be replaced first.

    Returns whether anything changed.  Raises NotFound and Conflict.
    """
    row = TenantKey.objects.select_for_update().filter(id=key).first()
    if row is None:
        raise NotFound(message("There is no such key."))
    if row.status == KeyStatus.ACTIVE:
        raise Conflict(
            message("The active key cannot be marked as compromised."), remedy=message("Rotate to a new key first.")
        )
    if row.status == KeyStatus.COMPROMISED:
        return False
    row.status, row.status_changed_at = KeyStatus.COMPROMISED, Now()
    row.save(update_fields=["status", "status_changed_at"])
    invalidate_all_of(row.id)
    record_action(Kind.KEY_COMPROMISED, actor, details={**_recorded(row), **_because(reason)})
    transaction.on_commit(lambda: subordinate.forget(organization))
    return True


def _recorded(row: TenantKey) -> dict[str, str]:
    return {"key": bytes(row.kid).hex(), "suite": row.suite}


def _because(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}
