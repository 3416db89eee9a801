"""Tenant keys: made, kept wrapped, and used through the key-store port (``chancery.crypto.store``).

A store is named in the row.  ``software`` keeps both private halves in the row, wrapped by the organization's
key-encryption key; stores of hardware tokens and remote services keep them elsewhere and offer ``agree``,
``rsa_decrypt`` and ``sign``.  Only ``envelope.unseal`` composes what a store offers.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chancery.crypto import aead, bindings
from chancery.crypto.keys import EncryptionPrivateKey, EncryptionPublicKey
from chancery.crypto.signatures import SigningKey, VerifyKey
from chancery.crypto.store import SoftwareKeyStore
from chancery.crypto.suites import Suite, suite_named
from chancery.errors import Unavailable
from chancery.texts import message
from protection.keys.root import root_store
from protection.models import KeyStatus, TenantKey

SOFTWARE: Final = "software"
OPENING: Final = (KeyStatus.ACTIVE, KeyStatus.ARCHIVED)
"""Statuses whose key may open content."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both public halves of one tenant key."""

    kid: bytes
    suite: Suite
    encryption: EncryptionPublicKey
    signing: VerifyKey
    status: str


def create(*, organization: UUID, suite: str, status: str, created_by: UUID | None) -> TenantKey:
    """Make a tenant key in software and store it wrapped.  Raises UnknownSuite."""
    chosen = suite_named(suite)
    encryption = EncryptionPrivateKey.generate(chosen.kem)
    signing = SigningKey.generate(chosen.signature)
    kek = root_store().organization_key(organization)
    return TenantKey.objects.create(
        kid=encryption.key_id,
        signing_kid=signing.key_id,
        suite=chosen.name,
        store=SOFTWARE,
        status=status,
        created_by=created_by,
        encryption_public=encryption.public.raw,
        signing_public=signing.verify_key.raw,
        encryption_private=aead.wrap(
            kek, encryption.private_bytes(), bindings.tenant_key(org=organization, kid=encryption.key_id, use="enc")
        ),
        signing_private=aead.wrap(
            kek, signing.private_bytes(), bindings.tenant_key(org=organization, kid=signing.key_id, use="sig")
        ),
    )


def public_halves(row: TenantKey) -> KeyPair:
    """Return the public halves of a row, checked against its ids."""
    suite = suite_named(row.suite)
    encryption = EncryptionPublicKey(suite.kem, bytes(row.encryption_public))
    signing = VerifyKey(suite.signature, bytes(row.signing_public))
    if encryption.key_id != bytes(row.kid) or signing.key_id != bytes(row.signing_kid):
        raise Unavailable(
            message("A tenant key's public half does not match its id."), remedy=message("Restore the key from backup.")
        )
    return KeyPair(encryption.key_id, suite, encryption, signing, row.status)


def store_of(organization: UUID, row: TenantKey) -> SoftwareKeyStore:
    """Return a store that holds this key's decrypting half.  Raises Unavailable when the key may not open."""
    if row.status not in OPENING or row.encryption_private is None:
        raise Unavailable(
            message("This tenant key may no longer open anything."), remedy=message("Ask the key manager.")
        )
    kek = root_store().organization_key(organization)
    kid = bytes(row.kid)
    private = aead.unwrap(kek, bytes(row.encryption_private), bindings.tenant_key(org=organization, kid=kid, use="enc"))
    return SoftwareKeyStore([EncryptionPrivateKey(suite_named(row.suite).kem, private)])


def signer_of(organization: UUID, row: TenantKey) -> SigningKey:
    """Return the tenant signing key, which signs delegations and nothing else (docs/protocol.md P14)."""
    if row.signing_private is None:
        raise Unavailable(message("This tenant key may no longer sign."), remedy=message("Ask the key manager."))
    kek = root_store().organization_key(organization)
    kid = bytes(row.signing_kid)
    private = aead.unwrap(kek, bytes(row.signing_private), bindings.tenant_key(org=organization, kid=kid, use="sig"))
    return SigningKey(suite_named(row.suite).signature, private)


def active_row() -> TenantKey:
    """Return the current organization's active tenant key.  Raises Unavailable when there is none."""
    row = TenantKey.objects.filter(status=KeyStatus.ACTIVE).first()
    if row is None:
        raise Unavailable(
            message("This organization has no active tenant key."), remedy=message("Create a key on the keys page.")
        )
    return row
