"""What the installation says of itself."""

from chancery.crypto.signatures import VerifyKey
from protection.keys.root import installation_key


def installation_public_key() -> VerifyKey:
    """Return the key that clients pin at sign-in."""
    return installation_key().verify_key
