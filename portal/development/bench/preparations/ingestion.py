"""Events that clients report in bulk: into the inbox, from there into the ledger, numbered and hashed."""

import time
import uuid
from typing import Any
from uuid import UUID

from django.db import connection

from audit.services.report import Report, accept, ingest
from audit.services.sequence import sequence
from audit.statements import Personal
from tenants.context import in_schema

_COPY = "copy audit_event (id, kind, outcome, content_id, source, personal_commitment) from stdin (format binary)"


def measure(*, schema: str, events: int) -> dict[str, Any]:
    """Return seconds for each step, and for copying as many bare rows into the same table."""
    device, person, content = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    with in_schema(schema):
        copied = _copied(events, content)
        sequence()
        began = time.perf_counter()
        accept(device=device, reports=(_report(person, device, content) for _ in range(events)))
        accepted = time.perf_counter()
        while ingest():
            pass
        ingested = time.perf_counter()
        while _unnumbered(content):
            sequence()
        sequenced = time.perf_counter()
    return {
        "copy": copied,
        "accept": accepted - began,
        "ingest": ingested - accepted,
        "sequence": sequenced - ingested,
    }


def _report(person: UUID, device: UUID, content: UUID) -> Report:
    return Report(
        id=uuid.uuid4(),
        kind="content.printed",
        outcome="allowed",
        content_id=content,
        personal=Personal(person_id=person, name="A person", addresses=("person@bench.example",), device_id=device),
    )


def _copied(events: int, content: UUID) -> float:
    """Copy bare rows into the table of events: what PostgreSQL takes for nothing but storing them durably."""
    rows = [(uuid.uuid4(), "content.printed", "allowed", content, "bench", bytes(32)) for _ in range(events)]
    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(["uuid", "varchar", "varchar", "uuid", "varchar", "bytea"])
        for row in rows:
            copy.write_row(row)
    return time.perf_counter() - began


def _unnumbered(content: UUID) -> bool:
    """Tell whether an event of this bench waits for its number; the worker numbers at the same time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from audit_event e where content_id = %s"
            " and not exists (select from audit_eventsequence s where s.event_id = e.id))",
            [content],
        )
        (waiting,) = cursor.fetchone()
    return bool(waiting)
