"""Mark a document as a decoy, and remove the mark.

Nothing that a recipient gets is made from the mark: the license path does not read it, and alarms come from the ledger.
"""

from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from chancery.ledger.kinds import Kind
from protection.actor import Actor
from protection.models import AlarmCursor, Content, Decoy
from protection.services.recording import record_action


@transaction.atomic
def mark_decoy(*, actor: Actor, cid: UUID, note: str = "") -> bool:
    """Mark a document that was found for the actor; tell whether it was none before."""
    content = Content.objects.select_for_update().get(cid=cid)
    if Decoy.objects.filter(content=content, ended_at=None).exists():
        return False
    _begin_watching()
    Decoy.objects.create(content=content, marked_by=actor.person, marked_address=actor.address or actor.name, note=note)
    record_action(Kind.DECOY_MARKED, actor, content=content, details={"note": note} if note else None)
    return True


@transaction.atomic
def unmark_decoy(*, actor: Actor, cid: UUID, reason: str) -> bool:
    """Remove the mark; tell whether there was one.  What happened before still raises its alarm."""
    content = Content.objects.select_for_update().get(cid=cid)
    if not Decoy.objects.filter(content=content, ended_at=None).update(ended_at=Now()):
        return False
    record_action(Kind.DECOY_UNMARKED, actor, content=content, details={"note": reason} if reason else None)
    return True


def _begin_watching() -> None:
    """Let the worker begin with the next event that gets a number: what has one is older than the first decoy."""
    if AlarmCursor.objects.exists():
        return
    with connection.cursor() as db:
        db.execute(
            "insert into protection_alarmcursor (id, epoch, seq)"
            " select 1, epoch, size - 1 from audit_ledger order by epoch desc limit 1 on conflict do nothing"
        )
