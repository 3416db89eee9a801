"""Whether somebody has asked for a license: the proof that he holds a document's file."""

from uuid import UUID

from django.db import connection


def has_tried(person: UUID, cid: UUID) -> bool:
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
    """Return why a person was last refused a document within so many days, None if he was not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.reason from audit_event e join audit_eventpersonal p on p.event_id = e.id"
            " where e.content_id = %s and e.kind = 'content.opened' and e.outcome = 'refused' and p.person_id = %s"
            " and e.received_at > now() - %s * interval '1 day' order by e.received_at desc, e.id desc limit 1",
            [cid, person, days],
        )
        row = cursor.fetchone()
    return None if row is None else str(row[0])
