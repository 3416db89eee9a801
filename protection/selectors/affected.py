"""How many documents and people an act would concern, and until when copies kept on devices can be opened."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from protection.selectors.licensing import LICENSED

RECENT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Reach:
    """What an act concerns: documents, the people who opened one lately, and the last moment of any kept license."""

    documents: int
    people: int
    until: datetime | None


_REACH: Final = """
with lately as (
    select e.id, e.kind, e.received_at, e.details_digest from audit_event e
    where e.kind = any(%(licensed)s) and e.outcome = 'allowed'
      and e.received_at > now() - make_interval(days => (
          select greatest(%(recent)s, longest_license_days + 1) from protection_servicesettings where id = 1))
      and {events}
), kept as (
    select to_timestamp(max(least(
        (d.body::jsonb ->> 'offline_until')::bigint,
        coalesce(floor(extract(epoch from clock_timestamp()))::bigint + (d.body::jsonb ->> 'lease')::bigint, 2^53)
    ))) as until
    from (select distinct details_digest from lately) l
    cross join lateral (select body from audit_eventdetails where digest = l.details_digest limit 1) d
    where (d.body::jsonb ->> 'offline_until')::bigint > extract(epoch from clock_timestamp())
), own as (
    -- A publisher's license to their own document lives as long as the certificate that it was published under.
    select to_timestamp(max(expires)) as until from protection_certificate
    where expires > extract(epoch from clock_timestamp()) and {certificates}
)
select (select count(*) from protection_content where {documents}),
       (select count(distinct p.person_id) from lately join audit_eventpersonal p on p.event_id = lately.id
        where lately.kind = 'content.opened' and lately.received_at > now() - make_interval(days => %(recent)s)),
       greatest((select until from kept), (select until from own))
"""


def affected_by_service() -> Reach:
    """Return what switching the service off concerns: everything."""
    return _reach("true", "true", "true")


def affected_by_key(key: UUID) -> Reach:
    """Return what a tenant key opens."""
    of_key = "content_id in (select cid from protection_content where tenant_key_id = %(id)s)"
    return _reach("tenant_key_id = %(id)s", of_key, "true", key)


def affected_by_person(person: UUID) -> Reach:
    """Return the documents that a person protected or owns, and what the person keeps of any."""
    theirs = "(issuer_id = %(id)s and handed_over_at is null) or owner_id = %(id)s"
    opened = "id in (select event_id from audit_eventpersonal where person_id = %(id)s)"
    return _reach(theirs, opened, "person_id = %(id)s", person)


def affected_by_device(person: UUID, device: UUID) -> Reach:
    """Return what one device of a person keeps; whose documents these are plays no part."""
    opened = "id in (select event_id from audit_eventpersonal where person_id = %(id)s and device_id = %(device)s)"
    return _reach("false", opened, "device_id = %(device)s", person, device)


def affected_by_people(people: Collection[UUID]) -> Reach:
    """Return what several people have protected or own together, and what they keep of any document."""
    theirs = "(issuer_id = any(%(id)s) and handed_over_at is null) or owner_id = any(%(id)s)"
    opened = "id in (select event_id from audit_eventpersonal where person_id = any(%(id)s))"
    return _reach(theirs, opened, "false", list(people))


def affected_by_document(cid: UUID) -> Reach:
    """Return who opened a document lately, and what recipients keep of it; its issuer's own license is not counted."""
    return _reach("cid = %(id)s", "content_id = %(id)s", "false", cid)


def affected_by_documents(cids: Collection[UUID]) -> Reach:
    """Return who opened one of several documents lately, as ``affected_by_document`` does for one."""
    return _reach("cid = any(%(id)s)", "content_id = any(%(id)s)", "false", list(cids))


def affected_by_template(template: UUID) -> Reach:
    """Return what a template protects; issuers' own licenses, which do not follow it, are not counted."""
    under = "content_id in (select cid from protection_content where template_id = %(id)s)"
    return _reach("template_id = %(id)s", under, "false", template)


def _reach(
    documents: str,
    events: str,
    certificates: str,
    identity: UUID | list[UUID] | None = None,
    device: UUID | None = None,
) -> Reach:
    with connection.cursor() as cursor:
        cursor.execute(
            _REACH.format(documents=documents, events=events, certificates=certificates),
            {"recent": RECENT_DAYS, "id": identity, "device": device, "licensed": LICENSED},
        )
        return Reach(*cursor.fetchone())
