"""What drawing a viewer-only document takes from the service: its content key, and a record where it came to nothing.

The opening was decided and recorded before (``decide.py``); see docs/protocol.md P23.
"""

from uuid import UUID

from chancery.crypto import aead, bindings
from chancery.errors import InvalidFile, NotFound, Revoked
from chancery.ledger.kinds import Kind, Outcome
from chancery.sealing.read import SealedFile, UnlockedFile
from chancery.texts import message
from protection.actor import Actor
from protection.keys.subordinate import chain, wrapping_key
from protection.models import Content, Edition
from protection.services.recording import record_action


def unlocked(file: SealedFile, *, organization: UUID, cid: UUID, pl: bytes, seal: bytes, rev: int) -> UnlockedFile:
    """Return the file for which an opening was allowed, with its key; it is verified as by a reader's program.

    Raises InvalidFile for any other file, NotFound, Revoked when access changed, and Unavailable.
    """
    if file.publishing_license.digest != pl or file.body_seal.digest != seal:
        raise InvalidFile(message("This is another file than the one that was asked for."))
    return file.verify(chain(organization)).unlock(_content_key(organization, cid, seal, rev))


def _content_key(organization: UUID, cid: UUID, seal: bytes, rev: int) -> bytes:
    edition = Edition.objects.select_related("content__tenant_key").filter(content_id=cid, seal_digest=seal).first()
    if edition is None:
        raise NotFound(message("There is no such edition of the document."))
    check_unchanged(cid=cid, rev=rev)
    key = edition.content.tenant_key
    binding = bindings.content_key(org=organization, kid=bytes(key.kid), cid=cid, seal_digest=seal)
    return aead.unwrap(wrapping_key(organization, key.id), bytes(edition.wrapped_key), binding)


def check_unchanged(*, cid: UUID, rev: int) -> None:
    """Raise Revoked when anything was taken away from anybody since the opening was decided."""
    if not Content.objects.filter(cid=cid, rev=rev).exists():
        raise Revoked(message("Access to this document was changed while it was being shown."))


def record_not_drawn(*, actor: Actor, cid: UUID, event: UUID, reason: str) -> None:
    """Record that an opening was allowed, but that nothing of the document was shown."""
    record_action(
        Kind.LICENSE_RELEASE_FAILED,
        actor,
        outcome=Outcome.FAILED,
        reason=reason,
        content=Content.objects.get(cid=cid),
        details={"of": str(event)},
    )
