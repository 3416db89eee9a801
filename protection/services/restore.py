"""Give back what a revocation took away."""

from uuid import UUID

from django.db import transaction

from protection.events import Actor, Kind
from protection.models import Content, ContentRevocation
from protection.selectors.standing import ADMINISTRATOR
from protection.services.access import managed_content
from protection.services.change import Widening
from protection.services.feed import touch
from protection.services.recording import record_action
from protection.texts import say


@transaction.atomic
def restore(*, actor: Actor, cid: UUID, recipient: str = "") -> None:
    """Undo a revocation of the document, or of one recipient's address; issuer, owner and administrators may.

    An administrator by role brings back what issuer or owner had last set, therefore he undoes what an administrator
    revoked and never what they revoked themselves (PROTOCOL P18).  Restoring what is not revoked changes nothing.
    Raises NotFound and Widening.
    """
    content, ground = managed_content(actor, cid)
    if ground == ADMINISTRATOR and _revoked_by(content, recipient) in {content.issuer_id, content.owner_id}:
        raise Widening(
            say("The owner revoked this himself; only he gives it back."), remedy=say("Ask the owner to restore it.")
        )
    if not recipient:
        content.revoked_at = content.revoked_by = None
        content.save(update_fields=["revoked_at", "revoked_by"])
    else:
        ContentRevocation.objects.filter(content=content, address=recipient).delete()
    touch()
    record_action(Kind.CONTENT_RESTORED, actor, content_id=cid, title=content.title, details={"ground": ground})


def _revoked_by(content: Content, recipient: str) -> UUID | None:
    if not recipient:
        return content.revoked_by
    return content.revocations.filter(address=recipient).values_list("revoked_by", flat=True).first()
