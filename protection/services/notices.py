"""Owners hear of openings: a worker reads the ledger from where it was, and leaves rows that are mailed later.

The license path writes nothing of this.  Cursor, notices and news are of one transaction, so a worker that is killed
loses nothing and does nothing twice.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from chancery.ledger.kinds import Kind, Outcome
from protection.models import Content, News, Notice, NoticeChoice, NoticeCursor, NoticeOf
from protection.selectors.attempts import OPENINGS

BATCH: Final = 500
"""Events that one transaction looks at."""

_NEXT: Final = """
select s.epoch, s.seq, e.id, e.content_id, e.kind, e.outcome, e.reason, e.received_at, p.person_id,
       exists (select from protection_superuseropening u where u.event_id = e.id)
from audit_eventsequence s join audit_event e on e.id = s.event_id
left join audit_eventpersonal p on p.event_id = e.id
where (s.epoch, s.seq) > (%s, %s) order by s.epoch, s.seq limit %s
"""
_EARLIER: Final = """
select o.at is not null and not exists (
    select from audit_event e join audit_eventpersonal p on p.event_id = e.id
    where e.content_id = o.content_id and p.person_id = o.person_id and e.kind = 'content.opened'
      and e.outcome = 'allowed' and e.received_at >= o.at - interval '1 minute'
      and (e.received_at, e.id) < (%s, %s))
from protection_firstopening o where o.content_id = %s and o.person_id = %s and o.at > %s - interval '1 minute'
"""


@dataclass(frozen=True, slots=True)
class Happened:
    """An opening or a refusal of a document."""

    id: UUID
    cid: UUID
    allowed: bool
    at: datetime
    person: UUID | None


@transaction.atomic
def note_next(*, hidden: Collection[UUID] | None, next_morning: Callable[[UUID], datetime]) -> bool:
    """Look at the next events of the ledger; tell whether there were as many as one transaction looks at.

    ``hidden`` are people of whom owners hear nothing, None for everybody.  Of openings under super-user grants owners
    are told apart from this, and later.  ``next_morning`` returns when a person's
    daily mail is written next.  Another worker that is at it is left alone.
    """
    NoticeCursor.objects.get_or_create(id=1, defaults={"epoch": 0, "seq": 0})
    cursor = NoticeCursor.objects.select_for_update(skip_locked=True).filter(id=1).first()
    if cursor is None:
        return False
    with connection.cursor() as db:
        db.execute(_NEXT, [cursor.epoch, cursor.seq, BATCH])
        rows = db.fetchall()
    if not rows:
        return False
    if hidden is not None:
        happened = [
            Happened(identity, cid, outcome == Outcome.ALLOWED, at, person)
            for _epoch, _seq, identity, cid, kind, outcome, reason, at, person, told_apart in rows
            if cid is not None and _is_opening(kind, reason) and person not in hidden and not told_apart
        ]
        _note(happened, next_morning)
    cursor.epoch, cursor.seq = rows[-1][:2]
    cursor.save(update_fields=["epoch", "seq"])
    return len(rows) == BATCH


def _is_opening(kind: str, reason: str) -> bool:
    return kind == Kind.CONTENT_OPENED or (kind == Kind.CONTENT_REPORTED and reason in OPENINGS)


def _note(happened: list[Happened], next_morning: Callable[[UUID], datetime]) -> None:
    """Leave news and notices to everybody who decides about the documents, but not of what they did themselves."""
    contents = Content.objects.filter(cid__in={one.cid for one in happened})
    deciding = {one.cid: {one.owner_id, one.deciding_issuer} - {None} for one in contents}
    choices = _choices({person for people in deciding.values() for person in people if person})
    news: dict[tuple[UUID, UUID], datetime] = {}
    notices: list[Notice] = []
    for one in happened:
        for person in deciding.get(one.cid, set()) - {one.person}:
            if person is None:
                continue
            if one.allowed:
                news[person, one.cid] = one.at
            of = choices.get((person, one.cid)) or choices.get((person, None)) or NoticeOf.NONE
            if _wants(of, one):
                daily = of == NoticeOf.DAILY
                due = next_morning(person) if daily else one.at
                notices.append(Notice(person_id=person, event_id=one.id, content_id=one.cid, due_at=due, daily=daily))
    News.objects.bulk_create(
        [News(person_id=person, content_id=cid, at=at) for (person, cid), at in news.items()],
        update_conflicts=True,
        unique_fields=["person_id", "content_id"],
        update_fields=["at"],
    )
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def _choices(people: Collection[UUID]) -> Mapping[tuple[UUID, UUID | None], str]:
    rows = NoticeChoice.objects.filter(person_id__in=people)
    return {(person, cid): of for person, cid, of in rows.values_list("person_id", "content_id", "of")}


def _wants(of: str, one: Happened) -> bool:
    match of:
        case NoticeOf.EVERY | NoticeOf.DAILY:
            return True
        case NoticeOf.REFUSALS:
            return not one.allowed
        case NoticeOf.FIRST:
            return one.allowed and one.person is not None and _is_first(one)
        case _:
            return False


def _is_first(one: Happened) -> bool:
    """Tell whether an opening is the person's first one of the document.

    The row of their first opening has the moment of its decision, so only events around it have to be looked at.
    """
    with connection.cursor() as db:
        db.execute(_EARLIER, [one.at, one.id, one.cid, one.person, one.at])
        row = db.fetchone()
    return row is not None and bool(row[0])


def choose(*, person: UUID, of: str, cid: UUID | None) -> bool:
    """Set of what a person is mailed, for one document or for all that they decide about; tell whether it changed."""
    known = NoticeChoice.objects.filter(person_id=person, content_id=cid).values_list("of", flat=True).first()
    if (known or (NoticeOf.NONE if cid is None else "")) == of:
        return False
    NoticeChoice.objects.update_or_create(person_id=person, content_id=cid, defaults={"of": of})
    return True


def follow_all(*, person: UUID, cid: UUID) -> bool:
    """Let a document go by what the person chose for all; tell whether it had a choice of its own."""
    return bool(NoticeChoice.objects.filter(person_id=person, content_id=cid).delete()[0])


@transaction.atomic
def stop(*, person: UUID) -> bool:
    """End all mail about openings to a person, what waits included; tell whether there was any to come."""
    Notice.objects.filter(person_id=person, mailed_at=None).delete()
    rows = NoticeChoice.objects.filter(person_id=person)
    return bool(rows.exclude(of=NoticeOf.NONE).count() and rows.delete()[0])


def waiting_for() -> Iterator[UUID]:
    """Yield the people who have notices that are due."""
    with connection.cursor() as db:
        db.execute(
            "select distinct person_id from protection_notice where mailed_at is null and due_at <= clock_timestamp()"
        )
        yield from (person for (person,) in db.fetchall())
