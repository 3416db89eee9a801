"""Give back what a revocation took away."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, ContentRevocation
from protection.selectors.decisions import ADMINISTRATOR
from protection.services.access import managed_content
from protection.services.change import Widening
from protection.services.feed import touch
from protection.services.recording import record_action


@dataclass(frozen=True, slots=True)
class Restored:
    """Whether anything was given back, and what is still taken back: from these addresses, from everybody."""

    changed: bool
    addresses: tuple[str, ...]
    everybody: bool


@transaction.atomic
def restore(*, actor: Actor, cid: UUID, recipient: str = "") -> Restored:
    """Undo a revocation of the document, or of one recipient's address; issuer, owner and administrators may.

    An administrator by role brings back what issuer or owner had last set, therefore they undo what an administrator
    revoked and never what issuer or owner revoked (docs/protocol.md P18).  Restoring what is not revoked changes
    nothing and is not recorded.  Raises NotFound and Widening.
    """
    content, basis = managed_content(actor, cid)
    if not may_give_back(basis, _revoked_by(content, recipient), content.deciding_issuer, content.owner_id):
        raise Widening(
            message("The owner took this access back; only they give it back."),
            remedy=message("Ask the owner to restore it."),
        )
    changed = _give_back(content, recipient)
    if changed:
        touch()
        record_action(
            Kind.CONTENT_RESTORED,
            actor,
            content=content,
            recipient=recipient,
            details={"basis": basis, **({"recipient": "one"} if recipient else {})},
        )
    rows = ContentRevocation.objects.filter(content=content).order_by("address")
    return Restored(changed, tuple(rows.values_list("address", flat=True)), content.revoked_at is not None)


def may_give_back(basis: str, taken_by: UUID | None, issuer: UUID | None, owner: UUID) -> bool:
    """Tell whether a person who manages a document on this basis gives back what was taken back by this person."""
    return basis != ADMINISTRATOR or taken_by not in {issuer, owner}


def _give_back(content: Content, recipient: str) -> bool:
    if recipient:
        deleted, _ = ContentRevocation.objects.filter(content=content, address=recipient).delete()
        return bool(deleted)
    if content.revoked_at is None:
        return False
    content.revoked_at = content.revoked_by = None
    content.save(update_fields=["revoked_at", "revoked_by"])
    return True


def _revoked_by(content: Content, recipient: str) -> UUID | None:
    if not recipient:
        return content.revoked_by
    return content.revocations.filter(address=recipient).values_list("revoked_by", flat=True).first()
