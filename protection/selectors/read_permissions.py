"""Read permissions of applications: each with what it covers, and what was read by it (docs/protocol.md P31)."""

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Max

from audit.selectors.schemas import schemas_where
from chancery.errors import NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.subject import Subject
from chancery.texts import message
from protection.models import ApplicationReading, ReadPermission, ReadPermissionKind
from protection.models import ApprovalState as State
from protection.selectors.approvals import DUE, WAITS_DAYS
from protection.selectors.scopes import Scope, documents_in, newest_first, scope_of

KINDS: Final = tuple(ReadPermissionKind.values)
_DUE: Final = "exists (select from {schema}.protection_readpermission where {due})".replace("{due}", DUE)


@dataclass(frozen=True, slots=True)
class PermissionFacts:
    """One read permission with everything its page shows.

    ``holder`` is the application's account.  ``people`` and ``group`` are for whom it reads, where it does for people.
    """

    id: UUID
    number: int
    holder: UUID
    application: str
    kind: str
    people: tuple[UUID, ...] | None
    people_addresses: tuple[str, ...]
    people_group: UUID | None
    people_group_address: str
    scope: Scope
    reason: str
    case: str
    days: int
    asked_by: UUID
    asked_address: str
    asked_at: datetime
    state: str
    answered_by: UUID | None
    answered_address: str
    answered_at: datetime | None
    starts: datetime | None
    ends: datetime | None
    ended_by: UUID | None
    ended_address: str
    ended_at: datetime | None

    def is_active(self, now: float) -> bool:
        """Tell whether something is read by it at a moment."""
        return self.state == State.ACTIVE and self.ends is not None and now < self.ends.timestamp()

    @property
    def for_people(self) -> bool:
        """Whether it reads for people, by what policies give them."""
        return self.kind == ReadPermissionKind.FOR_USER

    @property
    def for_everybody(self) -> bool:
        """Whether the people for whom it reads are all members."""
        return self.for_people and self.people is None and self.people_group is None

    @property
    def approved_by(self) -> str:
        """Who approved it; "" while or if nobody has."""
        return "" if self.starts is None else self.answered_address


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What was read of one document by a permission, for one person or by the application for itself."""

    permission: UUID
    cid: UUID
    person: UUID | None
    person_address: str
    first_at: datetime
    last_at: datetime
    times: int
    last_event: UUID


def permission_facts(permission: UUID) -> PermissionFacts:
    """Return one permission.  Raises NotFound."""
    row = ReadPermission.objects.filter(id=permission).first()
    if row is None:
        raise NotFound(message("There is no such read permission, or you may not see it."))
    return facts_of(row)


def permissions(
    *, holder: UUID | None = None, state: str = "", limit: int = 50, before: int | None = None
) -> tuple[PermissionFacts, ...]:
    """Return permissions, newest first: all, or those of one application; ``before`` is the last number seen."""
    rows = newest_first(ReadPermission.objects.all(), holder=holder, state=state, limit=limit, before=before)
    return tuple(facts_of(row) for row in rows)


def last_used(permissions: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when something was last read by each of these permissions; those never used are left out."""
    rows = ApplicationReading.objects.filter(permission_id__in=list(permissions)).values("permission_id")
    return dict(rows.annotate(last=Max("last_at")).values_list("permission_id", "last"))


def documents_read(permission: UUID) -> int:
    """Return how many documents were read by a permission."""
    return ApplicationReading.objects.filter(permission_id=permission).values("content_id").distinct().count()


def read_by(permission: UUID, *, limit: int, after: int = 0) -> tuple[tuple[int, ReadDocument], ...]:
    """Return what was read by a permission with its place, first read first; ``after`` is the last place seen."""
    rows = ApplicationReading.objects.filter(permission_id=permission, id__gt=after).order_by("id")[:limit]
    return tuple((row.id, _read(row)) for row in rows)


