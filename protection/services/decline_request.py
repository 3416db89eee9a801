"""Answer a request for access with no."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from chancery.ledger.kinds import Kind
from protection.actor import Actor
from protection.models import RequestState
from protection.services.access import open_request
from protection.services.recording import record_action


@transaction.atomic
def decline_request(*, actor: Actor, request_id: UUID, message: str = "") -> None:
    """Decline, with a message for the person who asked; issuer and owner may.  Nothing about the document changes.

    Raises NotFound, OnlyTheOwner and AlreadyAnswered.
    """
    request, content, basis = open_request(actor, request_id)
    request.state, request.answered_by = RequestState.DECLINED, actor.person
    request.answered_at, request.message = Now(), message[:500]
    request.save(update_fields=["state", "answered_by", "answered_at", "message"])
    record_action(
        Kind.ACCESS_DECLINED,
        actor,
        content=content,
        recipient=request.address,
        details={
            "request": str(request.id),
            "basis": basis,
            **({"reason": request.message} if request.message else {}),
        },
    )
