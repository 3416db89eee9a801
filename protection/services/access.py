"""On which ground a person may manage one document; every managing service asks here (PROTOCOL P18)."""

from uuid import UUID

from protection.errors import NotFound
from protection.events import Actor
from protection.licensing.evaluate import Basis
from protection.models import Content

ADMINISTRATOR = "administrator"


def managed_content(actor: Actor, cid: UUID) -> tuple[Content, str]:
    """Return the locked content row and the ground: ``issuer``, ``owner`` or ``administrator``.

    Raises NotFound for everybody else: that a document exists is nobody's business who may not manage it.
    """
    content = Content.objects.select_for_update().filter(cid=cid).first()
    ground = None if content is None else ground_of(actor, content.issuer_id, content.owner_id)
    if content is None or ground is None:
        raise NotFound("There is no such document, or you may not manage it.")
    return content, ground


def ground_of(actor: Actor, issuer: UUID, owner: UUID) -> str | None:
    """Return on which ground the actor manages a document of this issuer and owner, or None."""
    if actor.person == issuer:
        return Basis.ISSUER.value
    if actor.person == owner:
        return Basis.OWNER.value
    return ADMINISTRATOR if actor.administrator else None
