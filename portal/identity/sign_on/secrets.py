"""Client secrets and providers' tokens, sealed under the root key, which no database dump holds."""

from uuid import UUID

from django.conf import settings

from chancery.crypto import aead, labels


def seal(connection_id: UUID, text: str) -> bytes:
    """Return what is kept; it opens for this connection alone."""
    return aead.wrap(settings.CHANCERY_ROOT_KEY, text.encode(), labels.SIGN_ON + connection_id.bytes)


def unseal(connection_id: UUID, kept: bytes) -> str:
    """Return the text.  Raises CannotUnseal."""
    return aead.unwrap(settings.CHANCERY_ROOT_KEY, kept, labels.SIGN_ON + connection_id.bytes).decode()
