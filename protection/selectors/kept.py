"""Until when each person can still open a document with what their devices keep (docs/protocol.md P24)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from protection.selectors.documents import kept_until, latest_offline_moment
from protection.selectors.licensing import LICENSED
from protection.selectors.sight import Sight

_READERS: Final = """
select p.person_id, (array_agg(p.record::jsonb -> 'addresses' ->> 0 order by e.received_at desc))[1]
from audit_event e
join audit_eventpersonal p on p.event_id = e.id
cross join lateral (select body from audit_eventdetails where digest = e.details_digest limit 1) d
where e.content_id = %(cid)s and e.kind = any(%(licensed)s) and e.outcome = 'allowed'
  and (d.body::jsonb ->> 'offline_until')::bigint > extract(epoch from clock_timestamp())
  and p.person_id is not null
  and (%(issuer_too)s or p.person_id is distinct from (
      select issuer_id from protection_content where cid = %(cid)s and handed_over_at is null))
group by p.person_id
"""


@dataclass(frozen=True, slots=True)
class KeptByPerson:
    """The last moment at which a person's devices could open a document without having heard of a revocation."""

    person: UUID
    address: str
    until: datetime


def kept_by_people(cid: UUID, sight: Sight, *, issuer_too: bool = False) -> tuple[KeptByPerson, ...]:
    """Return who keeps licenses of a document that open it without a network, the longest first.

    The person who protected it keeps theirs after a revocation, unless that shuts them out, too.  Nobody is named of
    whom the reader may not know whether they opened it.
    """
    if not sight.names_on(cid):
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_READERS, {"cid": cid, "issuer_too": issuer_too, "licensed": LICENSED})
        readers = dict(cursor.fetchall())
    found = kept_until(cid, dict.fromkeys(readers))
    shown = {person: until for person, until in found.items() if sight.shows(person)}
    kept = (KeptByPerson(person, readers[person] or "", until) for person, until in shown.items())
    return tuple(sorted(kept, key=lambda one: (-one.until.timestamp(), one.address)))


def latest_moment_of(cid: UUID, sight: Sight, name: str, person: UUID | None) -> datetime | None:
    """Return the last offline moment of one recipient, None for none.

    ``person`` is None for groups and domains, and for addresses whose holder nobody here knows: then it is that of
    everybody, which is no earlier; so it is where the reader may not know of this person.
    """
    if person is not None and not (sight.names_on(cid) and sight.shows(person)):
        return latest_offline_moment(cid)
    kept = kept_by_people(cid, sight, issuer_too=True)
    theirs = [one.until for one in kept if one.address == name or (person is not None and one.person == person)]
    return max(theirs, default=None) if theirs or person is not None else latest_offline_moment(cid)
