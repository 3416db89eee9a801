"""The keys of a connection: what it signs its requests with, and what providers encrypt assertions to.

There are up to three: the one in use, a next one that providers can learn before it is used, and the one of before,
which still decrypts.  The secret halves are sealed under the root key.
"""

import base64
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from chancery.texts import message
from portal import clock
from portal.identity.sign_on.errors import ProviderFailed
from portal.identity.sign_on.secrets import seal, unseal
from tenants.sign_on.selectors import sealed_keys_of

BITS: Final = 3072
_VALID: Final = timedelta(days=3650)
"""How long the certificate says that it is valid; what ends a key is its rotation."""


def made_key(connection_id: UUID) -> tuple[bytes, str]:
    """Return a new key as it is kept, and its certificate in base64."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Chancery {connection_id}")])
    begins = datetime.fromtimestamp(clock.now(), UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + _VALID)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    der = certificate.public_bytes(serialization.Encoding.DER)
    return seal(connection_id, pem), base64.b64encode(der).decode()


def signing_key(connection_id: UUID) -> rsa.RSAPrivateKey:
    """Return the key in use.  Raises ProviderFailed for a connection that has none, and CannotUnseal."""
    found = sealed_keys_of(connection_id).get("current")
    if found is None:
        raise ProviderFailed(
            message("This connection has no key to sign with."), remedy=message("End it and connect the provider anew.")
        )
    return _opened(connection_id, found)


def decrypting_keys(connection_id: UUID) -> list[rsa.RSAPrivateKey]:
    """Return all keys to which a provider may have encrypted, the one in use first.  Raises CannotUnseal."""
    found = sealed_keys_of(connection_id)
    return [_opened(connection_id, found[use]) for use in ("current", "next", "previous") if use in found]


def _opened(connection_id: UUID, kept: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(unseal(connection_id, kept).encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
