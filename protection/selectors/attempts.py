"""Who has asked for licenses of a document, how often and when: the proof that they hold its file."""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from chancery.policy.known_as import known_as
from protection.actor import Actor
from protection.models import Content
from protection.selectors.licensing import LICENSED, registered_policy
from protection.selectors.sight import UNTOLD, Sight


def has_attempted(person: UUID, cid: UUID) -> bool:
    """Tell whether a person was ever allowed or refused to open a document."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select 1 from audit_event e join audit_eventpersonal p on p.event_id = e.id"
            " where e.content_id = %s and e.kind = 'content.opened' and p.person_id = %s)",
            [cid, person],
        )
        (tried,) = cursor.fetchone()
    return bool(tried)


def last_refusal(person: UUID, cid: UUID, *, days: int) -> str | None:
    """Return why a person was last refused a document within so many days, None if they were not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.reason from audit_event e join audit_eventpersonal p on p.event_id = e.id"
            " where e.content_id = %s and e.kind = 'content.opened' and e.outcome = 'refused' and p.person_id = %s"
            " and e.received_at > now() - %s * interval '1 day' order by e.received_at desc, e.id desc limit 1",
            [cid, person, days],
        )
        row = cursor.fetchone()
    return None if row is None else str(row[0])


@dataclass(frozen=True, slots=True)
class Done:
    """How often a person did something with a document, beyond opening it, and how often their client refused it."""

    action: str
    allowed: int
    refused: int


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often one person opened a document and was refused, and when last; ``done`` is what else they did with it.

    Openings that a client reports, by a license that it had kept, count like those that the service licensed.
    """

    person: UUID
    opened: int = 0
    refused: int = 0
    last_opened: datetime | None = None
    last_refused: datetime | None = None
    done: tuple[Done, ...] = ()

    @property
    def last_was_allowed(self) -> bool:
        """Tell how the last attempt ended."""
        if self.last_opened is None or self.last_refused is None:
            return self.last_opened is not None
        return self.last_opened > self.last_refused


OPENINGS: Final = ("opened", "refused", "tampered")
"""What clients report of openings; they report other acts as well."""

_ATTEMPTS: Final = """
select p.person_id,
       case when e.kind = 'content.opened' or e.reason = any(%(openings)s) then '' else e.reason end as did,
       count(*) filter (where e.outcome = 'allowed'), count(*) filter (where e.outcome = 'refused'),
       max(least(e.received_at, to_timestamp(d.at))) filter (where e.outcome = 'allowed'),
       max(least(e.received_at, to_timestamp(d.at))) filter (where e.outcome = 'refused')
from audit_event e join audit_eventpersonal p on p.event_id = e.id
left join lateral (select (body::jsonb ->> 'at')::bigint as at from audit_eventdetails
                   where e.kind = 'content.reported' and digest = e.details_digest limit 1) d on true
where e.content_id = %(cid)s and e.kind in ('content.opened', 'content.reported') and p.person_id is not null
  and (e.kind = 'content.opened' or e.reason <> '')
  and not (%(untold)s and p.person_id <> %(reader)s and {untold})
group by 1, 2 order by max(e.received_at) desc, 1, 2
""".replace("{untold}", UNTOLD)


def attempts_of(cid: UUID, sight: Sight) -> tuple[Attempts, ...]:
    """Return everybody of whom the reader may know it who ever opened a document or was refused it, newest first.

    What was reported later counts at the time at which it happened, as the client's clock says.
    """
    found: dict[UUID, Attempts] = {}
    names = sight.names_on(cid)
    values: dict[str, Any] = {"cid": cid, "openings": list(OPENINGS), "untold": sight.untold, "reader": sight.reader}
    with connection.cursor() as cursor:
        cursor.execute(_ATTEMPTS, values)
        for person, did, allowed, refused, last_allowed, last_refused in cursor.fetchall():
            if person != sight.reader and not (names and sight.shows(person)):
                continue
            one = found.get(person) or Attempts(person)
            found[person] = (
                replace(one, done=(*one.done, Done(did, allowed, refused)))
                if did
                else replace(one, opened=allowed, refused=refused, last_opened=last_allowed, last_refused=last_refused)
            )
    return tuple(found.values())


def recorded_openings(person: UUID, licenses: Collection[UUID]) -> set[UUID]:
    """Return those of the licenses that the service recorded as openings of this person.

    An event's id is that of its license.
    """
    if not licenses:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.id from audit_event e join audit_eventpersonal p on p.event_id = e.id"
            " where e.id = any(%s) and p.person_id = %s and e.kind = 'content.opened' and e.outcome = 'allowed'",
            [list(licenses), person],
        )
        return {event for (event,) in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Seen:
    """Under which address and name a person last tried to open a document, from where, and whether by a mailed code."""

    address: str = ""
    name: str = ""
    by_code: bool = False
    ip: str = ""


def last_seen_as(cid: UUID, people: Collection[UUID]) -> dict[UUID, Seen]:
    """Return how each of these people last tried to open a document."""
    if not people:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (p.person_id) p.person_id, p.record from audit_event e"
            " join audit_eventpersonal p on p.event_id = e.id"
            " where e.content_id = %s and e.kind in ('content.opened', 'content.reported')"
            " and p.person_id = any(%s) order by p.person_id, e.kind, e.received_at desc, e.id desc",
            [cid, list(people)],
        )
        records = {person: json.loads(record) for person, record in cursor.fetchall()}
    return {
        person: Seen(
            next(iter(record.get("addresses", ())), ""),
            record.get("name", ""),
            "outsider" in record,
            record.get("ip", ""),
        )
        for person, record in records.items()
    }


def as_meant(actor: Actor, content: Content) -> Actor:
    """Return somebody from elsewhere by the address by which a document means them that they never asked for yet."""
    address = known_as(registered_policy(content), actor.addresses, otherwise=actor.address)
    return replace(actor, address=address)


def as_seen(actor: Actor, cids: Collection[UUID]) -> dict[UUID, Actor]:
    """Return somebody from elsewhere as each document knows them: by the address under which they last asked for it.

    A license that was sent ahead to an address counts as asking under it.

    What they do with it afterwards tells no other address of theirs than the opening did (docs/protocol.md P20).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (e.content_id) e.content_id, p.record from audit_event e"
            " join audit_eventpersonal p on p.event_id = e.id"
            " where e.content_id = any(%s) and e.kind = any(%s) and p.person_id = %s"
            " order by e.content_id, e.received_at desc, e.id desc",
            [list(cids), LICENSED, actor.person],
        )
        records = {cid: json.loads(record) for cid, record in cursor.fetchall()}
    return {
        cid: replace(actor, address=next(iter(record.get("addresses", ())), actor.address))
        for cid, record in records.items()
    }
