"""Change whether a connection only tries, and stop or resume one that shut out too many people."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.connections.models import Connection
from tenants.connections.selectors import ConnectionFacts, connection_in
from tenants.directory.change import note
from tenants.directory.errors import NotHere
from tenants.events import DirectoryKind

RESUMED_FOR: Final = timedelta(hours=1)
"""How long a connection that was resumed may shut people out without being stopped again."""


@transaction.atomic
def set_dry_run(*, organization_id: UUID, connection_id: UUID, dry_run: bool, actor: Actor) -> bool:
    """Let a connection only try, or carry out what it asks for; return whether that changed."""
    row = _locked(organization_id, connection_id)
    if row.dry_run == dry_run:
        return False
    row.dry_run = dry_run
    row.save(update_fields=["dry_run"])
    _note(DirectoryKind.PROVISIONING_CHANGED, row, actor, {"before": not dry_run, "after": dry_run})
    return True


@transaction.atomic
def stop_connection(*, organization_id: UUID, connection_id: UUID, shut_out: int, actor: Actor) -> bool:
    """Let a connection write nothing until it is resumed; return whether it was not stopped already."""
    row = _locked(organization_id, connection_id)
    if row.stopped_at is not None:
        return False
    row.stopped_at, row.unguarded_until = timezone.now(), None
    row.save(update_fields=["stopped_at", "unguarded_until"])
    _note(DirectoryKind.PROVISIONING_STOPPED, row, actor, {"people": shut_out})
    return True


@transaction.atomic
def resume_connection(*, organization_id: UUID, connection_id: UUID, reason: str, actor: Actor) -> bool:
    """Let a stopped connection go on, for an hour without a limit; return whether it was stopped."""
    row = _locked(organization_id, connection_id)
    if row.stopped_at is None:
        return False
    row.stopped_at, row.unguarded_until = None, timezone.now() + RESUMED_FOR
    row.save(update_fields=["stopped_at", "unguarded_until"])
    _note(DirectoryKind.PROVISIONING_RESUMED, row, actor, {"reason": reason})
    return True


def _locked(organization_id: UUID, connection_id: UUID) -> Connection:
    row = Connection.objects.within(organization_id).select_for_update().filter(id=connection_id).first()
    if row is None:
        raise NotHere(_("There is no such connection in this organization."))
    return row


def _note(kind: DirectoryKind, row: Connection, actor: Actor, details: dict[str, object]) -> None:
    found: ConnectionFacts = connection_in(row.organization_id, row.id)
    note(
        kind=kind,
        organizations=[row.organization_id],
        actor=actor,
        title=found.name,
        details={"connection": str(row.id), **details},
    )
