"""Which documents are decoys, and the alarms that they raised, as far as a reader may know."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit.selectors.schemas import schemas_where
from protection.models import Alarm, Decoy, SuperUserOpening, Tracking
from protection.selectors.cursors import make_cursor, read_cursor
from protection.selectors.documents import decided_by
from protection.selectors.sight import Sight

STATES: Final = ("open", "acknowledged")
_SOMETHING: Final = """
exists (select from {schema}.audit_ledger l join {schema}.protection_alarmcursor c on c.id = 1
        where l.size > 0 and (l.epoch, l.size - 1) > (c.epoch, c.seq))
    or exists (select from {schema}.protection_alarm where mailed_at is null)
"""


def with_alarms(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas whose ledger has events that were not looked at, or where an alarm is not mailed."""
    return set(schemas_where(_SOMETHING, schemas))


@dataclass(frozen=True, slots=True)
class DecoyRow:
    """A document that is a decoy now."""

    cid: UUID
    title: str
    owner_address: str
    marked_at: datetime
    marked_address: str
    note: str


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm.  Names are in its first event, ``event``; ``state`` is one of ``STATES``."""

    id: UUID
    cid: UUID
    title: str
    person: UUID | None
    under_grant: bool
    event: UUID
    first_at: datetime
    last_at: datetime
    opened: int
    refused: int
    other: int
    acknowledged_at: datetime | None
    acknowledged_address: str
    note: str

    @property
    def state(self) -> str:
        """Whether somebody has acknowledged it."""
        return "open" if self.acknowledged_at is None else "acknowledged"


def decoy_of(cid: UUID) -> DecoyRow | None:
    """Return the mark of a document, None for one that is no decoy."""
    return next(iter(_decoys(Decoy.objects.filter(content_id=cid))), None)


def decoys_for(reader: UUID, *, everybody: bool, limit: int, cursor: str = "") -> tuple[tuple[DecoyRow, ...], str]:
    """Return a page of decoys, the last marked first, and the cursor of the next: all, or those the reader decides on.

    Raises InvalidCursor.
    """
    rows = Decoy.objects.all() if everybody else Decoy.objects.filter(decided_by(reader, "content__"))
    if cursor:
        at, cid = read_cursor("marked", cursor, by_moment=True)
        rows = rows.filter(Q(marked_at__lt=at) | Q(marked_at=at, content_id__gt=cid))
    found = _decoys(rows, limit + 1)
    more = len(found) > limit
    return found[:limit], make_cursor("marked", found[limit - 1].marked_at, found[limit - 1].cid) if more else ""


def _decoys(rows: QuerySet[Decoy], limit: int = 1) -> tuple[DecoyRow, ...]:
    names = ("content_id", "content__title", "content__owner_address", "marked_at", "marked_address", "note")
    found = rows.filter(ended_at=None).order_by("-marked_at", "content_id").values_list(*names)
    return tuple(DecoyRow(*values) for values in found[:limit])


def alarms_for(
    sight: Sight, *, everybody: bool, state: str = "", cid: UUID | None = None, limit: int = 50, cursor: str = ""
) -> tuple[tuple[AlarmRow, ...], str]:
    """Return a page of alarms, newest first, and the cursor of the next one.

    Without ``everybody`` those of documents that the reader decides about, without what they may not know.
    Raises InvalidCursor.
    """
    rows = _visible(sight, everybody=everybody)
    if state:
        rows = rows.filter(acknowledged_at__isnull=state == "open")
    if cid is not None:
        rows = rows.filter(content_id=cid)
    if cursor:
        at, identity = read_cursor("first_at", cursor, by_moment=True)
        rows = rows.filter(Q(first_at__lt=at) | Q(first_at=at, id__gt=identity))
    found = _alarms(rows, limit + 1)
    more = len(found) > limit
    return found[:limit], make_cursor("first_at", found[limit - 1].first_at, found[limit - 1].id) if more else ""


def alarm_for(sight: Sight, alarm_id: UUID, *, everybody: bool) -> AlarmRow | None:
    """Return one alarm, None where there is none that the reader may see."""
    return next(iter(_alarms(_visible(sight, everybody=everybody).filter(id=alarm_id))), None)


def these_alarms(ids: Iterable[UUID], sight: Sight, *, everybody: bool) -> tuple[AlarmRow, ...]:
    """Return those of the alarms that a reader may see, newest first."""
    wanted = list(ids)
    return _alarms(_visible(sight, everybody=everybody).filter(id__in=wanted), len(wanted))


def told_to_owners(ids: Iterable[UUID], sight: Sight) -> frozenset[UUID]:
    """Return those of the alarms that whoever decides about their documents sees, for a reader who is told of all."""
    return frozenset(_told(sight).filter(id__in=list(ids)).values_list("id", flat=True))


def owners_of_alarms(ids: Iterable[UUID]) -> set[UUID]:
    """Return who decides about the documents of these alarms."""
    rows = Alarm.objects.filter(id__in=list(ids)).values_list(
        "content__owner_id", "content__issuer_id", "content__handed_over_at"
    )
    return {person for owner, issuer, handed in rows for person in ((owner, issuer) if handed is None else (owner,))}


def any_open_alarm() -> bool:
    """Tell whether any alarm waits: asked with each page, and mostly there is none."""
    return Alarm.objects.filter(acknowledged_at=None).exists()


def open_alarms(sight: Sight, *, everybody: bool, most: int) -> int:
    """Return how many alarms wait for the reader, counted up to ``most``."""
    rows = _visible(sight, everybody=everybody).filter(acknowledged_at=None)
    return len(rows.values_list("id", flat=True)[:most])


def _visible(sight: Sight, *, everybody: bool) -> QuerySet[Alarm]:
    if everybody:
        return Alarm.objects.all()
    return _told(sight).filter(decided_by(sight.reader, "content__"))


def _told(sight: Sight) -> QuerySet[Alarm]:
    """Return the alarms that owners are told of."""
    if sight.tracking is not Tracking.NAMED:
        # One alarm about one document tells its owner what one person did (decision 30).
        return Alarm.objects.none()
    rows = Alarm.objects.all()
    if sight.hidden:
        # Of alarms by nobody who is known there is nobody to hide, and null is in no list and in no list's opposite.
        rows = rows.filter(Q(person_id=None) | ~Q(person_id__in=sight.hidden))
    if sight.untold:
        untold = SuperUserOpening.objects.filter(Q(shown_at=None) | Q(shown_at__gt=Now())).values("event_id")
        rows = rows.exclude(under_grant=True, event_id__in=untold)
    return rows


def _alarms(rows: QuerySet[Alarm], limit: int = 1) -> tuple[AlarmRow, ...]:
    names = ("id", "content_id", "content__title", "person_id", "under_grant", "event_id", "first_at", "last_at")
    counts = ("opened", "refused", "other", "acknowledged_at", "acknowledged_address", "note")
    found = rows.order_by("-first_at", "id").values_list(*names, *counts)[:limit]
    return tuple(AlarmRow(*values) for values in found)
