"""The log key: it signs the ledger's checkpoints, and reports that lead to these (docs/protocol.md P14)."""

from uuid import UUID

from chancery.crypto import aead
from chancery.crypto.bindings import log_key as log_key_binding
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import ED25519
from chancery.errors import Unavailable
from chancery.texts import message
from protection.keys.root import root_store
from protection.models import LogKey


def create(organization: UUID) -> bytes:
    """Make the log key of a new organization; return its raw public half."""
    key = SigningKey.generate(ED25519)
    wrapped = aead.wrap(
        root_store().organization_key(organization),
        key.private_bytes(),
        log_key_binding(org=organization, kid=key.key_id),
    )
    LogKey.objects.create(kid=key.key_id, public=key.verify_key.raw, private=wrapped)
    return key.verify_key.raw


def public_half() -> bytes:
    """Return the raw public half of the current organization's log key.  Raises Unavailable before activation."""
    return bytes(_row().public)


def signer(organization: UUID) -> SigningKey:
    """Return the log key, ready to sign checkpoints and reports."""
    row = _row()
    binding = log_key_binding(org=organization, kid=bytes(row.kid))
    return SigningKey(ED25519, aead.unwrap(root_store().organization_key(organization), bytes(row.private), binding))


def _row() -> LogKey:
    row = LogKey.objects.order_by("-created_at").first()
    if row is None:
        raise Unavailable(message("This organization has no log key."), remedy=message("Activate the service first."))
    return row
