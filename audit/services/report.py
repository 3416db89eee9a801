"""Take events that clients report in bulk: durable in the inbox before the answer, in the ledger soon after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from audit import statements
from audit.statements import Personal, event_parameters

BATCH: Final = 50_000
EVENT_ID_LABEL: Final = b"chancery/v1/reported-event\x00"

_COLUMNS: Final = (
    "event_id, kind, outcome, reason, content_id, source, details_digest, details, personal_commitment,"
    " person_id, device_id, record, salt"
)


@dataclass(frozen=True, slots=True)
class Report:
    """One event as a client states it; ``id`` is the client's own and unique for its device."""

    id: UUID
    kind: str
    outcome: str
    content_id: UUID
    personal: Personal | None
    reason: str = ""
    details: Mapping[str, Any] | None = None


def reported_event_id(device: UUID, own: UUID) -> UUID:
    """Return the event id of a reported event; the same device and own id always give the same."""
    digest = bytearray(sha256(EVENT_ID_LABEL + device.bytes + own.bytes).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


@transaction.atomic
def accept(*, device: UUID, reports: Iterable[Report]) -> int:
    """Put reports into the inbox of the current organization; return how many were taken.

    Reporting an event again is harmless, before and after a worker has moved it.
    """
    taken = 0
    with connection.cursor() as cursor:
        cursor.execute("create temporary table arriving (like audit_reportedevent including defaults) on commit drop")
        with cursor.copy(f"copy arriving ({_COLUMNS}) from stdin") as copy:
            for report in reports:
                copy.write_row(_row(device, report))
                taken += 1
        cursor.execute(
            "insert into audit_reportedevent select distinct on (event_id) * from arriving on conflict do nothing"
        )
    return taken


def _row(device: UUID, report: Report) -> tuple[object, ...]:
    values = event_parameters(
        event_id=reported_event_id(device, report.id),
        kind=report.kind,
        outcome=report.outcome,
        reason=report.reason,
        content_id=report.content_id,
        source="reported",
        personal=report.personal,
        details=report.details,
    )
    return tuple(values["id" if name == "event_id" else name] for name in _COLUMNS.split(", "))


def ingest() -> int:
    """Move one batch from the inbox into the ledger; return how many rows left the inbox.

    One statement, one transaction: a worker killed in the middle leaves the inbox as it was.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.INGEST, {"limit": BATCH})
        (moved,) = cursor.fetchone()
    return int(moved)
