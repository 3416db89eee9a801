"""How many documents there are and what happened to them lately, in one statement."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import connection

from chancery.policy.permission import Permission
from protection.actor import Actor
from protection.models import Tracking
from protection.selectors.attempts import OPENINGS
from protection.selectors.sight import UNTOLD, Sight

TOTALS_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Day:
    """How often documents were opened and refused on one day of the reader's time zone."""

    day: date
    opened: int
    refused: int


@dataclass(frozen=True, slots=True)
class Totals:
    """How many documents there are, and what happened to them on each of the last thirty days, the oldest first.

    ``counts`` tells whether the reader may know the latter; else every day is empty.
    """

    documents: int
    revoked: int
    pending: int
    days: tuple[Day, ...]
    counts: bool

    @property
    def opened(self) -> int:
        """Openings in these days."""
        return sum(day.opened for day in self.days)

    @property
    def refused(self) -> int:
        """Refusals in these days."""
        return sum(day.refused for day in self.days)


_TOTALS: Final = """
with mine as (
    select cid, revoked_at, registration from protection_content
    where %(all)s or (issuer_id = %(person)s and handed_over_at is null) or owner_id = %(person)s
), happened as (
    select (received_at at time zone %(zone)s)::date as day,
           count(*) filter (where outcome = 'allowed') as opened,
           count(*) filter (where outcome = 'refused') as refused
    from audit_event e
    where (kind = 'content.opened' or kind = 'content.reported' and reason = any(%(openings)s))
      and %(named)s
      and not exists (select from audit_eventpersonal p where p.event_id = e.id
                      and p.person_id = any(%(hidden)s::uuid[]) and p.person_id <> %(reader)s)
      and not (%(untold)s and {untold})
      and received_at >= (%(first)s::timestamp at time zone %(zone)s)
      and (%(all)s or content_id in (select cid from mine))
    group by 1
)
select (select count(*) from mine),
       (select count(*) from mine where revoked_at is not null),
       (select count(*) from mine where registration = 'pending'),
       (select jsonb_object_agg(day, jsonb_build_array(opened, refused)) from happened)
""".replace("{untold}", UNTOLD)


def totals_for(actor: Actor, *, everybody: bool, today: date, zone: str, sight: Sight) -> Totals:
    """Return the totals of the actor's own documents, or of everybody's when the role allows it.

    ``zone`` is the name of the time zone in which ``today`` is the current day.  Where ``sight`` shows no names, days
    are not counted either: a day of few openings would name who made them.
    """
    days = [today - timedelta(days=ago) for ago in reversed(range(TOTALS_DAYS))]
    with connection.cursor() as cursor:
        cursor.execute(
            _TOTALS,
            {
                "openings": list(OPENINGS),
                "hidden": list(sight.hidden),
                "untold": sight.untold,
                "reader": sight.reader,
                "named": sight.tracking is Tracking.NAMED,
                "all": everybody and actor.may(Permission.DOCUMENTS_READ_ALL),
                "person": actor.person,
                "zone": zone,
                "first": days[0],
            },
        )
        documents, revoked, pending, happened = cursor.fetchone()
    by_day = json.loads(happened) if isinstance(happened, str) else happened or {}
    by_days = tuple(Day(day, *by_day.get(day.isoformat(), (0, 0))) for day in days)
    return Totals(documents, revoked, pending, by_days, counts=sight.tracking is Tracking.NAMED)
