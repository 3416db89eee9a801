"""Revocations that were set for a moment to come, as owners and administrators see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.selectors.schemas import schemas_where
from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from protection.actor import Actor
from protection.models import ScheduledRevocation
from protection.selectors.documents import decided_by, may_see

MAX_LISTED: Final = 200
_DUE: Final = (
    "exists (select from {schema}.protection_scheduledrevocation where at <= extract(epoch from clock_timestamp()))"
)


@dataclass(frozen=True, slots=True)
class ScheduledFacts:
    """One scheduled revocation; ``name`` is whom it concerns, "" for everybody."""

    id: UUID
    cid: UUID
    title: str
    owner_address: str
    issuer_id: UUID | None
    owner_id: UUID
    name: str
    at: datetime
    issuer_too: bool
    reason: str
    message: str
    successor: UUID | None
    setter: UUID
    set_by: str
    by_administrator: bool


def scheduled_revocation(actor: Actor, scheduled: UUID) -> ScheduledFacts:
    """Return one that the actor may see.  Raises NotFound."""
    row = _rows().filter(id=scheduled).first()
    if row is None or not may_see(actor, row.content.deciding_issuer, row.content.owner_id):
        raise NotFound(message("There is no such scheduled revocation, or you may not see it."))
    return _facts(row)


def scheduled_revocations(
    actor: Actor, *, everybody: bool = False, cid: UUID | None = None, limit: int = 50, after: str = ""
) -> tuple[ScheduledFacts, ...]:
    """Return what is scheduled, the soonest first: of the documents that the actor decides about, or of all by role.

    ``cid`` leaves those of one document that was found for the actor; ``after`` is the id of the last one seen.
    """
    rows = _rows()
    if cid is not None:
        rows = rows.filter(content_id=cid)
    elif not (everybody and actor.may(Permission.DOCUMENTS_READ_ALL)):
        rows = rows.filter(decided_by(actor.own, "content__"))
    rows = rows.filter(_behind(after))
    return tuple(_facts(row) for row in rows.order_by("at", "id")[: max(1, min(limit, MAX_LISTED))])


def due_in(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas in which a revocation is due."""
    return set(schemas_where(_DUE, schemas))


def _rows() -> QuerySet[ScheduledRevocation]:
    return ScheduledRevocation.objects.select_related("content")


def _behind(last: str) -> Q:
    try:
        at = ScheduledRevocation.objects.filter(id=UUID(last)).values_list("at", flat=True).first()
    except ValueError:
        return Q()
    return Q() if at is None else Q(at__gt=at) | Q(at=at, id__gt=last)


def _facts(row: ScheduledRevocation) -> ScheduledFacts:
    content, asked = row.content, row.set_by
    return ScheduledFacts(
        id=row.id,
        cid=content.cid,
        title=content.title,
        owner_address=content.owner_address,
        issuer_id=content.deciding_issuer,
        owner_id=content.owner_id,
        name=row.address,
        at=datetime.fromtimestamp(row.at, UTC),
        issuer_too=row.issuer_too,
        reason=row.reason,
        message=row.message,
        successor=row.successor_id,
        setter=UUID(asked["person"]),
        set_by=asked["address"] or asked["name"],
        by_administrator=row.by_administrator,
    )
