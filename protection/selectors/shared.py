"""What a person was licensed by others, over the schemas of several organizations: the newest first, page by page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection
from psycopg import sql

from chancery.policy.case import Allow
from chancery.policy.evaluate import access_ends
from chancery.policy.explain import Facts, explain
from chancery.policy.rights import Right, in_order
from chancery.policy.subject import Subject
from protection.selectors.cursors import make_cursor, read_cursor
from protection.selectors.decisions import facts_about_many
from protection.selectors.why import DisclosedReason, disclosed_reasons, switched, without_the_opening

BATCH: Final = 50
"""Schemas in one statement: each holds a few relation locks until it ends."""
_ONE: Final = """
(select {organization}::uuid as organization, c.cid, c.pl_digest, c.title, c.owner_address, o.at, {order} as place
 from {schema}.protection_firstopening o join {schema}.protection_content c on c.cid = o.content_id
 where o.person_id = %(person)s and c.owner_id <> %(person)s
   and not (c.issuer_id = %(person)s and c.handed_over_at is null)
   and (%(cid)s::uuid is null or ({order}, c.cid) {beyond} ({place}, %(cid)s::uuid))
   and (%(like)s = '' or c.title ilike %(like)s or c.owner_address ilike %(like)s)
 order by {order} {direction}, c.cid {direction} limit %(limit)s)
"""
ORDERS: Final[Mapping[str, tuple[str, str]]] = {
    "first_opened": ("o.at", "%(place)s::timestamptz"),
    "title": ('lower(c.title) collate "C"', "%(place)s::text"),
    "owner": ('c.owner_address collate "C"', "%(place)s::text"),
}
"""By what the list can be sorted: the expression, and what it is compared with.

Texts are compared by their code points, since pages of several organizations are merged here in that order.
"""


@dataclass(frozen=True, slots=True)
class SharedRow:
    """A document that was granted to a person and that they have opened; ``first_opened`` is when first."""

    organization: UUID
    cid: UUID
    pl_digest: bytes
    title: str
    owner: str
    first_opened: datetime


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """What a person may do with a document now, until when, or why not; and when they opened it last."""

    rights: tuple[str, ...]
    until: datetime | None
    reasons: tuple[DisclosedReason, ...]
    last_opened: datetime | None


def shared_rows(
    person: UUID, schemas: Mapping[UUID, str], *, search: str, sort: str, cursor: str, limit: int
) -> tuple[list[SharedRow], str]:
    """Return one page of what a person was licensed by these organizations, and the cursor of the next one.

    ``search`` is in title or owner; ``sort`` is one of ``ORDERS``, with ``-`` before it downwards.  Raises
    InvalidCursor, also for a cursor of another order.
    """
    by_moment = sort.removeprefix("-") == "first_opened"
    place, cid = read_cursor(sort, cursor, by_moment=by_moment) if cursor else (None, None)
    values = {"person": person, "place": place, "cid": cid, "like": _pattern(search), "limit": limit + 1}
    down, (order, compared) = sort.startswith("-"), ORDERS[sort.removeprefix("-")]
    parts = {
        "order": sql.SQL(order),
        "place": sql.SQL(compared),
        "beyond": sql.SQL("<" if down else ">"),
        "direction": sql.SQL("desc" if down else "asc"),
    }
    found: list[tuple[Any, ...]] = []
    waiting = iter(schemas.items())
    while batch := list(islice(waiting, BATCH)):
        each = (
            sql.SQL(_ONE).format(organization=sql.Literal(str(organization)), schema=sql.Identifier(schema), **parts)
            for organization, schema in batch
        )
        with connection.cursor() as opened:
            opened.execute(sql.SQL(" union all ").join(each), values)
            found += opened.fetchall()
    found.sort(key=lambda row: (row[6], row[1]), reverse=down)
    page = [SharedRow(row[0], row[1], bytes(row[2]), *row[3:6]) for row in found[:limit]]
    return page, make_cursor(sort, found[limit - 1][6], page[-1].cid) if len(found) > limit else ""


def own_access(
    rows: Sequence[SharedRow], *, organization: UUID, service_active: bool, subject: Subject, now: int
) -> dict[UUID, OwnAccess]:
    """Return for documents of the current organization what the person may do with them now, in two statements."""
    last = _last_opened(subject.person, [row.cid for row in rows])
    every = facts_about_many(organization=organization, pl_digests=[row.pl_digest for row in rows], subject=subject)
    found = {}
    for row, facts in zip(rows, every, strict=True):
        if facts is None:
            continue
        found[row.cid] = _own(
            without_the_opening(switched(facts, on=service_active)), now=now, last_opened=last.get(row.cid)
        )
    return found


def _own(facts: Facts, *, now: int, last_opened: datetime | None) -> OwnAccess:
    explanation, ends = explain(facts, Right.VIEW, now=now), None
    decision = explanation.decision
    rights = tuple(in_order(decision.rights)) if isinstance(decision, Allow) else ()
    if rights:
        ends = access_ends(organization=facts.organization, content=facts.content, subject=facts.subject, now=now)
    return OwnAccess(
        rights=rights,
        until=None if ends is None else datetime.fromtimestamp(ends, UTC),
        reasons=disclosed_reasons(explanation),
        last_opened=last_opened,
    )


def _last_opened(person: UUID, cids: Iterable[UUID]) -> dict[UUID, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.content_id, max(e.received_at) from audit_event e join audit_eventpersonal p on p.event_id = e.id"
            " where e.content_id = any(%s) and e.kind = 'content.opened' and e.outcome = 'allowed' and p.person_id = %s"
            " group by e.content_id",
            [list(cids), person],
        )
        return dict(cursor.fetchall())


def _pattern(search: str) -> str:
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%" if search else ""
