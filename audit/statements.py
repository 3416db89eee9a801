"""The ledger's SQL with its parameters, in one place, so that the page services and the fast path write the same rows.

``schema`` is "" where the connection's search path names the organization, or a quoted schema name with a trailing dot
for connections of the fast path's own pool, which never sets a search path (docs/protocol.md P16).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chancery.ledger.leaf import canonical, details_digest, personal_commitment

EVENT_COLUMNS: Final = "id, kind, outcome, reason, content_id, source, details_digest, personal_commitment"

_RECORD: Final = """
with {first}event as (
    insert into {schema}audit_event ({columns})
    select %(id)s, %(kind)s, %(outcome)s, %(reason)s, %(content_id)s, %(source)s, %(details_digest)s,
           %(personal_commitment)s
    {only_if}
    returning id, received_at
), personal as (
    insert into {schema}audit_eventpersonal (event_id, person_id, device_id, record, salt)
    select id, %(person_id)s, %(device_id)s, %(record)s, %(salt)s from event where %(record)s::text is not null
), details as (
    insert into {schema}audit_eventdetails (digest, body)
    select %(details_digest)s, %(details)s from event where %(details)s::text is not null
    and not exists (select from {schema}audit_eventdetails known where known.digest = %(details_digest)s)
){also}
select id, received_at from event
"""


def record(schema: str = "", only_if: str = "", also: str = "", first: str = "") -> str:
    """Return the statement that writes one event whole: row, personal record and details.

    ``only_if`` is a ``where`` clause over the state the decision was made on; when it no longer holds the statement
    returns no row and nothing was written (decision 5).  ``also`` is a further named part of the ``with`` clause, by
    which the package above writes something in the same statement; it sees the rows written as ``event``.  ``first`` is
    one before it, which ``only_if`` can refer to.
    """
    return _RECORD.format(
        schema=schema, columns=EVENT_COLUMNS, only_if=only_if, also=_further(also), first=_before(first)
    )


def _before(part: str) -> str:
    return f"{part}, " if part else ""


def _further(part: str) -> str:
    return f", {part}" if part else ""


INGEST: Final = """
with taken as (
    delete from audit_reportedevent where event_id in (
        select event_id from audit_reportedevent order by received_at limit %(limit)s for update skip locked)
    returning *
), event as (
    insert into audit_event (id, received_at, kind, outcome, reason, content_id, source, details_digest,
                             personal_commitment)
    select event_id, received_at, kind, outcome, reason, content_id, source, details_digest, personal_commitment
    from taken order by received_at
    on conflict (id) do nothing
    returning id
), personal as (
    insert into audit_eventpersonal (event_id, person_id, device_id, record, salt)
    select taken.event_id, person_id, device_id, record, salt from taken join event on event.id = taken.event_id
), details as (
    insert into audit_eventdetails (digest, body)
    select distinct on (details_digest) details_digest, details from taken where details is not null
    and not exists (select from audit_eventdetails known where known.digest = details_digest)
)
select count(*) from taken
"""
"""Moves reported events from the inbox into the ledger, each once however often it was reported."""

_LEAF: Final = """
select id, (extract(epoch from received_at) * 1000000)::bigint, kind, outcome, reason, content_id, source,
details_digest, personal_commitment
"""
"""What a leaf is made of, in the order of ``sequence.leaf_of``."""

SETTLED: Final = (
    _LEAF
    + """
from audit_event where transaction >= %(from)s::text::xid8 and transaction < %(below)s::text::xid8
order by received_at, id
"""
)
"""Events of transactions that can no longer commit or abort, in the order of the record (P28)."""

ONE_LEAF: Final = _LEAF + "from audit_event where id = %(id)s"

ENTRIES: Final = (
    _LEAF
    + """
from audit_eventsequence s join audit_event e on e.id = s.event_id
where s.epoch = %(epoch)s and s.seq >= %(start)s order by s.seq limit %(count)s
"""
)

RECORDED: Final = """
select s.epoch, s.seq, d.body, e.id, (extract(epoch from e.received_at) * 1000000)::bigint, e.kind, e.outcome, e.reason,
       e.content_id, e.source, e.details_digest, e.personal_commitment
from audit_eventsequence s join audit_event e on e.id = s.event_id
left join lateral (select body from audit_eventdetails where digest = e.details_digest limit 1) d on true
where s.event_id = any(%(ids)s)
"""
"""Number, details and leaf of many events."""

FIRST_DETAILS: Final = """
select d.body, e.details_digest from audit_eventsequence s join audit_event e on e.id = s.event_id
left join lateral (select body from audit_eventdetails where digest = e.details_digest limit 1) d on true
where s.epoch = %(epoch)s and s.seq = 0
"""

UNNUMBERED: Final = """
select e.id from audit_event e
where e.transaction < (select horizon::text::xid8 from audit_ledger order by epoch desc limit 1)
and not exists (select from audit_eventsequence s where s.event_id = e.id)
order by e.received_at
"""
"""Events below the horizon, where every event has been numbered, that have no number."""

DETAILS: Final = """
select e.id, e.details_digest, d.body from audit_event e
left join lateral (select body from audit_eventdetails where digest = e.details_digest limit 1) d on true
where e.details_digest is not null
"""

PERSONAL: Final = """
select coalesce(e.id, p.event_id), e.personal_commitment, p.record, p.salt, p.person_id, p.device_id,
exists (select from audit_event erasing join audit_eventdetails d on d.digest = erasing.details_digest
        where p.record is null and erasing.kind = 'ledger.erased' and d.body::jsonb -> 'events' ? e.id::text)
