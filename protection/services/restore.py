"""Give back what a revocation took away."""

from uuid import UUID

from django.db import transaction

from protection.events import Actor, Kind
from protection.models import ContentRevocation
from protection.services.access import managed_content
from protection.services.feed import touch
from protection.services.recording import record_action


@transaction.atomic
def restore(*, actor: Actor, cid: UUID, recipient: UUID | None = None) -> None:
    """Undo a revocation of the document, or of one recipient; issuer, owner and administrators may.

    Nothing is widened beyond what issuer or owner had set, therefore administrators may do it by role (PROTOCOL P18).
    Restoring what is not revoked changes nothing.  Raises NotFound.
    """
    content, ground = managed_content(actor, cid)
    if recipient is None:
        content.revoked_at = content.revoked_by = None
        content.save(update_fields=["revoked_at", "revoked_by"])
    else:
        ContentRevocation.objects.filter(content=content, identity=recipient).delete()
    touch()
    record_action(Kind.CONTENT_RESTORED, actor, content_id=cid, title=content.title, details={"ground": ground})
