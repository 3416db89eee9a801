"""Accept or block a document whose registration was pending (docs/protocol.md P5)."""

from uuid import UUID

from django.db import transaction

from chancery.errors import NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.permission import Permission
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, RegistrationState
from protection.services.feed import touch
from protection.services.paused import refuse_paused
from protection.services.recording import record_action


@transaction.atomic
def accept(*, actor: Actor, cid: UUID) -> bool:
    """Believe a pending registration; return whether anything changed.

    Administrators only; raises NotFound and PausedGivesNothing.
    """
    return _decide(actor, cid, RegistrationState.REGISTERED, Kind.CONTENT_ACCEPTED)


@transaction.atomic
def block(*, actor: Actor, cid: UUID, reason: str = "") -> bool:
    """Refuse a pending registration for good; return whether that changed it.  The event keeps the reason.

    Administrators only; raises NotFound.
    """
    return _decide(actor, cid, RegistrationState.BLOCKED, Kind.CONTENT_BLOCKED, reason)


def _decide(actor: Actor, cid: UUID, state: RegistrationState, kind: Kind, reason: str = "") -> bool:
    content = Content.objects.select_for_update().filter(cid=cid).first()
    if content is None or not actor.may(Permission.DOCUMENTS_REVOKE):
        raise NotFound(message("There is no such document, or you may not decide about it."))
    if content.registration != RegistrationState.PENDING:
        return False
    if state == RegistrationState.REGISTERED:
        refuse_paused(actor)
    content.registration = state
    # Blocked means blocked: its issuer, whom no registration stops, included.
    content.issuer_blocked = state == RegistrationState.BLOCKED
    content.save(update_fields=["registration", "issuer_blocked"])
    touch()
    record_action(kind, actor, content=content, details={"note": reason} if reason else None)
    return True
