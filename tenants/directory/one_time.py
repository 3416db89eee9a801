"""One-time codes and links: made here, kept only as hashes."""

import hashlib
import secrets
from datetime import timedelta

LIFETIME = timedelta(minutes=10)

# Neither vowels nor look-alikes: a code is read out loud and makes no words.
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
_LENGTH = 16


def new_code() -> str:
    """Return a code of 76 bits in four groups of four."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, _LENGTH, 4))


def code_hash(code: str) -> str:
    """Return what is kept of a code, the same for every spelling with or without hyphens."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(b"chancery/v1/enrollment-code\0" + plain.encode()).hexdigest()


def new_token() -> str:
    """Return the secret part of a sign-in link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is kept of a link."""
    return hashlib.sha256(b"chancery/v1/sign-in-link\0" + token.encode()).hexdigest()
