"""Alarms: a worker reads the ledger from where it was, and raises one for what happened to decoys.

Cursor, alarms and their events are of one transaction, so a worker that is killed loses nothing and raises nothing
twice.  Openings without a network raise theirs when a client reports them.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from audit.services.record import record
from audit.statements import Personal
from chancery.errors import Conflict, NotFound
from chancery.ledger.kinds import Kind, Outcome
from chancery.texts import message
from protection.actor import Actor
from protection.models import Alarm, AlarmCursor, AskedAbout
from protection.selectors.sight import ACTIVITY
from protection.services.recording import personal_of

BATCH: Final = 1_000
"""Events that one transaction looks at."""
TOGETHER: Final = timedelta(minutes=10)
"""What one person does with one decoy within this time is one alarm; what they do later is the next one."""
AT_ONCE: Final = 5
"""Mails to one reader within ``MINUTE`` that are written at once; what comes beyond them is in the next one."""
MINUTE: Final = timedelta(minutes=1)
RAISING: Final = (*ACTIVITY, Kind.ACCESS_REQUESTED, Kind.CONTENT_PRELICENSED, Kind.READ_PERMISSION_QUERIED)
"""All that a person can do with a document, or ask of it, and a license that they were sent ahead."""

_NEXT: Final = """
with next as (
    select epoch, seq, event_id from audit_eventsequence where (epoch, seq) > (%(epoch)s, %(seq)s)
    order by epoch, seq limit %(batch)s
)
select n.epoch, n.seq, e.id, d.content_id, e.kind, e.outcome, e.reason, e.received_at, p.person_id,
       exists (select from protection_superuseropening u where u.event_id = e.id),
       c.title, c.owner_id, case when c.handed_over_at is null then c.issuer_id end
from next n
left join audit_event e on e.id = n.event_id and e.kind = any(%(kinds)s)
left join protection_askedabout q on q.event_id = e.id
left join lateral (
    select distinct found.content_id from protection_decoy found
    where found.content_id = any(case when q.event_id is null then array[e.content_id] else q.contents end)
      and found.marked_at <= e.received_at and (found.ended_at is null or found.ended_at > e.received_at)) d on true
left join audit_eventpersonal p on p.event_id = e.id
left join protection_content c on c.cid = d.content_id
order by n.epoch, n.seq, d.content_id
"""


class AlarmAcknowledged(Conflict):
    """Another person has acknowledged it."""

    code = "already_acknowledged"
    remedy = message("Look at the alarm to see who did, and their note.")


@dataclass(frozen=True, slots=True)
class Touch:
    """One thing that a person did with a decoy."""

    event: UUID
    cid: UUID
    kind: str
    outcome: str
    reason: str
    at: datetime
    person: UUID | None
    under_grant: bool
    title: str
    owner: UUID
    issuer: UUID | None

    @property
    def counted_as(self) -> str:
        """The column that counts it; what clients report of openings counts as one."""
        opening = self.kind in {Kind.CONTENT_OPENED, Kind.CONTENT_READ} or (
            self.kind == Kind.CONTENT_REPORTED and self.reason in {"opened", "refused"}
        )
        if self.outcome == Outcome.REFUSED:
            return "refused"
        return "opened" if opening else "other"


@transaction.atomic
def raise_next() -> bool:
    """Look at the next events of the ledger; tell whether there were as many as one transaction looks at.

    Who decides about a decoy raises no alarm by what they do themselves.  Another worker that is at it is left alone.
    """
    cursor = AlarmCursor.objects.select_for_update(skip_locked=True).filter(id=1).first()
    if cursor is None:
        return False
    with connection.cursor() as db:
        db.execute(
            _NEXT, {"epoch": cursor.epoch, "seq": cursor.seq, "batch": BATCH, "kinds": [str(one) for one in RAISING]}
        )
        rows = db.fetchall()
    if not rows:
        return False
    for row in rows:
        if row[3] is not None:
            touch = Touch(*row[2:])
            if touch.person is None or touch.person not in {touch.owner, touch.issuer}:
                _raise(touch)
    AskedAbout.objects.filter(event_id__in={row[2] for row in rows if row[2] is not None}).delete()
    cursor.epoch, cursor.seq = rows[-1][:2]
    cursor.save(update_fields=["epoch", "seq"])
    # Several rows may be of one event: the one that asked about several decoys.
    return len({row[:2] for row in rows}) == BATCH


def _raise(touch: Touch) -> None:
    """Count an event where its group has an alarm that nobody has acknowledged yet, else raise one."""
    group = Alarm.objects.filter(
        content_id=touch.cid,
        person_id=touch.person,
        under_grant=touch.under_grant,
        acknowledged_at=None,
        first_at__gt=touch.at - TOGETHER,
    )
    known = group.order_by("-first_at").values_list("id", flat=True).first()
    if known is not None:
        Alarm.objects.filter(id=known).update(last_at=touch.at, **{touch.counted_as: F(touch.counted_as) + 1})
        return
    row = Alarm.objects.create(
        content_id=touch.cid,
        person_id=touch.person,
        under_grant=touch.under_grant,
        event_id=touch.event,
        first_at=touch.at,
        last_at=touch.at,
        **{touch.counted_as: 1},
    )
    # Without the document's id, by which its timeline would show to owners what they may not know yet or at all.
    record(
        kind=Kind.ALARM_RAISED.value,
        outcome=Outcome.DONE.value,
        source="service",
        personal=Personal(title=touch.title),
        details={"alarm": str(row.id), "of": str(touch.event)},
    )


@transaction.atomic
def acknowledge_alarm(*, actor: Actor, alarm_id: UUID, title: str, note: str) -> None:
    """Keep that somebody has looked at an alarm.  Raises NotFound and AlarmAcknowledged."""
    row = Alarm.objects.select_for_update().filter(id=alarm_id).first()
    if row is None:
        raise NotFound(message("There is no such alarm, or you may not see it."))
    if row.acknowledged_at is not None:
        raise AlarmAcknowledged(message("This alarm was acknowledged already."))
    row.acknowledged_at, row.acknowledged_by, row.note = timezone.now(), actor.person, note
    row.acknowledged_address = actor.address or actor.name
    row.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_address", "note"])
    record(
        kind=Kind.ALARM_ACKNOWLEDGED.value,
        outcome=Outcome.DONE.value,
        source=actor.source,
        personal=replace(personal_of(actor) or Personal(), title=title),
        details={"alarm": str(alarm_id), **({"note": note} if note else {})},
    )


def take_unmailed() -> list[UUID]:
    """Lock and return the alarms to be mailed now, none where there were too many mails within the last minute.

    Called in the transaction that writes the mails and marks the alarms as mailed.
    """
    lately = Alarm.objects.filter(mailed_at__gt=timezone.now() - MINUTE)
    if lately.values("mailed_at").distinct().count() >= AT_ONCE:
        return []
    waiting = Alarm.objects.select_for_update(skip_locked=True).filter(mailed_at=None).order_by("first_at", "id")
    found = list(waiting.values_list("id", flat=True)[:BATCH])
    Alarm.objects.filter(id__in=found).update(mailed_at=Now())
    return found
