"""Read the ledger of the current organization; plain values, newest first, keyset pages."""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from audit.services.sequence import leaf_of
from chancery.ledger.leaf import columns_agree, details_digest, personal_commitment
from chancery.ledger.merkle import leaf_hash

MAX_PAGE: Final = 500
ORDERS: Final = ("at",)
"""By what a list of events can be sorted."""
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event with what is still known of the people concerned.

    ``seq`` is None until the event is numbered.  ``personal`` is empty when it was ``erased`` or never there.
    ``altered`` is true when what is shown is not what its leaf in the tree commits to.
    """

    id: UUID
    received_at: datetime
    kind: str
    outcome: str
    reason: str
    content_id: UUID | None
    source: str
    seq: int | None
    personal: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    altered: bool = False
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some events and the cursor of the next page, "" at the end."""

    events: tuple[EventRow, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Concealed:
    """Events that a reader does not get: these kinds, done by ``people``, or by anybody for None; never their own.

    ``besides`` is a condition of an event ``e`` by which a package above leaves out more.
    """

    kinds: tuple[str, ...]
    people: frozenset[UUID] | None
    reader: UUID
    besides: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """What to look for; every member that is set must hold.  ``kinds`` may end in ``.`` to mean all of an object.

    ``without`` are kinds that are left out.
    """

    kinds: Sequence[str] = ()
    without: Sequence[str] = ()
    outcome: str = ""
    content_id: UUID | None = None
    person_id: UUID | None = None
    since: datetime | None = None
    before: datetime | None = None
    concealed: Concealed | None = None


class InvalidCursor(ValueError):
    """The cursor was not made by this selector."""


_SELECT: Final = """
select e.id, e.received_at, e.kind, e.outcome, e.reason, e.content_id, e.source, s.seq, p.record, d.body,
e.details_digest, e.personal_commitment, p.salt, p.person_id, p.device_id, s.leaf_hash
from audit_event e
left join audit_eventpersonal p on p.event_id = e.id
left join audit_eventsequence s on s.event_id = e.id
left join lateral (select body from audit_eventdetails where digest = e.details_digest limit 1) d on true
"""


def events(*, filter: Filter, limit: int = 50, cursor: str = "", sort: str = "-at") -> Page:
    """Return one page of events that match the filter, sorted by one of ``ORDERS``.  Raises InvalidCursor."""
    down = sort.startswith("-")
    limit = max(1, min(limit, MAX_PAGE))
    clauses, parameters = _clauses(filter)
    if cursor:
        received_at, identity = _read_cursor(cursor)
        clauses.append(f"(e.received_at, e.id) {'<' if down else '>'} (%s, %s)")
        parameters += [received_at, identity]
    where = f"where {' and '.join(clauses)}" if clauses else ""
    with connection.cursor() as db:
        order = "order by e.received_at desc, e.id desc" if down else "order by e.received_at, e.id"
        db.execute(f"{_SELECT} {where} {order} limit %s", [*parameters, limit + 1])
        rows = [_row(row) for row in db.fetchall()]
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(tuple(rows), _make_cursor(rows[-1]) if more else "")


def event(event_id: UUID) -> EventRow | None:
    """Return one event, or None."""
    with connection.cursor() as db:
        db.execute(f"{_SELECT} where e.id = %s", [event_id])
        row = db.fetchone()
    return None if row is None else _row(row)


def these_events(ids: Iterable[UUID]) -> list[EventRow]:
    """Return these events, oldest first."""
    with connection.cursor() as db:
        db.execute(f"{_SELECT} where e.id = any(%s) order by e.received_at, e.id", [list(ids)])
        return [_row(row) for row in db.fetchall()]


def _clauses(wanted: Filter) -> tuple[list[str], list[Any]]:
    clauses: list[str] = []
    parameters: list[Any] = []
    if wanted.kinds:
        clauses.append("(" + " or ".join("e.kind like %s" for _ in wanted.kinds) + ")")
        parameters += [f"{kind}%" if kind.endswith(".") else kind for kind in wanted.kinds]
    if wanted.without:
        clauses.append("e.kind <> all(%s)")
        parameters.append(list(wanted.without))
    for column, value in (
        ("e.outcome =", wanted.outcome),
        ("e.content_id =", wanted.content_id),
        ("p.person_id =", wanted.person_id),
        ("e.received_at >=", wanted.since),
        ("e.received_at <", wanted.before),
    ):
        if value:
            clauses.append(f"{column} %s")
            parameters.append(value)
    if wanted.concealed is not None:
        theirs = "" if wanted.concealed.people is None else " and p.person_id = any(%s)"
        clauses.append(f"not (e.kind = any(%s) and p.person_id is distinct from %s{theirs})")
        parameters += [list(wanted.concealed.kinds), wanted.concealed.reader]
        parameters += [] if wanted.concealed.people is None else [list(wanted.concealed.people)]
        if wanted.concealed.besides:
            clauses.append(f"not ({wanted.concealed.besides} and p.person_id is distinct from %s)")
            parameters.append(wanted.concealed.reader)
    return clauses, parameters


def _row(row: tuple[Any, ...]) -> EventRow:
    identity, received_at, kind, outcome, reason, content_id, source, seq, record, details = row[:10]
    return EventRow(
        id=identity,
        received_at=received_at,
        kind=kind,
        outcome=outcome,
        reason=reason,
        content_id=content_id,
        source=source,
        seq=seq,
        personal=json.loads(record) if record else {},
        details=json.loads(details) if details else {},
        altered=_is_altered(row),
        erased=record is None and row[11] is not None,
    )


def _is_altered(row: tuple[Any, ...]) -> bool:
    """Compare what is shown with the leaf; an event without a number yet has only its own commitments."""
    identity, received, kind, outcome, reason, content, source, _seq, record, details = row[:10]
    digest, commitment, salt, person, device, stored = row[10:]
    if digest is not None and (details is None or details_digest(details.encode()) != bytes(digest)):
        return True
    if record is not None:
        if commitment is None or personal_commitment(bytes(salt), record.encode()) != bytes(commitment):
            return True
        if not columns_agree(record, person, device):
            return True
    if stored is None:
        return False
    microseconds = (received - _EPOCH) // timedelta(microseconds=1)
    leaf = leaf_of((identity, microseconds, kind, outcome, reason, content, source, digest, commitment))
    return leaf_hash(leaf.encode()) != bytes(stored)


def _make_cursor(last: EventRow) -> str:
    text = f"{last.received_at.astimezone(UTC).isoformat()}|{last.id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, _, identity = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(moment), UUID(identity)
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise InvalidCursor("this cursor is not known") from error
