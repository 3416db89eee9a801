"""Wrapping keys: one per tenant key, under which the content keys of registered documents lie (docs/protocol.md P15).

A wrapping key is sealed to its tenant key alone and unsealed through the key store at least every ten seconds: when
the tenant key is withdrawn, everything under it stops opening at once.
"""

import secrets
import threading
import time
from typing import Final
from uuid import UUID

from chancery.crypto import aead, bindings, envelope
from chancery.errors import Unavailable
from chancery.texts import message
from protection.keys.tenant import public_halves, store_of
from protection.models import TenantKey, WrappingKey

KEPT_SECONDS: Final = 10

_kept: dict[tuple[UUID, UUID], tuple[float, bytes]] = {}
_lock = threading.Lock()


def create(*, organization: UUID, tenant_key: TenantKey) -> None:
    """Make the wrapping key of a new tenant key."""
    halves = public_halves(tenant_key)
    sealed = envelope.seal(
        halves.encryption, secrets.token_bytes(aead.KEY_SIZE), bindings.wrapping_key(org=organization, kid=halves.kid)
    )
    WrappingKey.objects.create(tenant_key=tenant_key, sealed=sealed)


def wrapping_key(organization: UUID, tenant_key: UUID) -> bytes:
    """Return the wrapping key of a tenant key of the current organization.

    Raises Unavailable when the tenant key is withdrawn, destroyed or compromised, or its store does not answer.
    """
    with _lock:
        kept = _kept.get((organization, tenant_key))
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    row = WrappingKey.objects.select_related("tenant_key").filter(tenant_key=tenant_key).first()
    if row is None:
        raise Unavailable(
            message("This tenant key has no wrapping key."), remedy=message("Restore the key from backup.")
        )
    kid = bytes(row.tenant_key.kid)
    key = envelope.unseal(
        store_of(organization, row.tenant_key), kid, bytes(row.sealed), bindings.wrapping_key(org=organization, kid=kid)
    )
    with _lock:
        _kept[organization, tenant_key] = (time.monotonic(), key)
    return key


def forget(organization: UUID) -> None:
    """Drop what this process keeps for an organization, after a change of its keys."""
    with _lock:
        for known in [known for known in _kept if known[0] == organization]:
            del _kept[known]


def forget_all() -> None:
    """Drop what this process keeps for any organization."""
    with _lock:
        _kept.clear()