def readings_of(cid: UUID, *, limit: int) -> tuple[tuple[PermissionFacts, ReadDocument], ...]:
    """Return by which permissions a document was read, the last first, each with whom it was read for."""
    rows = [_read(row) for row in ApplicationReading.objects.filter(content_id=cid).order_by("-last_at", "id")[:limit]]
    found = ReadPermission.objects.filter(id__in={one.permission for one in rows})
    known = {row.id: facts_of(row) for row in found}
    return tuple((known[one.permission], one) for one in rows)


def active_permissions(now: float) -> tuple[PermissionFacts, ...]:
    """Return the permissions that are in force at a moment."""
    active = (facts_of(row) for row in ReadPermission.objects.filter(state=State.ACTIVE).order_by("number"))
    return tuple(one for one in active if one.is_active(now))


def reading(cid: UUID, subject: Subject, organization: UUID, now: float) -> tuple[PermissionFacts, ...]:
    """Return the permissions by which a document can be read now: whatever it grants, or for this person."""
    return tuple(
        one
        for one in active_permissions(now)
        if (not one.for_people or _is_for(one, subject, organization))
        and documents_in(one.scope).filter(cid=cid).exists()
    )


def reading_all_of(cids: Container[UUID], now: float) -> tuple[UUID, ...]:
    """Return the permissions by which some of these documents are read now, whatever they grant.

    One statement for each permission, of which no more is fetched once a document is found.
    """
    active = [one for one in active_permissions(now) if not one.for_people]
    return tuple(
        one.id
        for one in active
        if any(cid in cids for cid in documents_in(one.scope).values_list("cid", flat=True).iterator())
    )


def _is_for(permission: PermissionFacts, subject: Subject, organization: UUID) -> bool:
    """Tell whether a permission to read for people is for a person."""
    if not subject.is_member(organization):
        return False
    if permission.people_group is not None:
        return permission.people_group in {group.id for group in subject.groups if group.live}
    return permission.people is None or subject.person in permission.people


def events_of_permission(permission: UUID) -> dict[UUID, str]:
    """Return the events by which a permission was asked for, answered and ended, in the order of time, as words."""
    kinds = [
        Kind.READ_PERMISSION_ASKED,
        Kind.READ_PERMISSION_APPROVED,
        Kind.READ_PERMISSION_WITHDRAWN,
        Kind.READ_PERMISSION_ENDED,
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.id, e.kind from audit_event e join audit_eventdetails d on d.digest = e.details_digest"
            " where e.kind = any(%s) and d.body::jsonb ->> 'read_permission' = %s order by e.received_at, e.id",
            [kinds, str(permission)],
        )
        return {event: kind.rpartition(".")[2] for event, kind in cursor.fetchall()}


def facts_of(row: ReadPermission) -> PermissionFacts:
    """Return a row as its facts."""
    return PermissionFacts(
        id=row.id,
        number=row.number,
        holder=row.holder,
        application=row.holder_address,
        kind=row.kind,
        people=None if row.people is None else tuple(row.people),
        people_addresses=tuple(row.people_addresses),
        people_group=row.people_group,
        people_group_address=row.people_group_address,
        scope=scope_of(row),
        reason=row.reason,
        case=row.case_number,
        days=row.days,
        asked_by=row.asked_by,
        asked_address=row.asked_address,
        asked_at=row.asked_at,
        state=row.state,
        answered_by=row.answered_by,
        answered_address=row.answered_address,
        answered_at=row.answered_at,
        starts=row.starts,
        ends=row.ends,
        ended_by=row.ended_by,
        ended_address=row.ended_address,
        ended_at=row.ended_at,
    )


def permissions_due(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas in which a permission is over or a request for one lapses."""
    return set(schemas_where(_DUE, schemas, days=WAITS_DAYS))


def _read(row: ApplicationReading) -> ReadDocument:
    return ReadDocument(
        row.permission_id,
        row.content_id,
        row.person_id,
        row.person_address,
        row.first_at,
        row.last_at,
        row.times,
        row.last_event,
    )
