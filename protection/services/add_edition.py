"""Register one edition, its content key wrapped for it alone."""

from datetime import UTC, datetime
from uuid import UUID

from chancery.crypto import aead, bindings
from chancery.objects.body import VerifiedSeal
from protection.keys.subordinate import wrapping_key
from protection.models import Content, Edition, FeedHead


def add_edition(
    *, organization: UUID, content: Content, seal: VerifiedSeal, content_key: bytes, continues: Edition | None = None
) -> Edition:
    """Insert the edition; ``continues`` is the one whose key it keeps, None when its key is new.

    The edition remembers what had been withdrawn when its key was made: whatever is withdrawn later may concern
    a person who knows the key (docs/protocol.md P11).
    """
    facts = seal.seal.facts
    binding = bindings.content_key(
        org=organization, kid=bytes(content.tenant_key.kid), cid=content.cid, seal_digest=seal.seal.digest
    )
    if continues is None:
        key_rev, key_seq = content.rev, FeedHead.objects.values_list("seq", flat=True).get(id=1)
    else:
        key_rev, key_seq = continues.key_rev, continues.key_seq
    return Edition.objects.create(
        content=content,
        n=facts.n,
        seal_digest=seal.seal.digest,
        previous=facts.prev,
        person_id=seal.sealer.sub,
        device_id=seal.sealer.dev,
        wrapped_key=aead.wrap(wrapping_key(organization, content.tenant_key_id), content_key, binding),
        key_rev=key_rev,
        key_seq=key_seq,
        made_at=datetime.fromtimestamp(seal.seal.iat, UTC),
    )
