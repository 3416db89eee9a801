"""Name the document that replaces another one, to which its refused readers are led."""

from uuid import UUID

from django.db import transaction

from chancery.errors import ChanceryError
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content
from protection.selectors.decisions import ADMINISTRATOR
from protection.services.access import basis_of, managed_content
from protection.services.recording import record_action


class NotASuccessor(ChanceryError):
    """The document cannot replace the other one, or the caller may not say that it does."""

    code = "not_a_successor"
    remedy = message("Name another document that you protected or own.")


@transaction.atomic
def name_successor(*, actor: Actor, cid: UUID, successor: UUID | None) -> bool:
    """Name the document that replaces another one, or none any more; return whether that changed anything.

    Raises NotFound and NotASuccessor.
    """
    content, basis = managed_content(actor, cid)
    if successor is not None:
        checked_successor(actor, content, successor)
    if content.successor_id == successor:
        return False
    content.successor_id = successor
    content.save(update_fields=["successor_id"])
    named = {} if successor is None else {"successor": str(successor)}
    record_action(Kind.CONTENT_SUCCESSOR_NAMED, actor, content=content, details={"basis": basis, **named})
    return True


def checked_successor(actor: Actor, content: Content, successor: UUID) -> None:
    """Raise NotASuccessor unless a document may be named: one that the actor decides about, or of the same owner.

    A refused reader learns by it that there is another document, so nobody may name what is not theirs to show.
    """
    found = Content.objects.filter(cid=successor).only("cid", "issuer_id", "handed_over_at", "owner_id", "successor_id")
    other = found.first()
    basis = None if other is None else basis_of(actor, other.deciding_issuer, other.owner_id)
    if other is None or basis is None or (basis == ADMINISTRATOR and other.owner_id != content.owner_id):
        raise NotASuccessor(message("There is no such document, or it is not yours to name."))
    if content.cid in {other.cid, other.successor_id}:
        raise NotASuccessor(message("A document cannot replace itself."))
