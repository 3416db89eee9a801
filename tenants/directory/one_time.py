"""One-time codes and links: made here, kept only as hashes."""

import hashlib
import secrets
from datetime import timedelta

LIFETIME = timedelta(minutes=10)

# Neither vowels nor look-alikes: a code is read out loud and makes no words.
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
_LENGTH = 16
_SHORT = 8


def new_code() -> str:
    """Return a code of 76 bits in four groups of four."""
    return _grouped(_LENGTH)


def new_short_code() -> str:
    """Return a code of 38 bits in two groups of four, for where few guesses are let through."""
    return _grouped(_SHORT)


def plain(code: str) -> str:
    """Return the one spelling of a code, which may be typed with or without hyphens and in small letters."""
    return "".join(character for character in code.upper() if character.isalnum())


def _grouped(length: int) -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(length))
    return "-".join(letters[start : start + 4] for start in range(0, length, 4))


def code_hash(code: str) -> str:
    """Return what is kept of a code, the same for every spelling with or without hyphens."""
    return hashlib.sha256(b"chancery/v1/enrollment-code\0" + plain(code).encode()).hexdigest()


def new_token() -> str:
    """Return the secret part of a sign-in link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is kept of a link."""
    return hashlib.sha256(b"chancery/v1/sign-in-link\0" + token.encode()).hexdigest()
