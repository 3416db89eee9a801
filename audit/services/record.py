"""Write one event into the ledger of the current organization, in the transaction of what it records."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from audit import statements
from audit.statements import Personal, event_parameters


def record(
    *,
    kind: str,
    outcome: str,
    reason: str = "",
    content_id: UUID | None = None,
    source: str = "",
    personal: Personal | None = None,
    details: Mapping[str, Any] | None = None,
    event_id: UUID | None = None,
) -> UUID:
    """Record that something happened and return the event's id.

    Must run inside the transaction that changes what is recorded: either both are durable or neither.  ``details`` is
    kept as canonical JSON beside the event and must hold no personal data and no secret.
    """
    parameters = event_parameters(
        event_id=event_id or uuid4(),
        kind=kind,
        outcome=outcome,
        reason=reason,
        content_id=content_id,
        source=source,
        personal=personal,
        details=details,
    )
    with connection.cursor() as cursor:
        cursor.execute(statements.record(), parameters)
    return UUID(str(parameters["id"]))


def record_many(events: Sequence[Mapping[str, Any]]) -> None:
    """Record several events in one statement, each given as ``event_parameters`` makes it; as ``record`` does else."""
    if not events:
        return
    columns = {name: [event[name] for event in events] for name in events[0]}
    with connection.cursor() as cursor:
        cursor.execute(statements.record_many(), columns)
