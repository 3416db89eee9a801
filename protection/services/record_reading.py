"""Record that somebody read, by their role, what is known about others (promise C74)."""

from uuid import UUID

from django.db import transaction

from chancery.ledger.kinds import Kind
from protection.actor import Actor
from protection.models import Content
from protection.services.recording import record_action


@transaction.atomic
def record_reading(*, actor: Actor, what: str, about: str = "", cid: UUID | None = None) -> None:
    """Record a reading; ``about`` is the address of the person or group, ``cid`` the document that it is about.

    Of a document that is not there nothing is read.
    """
    content = None if cid is None else Content.objects.filter(cid=cid).first()
    if cid is not None and content is None:
        return
    record_action(Kind.PERSONAL_DATA_READ, actor, content=content, recipient=about, details={"what": what})
