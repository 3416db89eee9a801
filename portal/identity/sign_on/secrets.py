"""Secrets that connections to other systems hold: clients' secrets, providers' tokens, passwords of bind accounts.

They are sealed under the root key, which no database dump holds, each for its purpose and its connection.
"""

from uuid import UUID

from django.conf import settings

from chancery.crypto import aead, labels


def seal(connection_id: UUID, text: str, *, purpose: bytes = labels.SIGN_ON) -> bytes:
    """Return what is kept; it opens for this connection and purpose alone."""
    return aead.wrap(settings.CHANCERY_ROOT_KEY, text.encode(), purpose + connection_id.bytes)


def unseal(connection_id: UUID, kept: bytes, *, purpose: bytes = labels.SIGN_ON) -> str:
    """Return the text.  Raises CannotUnseal."""
    return aead.unwrap(settings.CHANCERY_ROOT_KEY, kept, purpose + connection_id.bytes).decode()
