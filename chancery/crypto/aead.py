"""Keys at rest: AES-256-GCM with a random 96-bit nonce and associated data that names the row.

A random nonce is safe for 2^32 wraps under one key at a collision chance of 2^-32; the protocol allows 2^31.  The
associated data (from ``bindings.py``) makes a row copied into another organization or document useless.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chancery.errors import CannotUnseal, InvalidObject
from chancery.texts import message

KEY_SIZE: Final = 32
OVERHEAD: Final = 12 + 16


def wrap(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Return nonce‖ciphertext‖tag."""
    return wrap_with_nonce(key, plaintext, aad, nonce=secrets.token_bytes(12))


def wrap_with_nonce(key: bytes, plaintext: bytes, aad: bytes, *, nonce: bytes) -> bytes:
    """Do the work of ``wrap`` with the nonce as an argument, so that vectors exist; call ``wrap``."""
    return nonce + _cipher(key).encrypt(nonce, plaintext, aad)


def unwrap(key: bytes, blob: bytes, aad: bytes) -> bytes:
    """Return the plaintext, or raise ``CannotUnseal`` without saying which part did not match."""
    cipher = _cipher(key)
    if len(blob) < OVERHEAD:
        raise CannotUnseal(message("The wrapped key is too short."))
    try:
        return cipher.decrypt(blob[:12], blob[12:], aad)
    except InvalidTag:
        raise CannotUnseal(message("The wrapped key does not open.")) from None


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_SIZE:
        raise InvalidObject(message("A wrapping key has 32 bytes."))
    return AESGCM(key)
