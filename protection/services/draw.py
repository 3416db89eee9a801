"""What drawing a viewer-only document takes from the service: its content key, and a record where it came to nothing.

The opening was decided and recorded before (``decide.py``); see docs/protocol.md P23.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Exists, Value
from django.db.models.functions import Now
from django.db.models.lookups import GreaterThan

from chancery.crypto import aead, bindings
from chancery.errors import InvalidFile, NotFound, Revoked
from chancery.ledger.kinds import Kind, Outcome
from chancery.sealing.read import SealedFile, UnlockedFile
from chancery.texts import message
from protection.actor import Actor
from protection.keys.subordinate import chain, wrapping_key
from protection.models import Content, Edition, FeedEntry
from protection.services.recording import record_action


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an opening was allowed under: pages are shown for as long as a kept license could be used (P24).

    ``feed`` are the ids by which the license can be revoked, ``seq`` is the number that the feed had then.
    """

    cid: UUID
    rev: int
    seq: int
    feed: tuple[bytes, ...]
    until: int


def unlocked(file: SealedFile, *, organization: UUID, pl: bytes, seal: bytes, allowed: Allowed) -> UnlockedFile:
    """Return the file for which an opening was allowed, with its key; it is verified as by a reader's program.

    Raises InvalidFile for any other file, NotFound, Revoked when access changed, and Unavailable.
    """
    if file.publishing_license.digest != pl or file.body_seal.digest != seal:
        raise InvalidFile(message("This is another file than the one that was asked for."))
    return file.verify(chain(organization)).unlock(_content_key(organization, seal, allowed))


def _content_key(organization: UUID, seal: bytes, allowed: Allowed) -> bytes:
    cid = allowed.cid
    edition = Edition.objects.select_related("content__tenant_key").filter(content_id=cid, seal_digest=seal).first()
    if edition is None:
        raise NotFound(message("There is no such edition of the document."))
    check_unchanged(allowed)
    key = edition.content.tenant_key
    binding = bindings.content_key(org=organization, kid=bytes(key.kid), cid=cid, seal_digest=seal)
    return aead.unwrap(wrapping_key(organization, key.id), bytes(edition.wrapped_key), binding)


def check_unchanged(allowed: Allowed) -> None:
    """Raise Revoked when the license is over, or anything was taken away that it rests on.

    That is: from the document, the person, the device, the template, the key or the organization.
    """
    withdrawn = FeedEntry.objects.filter(seq__gt=allowed.seq, feed_id__in=allowed.feed)
    until = Value(datetime.fromtimestamp(allowed.until, UTC))
    same = Content.objects.filter(~Exists(withdrawn), GreaterThan(until, Now()), cid=allowed.cid, rev=allowed.rev)
    if not same.exists():
        raise Revoked(message("Access to this document has ended or was changed while it was being shown."))


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
