"""What every sealed blob and every wrapped key is bound to.

One function for each purpose builds the bytes that enter HPKE as ``info`` or AES-256-GCM as associated data.  All
parts have fixed lengths, so two different sets of values never give the same bytes; a wrong length raises here.
"""

from typing import Literal
from uuid import UUID

from chancery.crypto import labels
from chancery.errors import InvalidObject
from chancery.texts import message


def pl_envelope(*, org: UUID, cid: UUID, kid: bytes) -> bytes:
    """``info`` of the envelope in a publishing license."""
    return labels.PL_ENVELOPE + org.bytes + cid.bytes + _hash(kid)


def ul_key(*, org: UUID, cid: UUID, dev: UUID, jti: UUID) -> bytes:
    """``info`` of the content key in a use license."""
    return labels.UL_KEY + org.bytes + cid.bytes + dev.bytes + jti.bytes


def ul_batch(*, org: UUID, dev: UUID, jti: UUID) -> bytes:
    """``info`` of the one blob of content keys in a batch of use licenses."""
    return labels.UL_BATCH + org.bytes + dev.bytes + jti.bytes


def carried_license(*, org: UUID, pl: bytes, nonce: bytes) -> bytes:
    """``info`` of a whole use license that is carried beside a sealed file."""
    if len(nonce) != 16:
        raise InvalidObject(message("The nonce of a license that was sent ahead has 16 bytes."))
    return labels.CARRIED_LICENSE + org.bytes + _hash(pl) + nonce


def edition(*, org: UUID, cid: UUID, n: int, device_key_id: bytes) -> bytes:
    """``info`` of a new content key that a body seal brings to the tenant key."""
    if not 1 <= n < 1 << 53:
        raise InvalidObject(message("An edition number is between 1 and 2^53."))
    return labels.EDITION + org.bytes + cid.bytes + n.to_bytes(8, "big") + _hash(device_key_id)


def wrapping_key(*, org: UUID, kid: bytes) -> bytes:
    """``info`` of a wrapping key sealed to its tenant key."""
    return labels.WRAPPING_KEY + org.bytes + _hash(kid)


def rendering_part(*, org: UUID, jti: UUID, number: int) -> bytes:
    """``info`` of a part of a sealed file on its way to what draws it."""
    return labels.RENDERING_PART + org.bytes + jti.bytes + number.to_bytes(4, "big")


def rendering_page(*, org: UUID, dev: UUID, jti: UUID, number: int) -> bytes:
    """``info`` of a drawn page on its way to the reader's device."""
    return labels.RENDERING_PAGE + org.bytes + dev.bytes + jti.bytes + number.to_bytes(4, "big")


def content_key(*, org: UUID, kid: bytes, cid: UUID, seal_digest: bytes) -> bytes:
    """Associated data of the content key of one edition, wrapped for the registered content."""
    return labels.CONTENT_KEY + org.bytes + _hash(kid) + cid.bytes + _hash(seal_digest)


def tenant_key(*, org: UUID, kid: bytes, use: Literal["enc", "sig"]) -> bytes:
    """Associated data of a tenant private key at rest."""
    return labels.TENANT_KEY + org.bytes + _hash(kid) + use.encode("ascii")


def issuing_key(*, org: UUID, kid: bytes) -> bytes:
    """Associated data of an issuing private key at rest."""
    return labels.ISSUING_KEY + org.bytes + _hash(kid)


def log_key(*, org: UUID, kid: bytes) -> bytes:
    """Associated data of a log key at rest."""
    return labels.LOG_KEY + org.bytes + _hash(kid)


def organization_key(*, org: UUID) -> bytes:
    """Associated data of an organization's key-encryption key, wrapped by the root key."""
    return labels.ORGANIZATION_KEY + org.bytes


def _hash(value: bytes) -> bytes:
    if len(value) != 32:
        raise InvalidObject(message("A key id or digest has 32 bytes."))
    return value