from audit_event e full join audit_eventpersonal p on p.event_id = e.id
where e.personal_commitment is not null or p.event_id is not null
"""
"""Every personal record with its commitment; one without the other is found, too."""

SETTLE_RESTORED: Final = """
update audit_event e
set transaction = case when exists (select from audit_eventsequence s where s.event_id = e.id)
                       then '0'::xid8 else pg_current_xact_id() end
where e.id = %(id)s or e.transaction >= pg_snapshot_xmax(pg_current_snapshot())
   or (e.transaction < %(below)s::text::xid8
       and not exists (select from audit_eventsequence s where s.event_id = e.id))
"""
"""After a restore transaction ids may stand for transactions of another server.  What is numbered gets one that is
never looked at again, what is not gets the present one, so that the sequencer finds every event exactly once."""

_RECORD_MANY: Final = """
with {first}arriving as (
    select * from unnest(
        %(id)s::uuid[], %(kind)s::text[], %(outcome)s::text[], %(reason)s::text[], %(content_id)s::uuid[],
        %(source)s::text[], %(details_digest)s::bytea[], %(personal_commitment)s::bytea[], %(person_id)s::uuid[],
        %(device_id)s::uuid[], %(record)s::text[], %(salt)s::bytea[], %(details)s::text[])
    as row (id, kind, outcome, reason, content_id, source, details_digest, personal_commitment,
            person_id, device_id, record, salt, details)
    {only_if}
), event as (
    insert into {schema}audit_event ({columns}) select {columns} from arriving returning id
), personal as (
    insert into {schema}audit_eventpersonal (event_id, person_id, device_id, record, salt)
    select id, person_id, device_id, record, salt from arriving where record is not null
), details as (
    insert into {schema}audit_eventdetails (digest, body)
    select distinct on (details_digest) details_digest, details from arriving where details is not null
    and not exists (select from {schema}audit_eventdetails known where known.digest = details_digest)
){also}
select count(*) from event
"""


def record_many(schema: str = "", only_if: str = "", also: str = "", first: str = "") -> str:
    """Return the statement that writes several events at once, all or none; it answers how many were written.

    Every parameter is a list, one item per event, under the names of ``record``.
    """
    return _RECORD_MANY.format(
        schema=schema, columns=EVENT_COLUMNS, only_if=only_if, also=_further(also), first=_before(first)
    )


@dataclass(frozen=True, slots=True)
class Personal:
    """Who was concerned; kept apart from the event so that it can be erased.

    ``title`` is the document's name as the organization allows it to be kept; ``ip`` the client's address.
    ``sealer_id`` and ``sealer_device_id`` name who made what the person brought, by id alone; ``recipient`` is the
    address of whom it was done for.  ``actor`` is the address of who acted where ``addresses`` are those of others;
    ``application`` says that an application acted, ``outsider`` that a person did who has no account but proved the
    address by a mailed code.  ``issuer`` and ``owner`` are the document's at that moment,
    ``approver`` is who let it happen, ``acting_for`` the person for whom an administrator declared to act.
    ``changes`` are differences that name people: each says what differs, and before and after.
    """

    person_id: UUID | None = None
    name: str = ""
    addresses: tuple[str, ...] = ()
    ip: str = ""
    device_id: UUID | None = None
    device: str = ""
    title: str = ""
    sealer_id: UUID | None = None
    sealer_device_id: UUID | None = None
    recipient: str = ""
    actor: str = ""
    application: bool = False
    outsider: bool = False
    issuer: str = ""
    owner: str = ""
    approver: str = ""
    acting_for: str = ""
    changes: tuple[Mapping[str, Any], ...] = ()

    def encode(self) -> bytes:
        """Return the canonical record that the event commits to; empty members are left out."""
        members: dict[str, object] = {
            "person": None if self.person_id is None else str(self.person_id),
            "name": self.name,
            "addresses": sorted(self.addresses),
            "ip": self.ip,
            "device": None if self.device_id is None else str(self.device_id),
            "device_name": self.device,
            "title": self.title,
            "sealer": None if self.sealer_id is None else str(self.sealer_id),
            "sealer_device": None if self.sealer_device_id is None else str(self.sealer_device_id),
            "recipient": self.recipient,
            "actor": self.actor,
            "application": self.application,
            "outsider": self.outsider,
            "issuer": self.issuer,
            "owner": self.owner,
            "approver": self.approver,
            "acting_for": self.acting_for,
            "changes": list(self.changes),
        }
        return canonical({name: value for name, value in members.items() if value})


def event_parameters(
    *,
    event_id: UUID,
    kind: str,
    outcome: str,
    reason: str = "",
    content_id: UUID | None = None,
    source: str = "",
    personal: Personal | None = None,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the parameters of ``record`` for one event, with a fresh salt for its personal record."""
    encoded = None if personal is None else personal.encode()
    salt = None if encoded is None else secrets.token_bytes(32)
    body = canonical(details) if details else None
    return {
        "id": event_id,
        "kind": kind,
        "outcome": outcome,
        "reason": reason,
        "content_id": content_id,
        "source": source,
        "details_digest": None if body is None else details_digest(body),
        "details": None if body is None else body.decode(),
        "personal_commitment": None if encoded is None or salt is None else personal_commitment(salt, encoded),
        "person_id": None if personal is None else personal.person_id,
        "device_id": None if personal is None else personal.device_id,
        "record": None if encoded is None else encoded.decode(),
        "salt": salt,
    }
