"""The subordinate keys of a tenant key: issuing keys and the wrapping key.

An issuing key signs certificates, licenses and the feed for at most a day (docs/protocol.md P14).  The wrapping key
encrypts the content keys of registered documents (P15); each tenant key has one, sealed to it alone.

A process keeps both for at most ten seconds, so that a compromised tenant key soon stops everything that depends on it.
"""

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from chancery.crypto import aead, bindings, envelope
from chancery.crypto.signatures import SigningKey, VerifyKey
from chancery.crypto.suites import signature_named, suite_named
from chancery.errors import Unavailable
from chancery.objects.trust import ISSUED_KINDS, MAX_LIFETIME, Chain, Delegation
from chancery.texts import message
from protection.keys.root import root_store
from protection.keys.tenant import OPENING, active_row, public_halves, signer_of, store_of
from protection.models import IssuingKey, KeyStatus, TenantKey, WrappingKey

RENEW_BEFORE: Final = 3_600
"""Seconds before the end of a delegation at which the next issuing key is made, so that no opening waits for it."""
MARGIN: Final = 360
"""Seconds a delegation reaches back, as far as the certificates that are issued under it."""
KEPT_SECONDS: Final = 10
"""How long a process uses a subordinate key without asking whether the tenant key behind it still opens."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuing key in memory with its delegation, ready to sign."""

    key: SigningKey
    delegation: str
    not_before: int
    expires: int
    tenant_key: UUID


_issuers: dict[UUID, tuple[float, Issuer]] = {}
_wrapping_keys: dict[tuple[UUID, UUID], tuple[float, bytes]] = {}
_lock = threading.Lock()


def issuer(organization: UUID) -> Issuer:
    """Return the issuing key that signs for the current organization now; made anew shortly before it ends.

    Kept in the process for ten seconds.  Raises Unavailable when there is no active tenant key.
    """
    with _lock:
        kept = _issuers.get(organization)
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    found = _load(organization)
    if not connection.in_atomic_block:
        # Inside a transaction the key may just have been made and may yet be rolled back.
        with _lock:
            _issuers[organization] = (time.monotonic(), found)
    return found


def create_wrapping_key(*, organization: UUID, tenant_key: TenantKey) -> None:
    """Make the wrapping key of a new tenant key."""
    halves = public_halves(tenant_key)
    sealed = envelope.seal(
        halves.encryption, secrets.token_bytes(aead.KEY_SIZE), bindings.wrapping_key(org=organization, kid=halves.kid)
    )
    WrappingKey.objects.create(tenant_key=tenant_key, sealed=sealed)


def wrapping_key(organization: UUID, tenant_key: UUID) -> bytes:
    """Return the wrapping key of a tenant key of the current organization.

    Raises Unavailable when the tenant key is destroyed or compromised, or its store does not answer.
    """
    with _lock:
        kept = _wrapping_keys.get((organization, tenant_key))
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
        _wrapping_keys[organization, tenant_key] = (time.monotonic(), key)
    return key


def forget(organization: UUID) -> None:
    """Drop what this process keeps for an organization, after a change of its keys."""
    with _lock:
        _issuers.pop(organization, None)
        for known in [known for known in _wrapping_keys if known[0] == organization]:
            del _wrapping_keys[known]


def forget_all() -> None:
    """Drop what this process keeps for any organization."""
    with _lock:
        _issuers.clear()
        _wrapping_keys.clear()


def _load(organization: UUID) -> Issuer:
    now = _database_time()
    tenant = active_row()
    row = _usable(tenant, now)
    if row is None:
        with transaction.atomic():
            TenantKey.objects.select_for_update().get(id=tenant.id)
            row = _usable(tenant, now) or _make(organization, tenant, now)
    if row.private is None:
        raise AssertionError("a usable issuing key has its private half")
    kid = bytes(row.kid)
    private = aead.unwrap(
        root_store().organization_key(organization), bytes(row.private), bindings.issuing_key(org=organization, kid=kid)
    )
    key = SigningKey(signature_named(row.algorithm), private)
    return Issuer(key, row.delegation, row.not_before, row.expires, tenant.id)


def _usable(tenant: TenantKey, now: int) -> IssuingKey | None:
    return (
        IssuingKey.objects.filter(tenant_key=tenant, private__isnull=False, expires__gt=now + RENEW_BEFORE)
        .order_by("-expires")
        .first()
    )


def _make(organization: UUID, tenant: TenantKey, now: int) -> IssuingKey:
    key = SigningKey.generate(suite_named(tenant.suite).signature)
    # So that what a client signs in this very second lies inside although its clock is five minutes behind.
    not_before = now - MARGIN
    delegation = Delegation(
        org=organization, key=key.verify_key, uses=ISSUED_KINDS, nbf=not_before, exp=not_before + MAX_LIFETIME
    )
    wrapped = aead.wrap(
        root_store().organization_key(organization),
        key.private_bytes(),
        bindings.issuing_key(org=organization, kid=key.key_id),
    )
    IssuingKey.objects.filter(expires__lte=now).update(private=None)
    return IssuingKey.objects.create(
        kid=key.key_id,
        tenant_key=tenant,
        algorithm=key.verify_key.algorithm.name,
        public=key.verify_key.raw,
        private=wrapped,
        delegation=delegation.sign(signer_of(organization, tenant)),
        not_before=delegation.nbf,
        expires=delegation.exp,
    )


def chain(organization: UUID) -> Chain:
    """Return what the service itself believes: its own delegations by tenant keys that are not compromised."""
    rows = list(TenantKey.objects.all())
    signers = {
        bytes(row.signing_kid): VerifyKey(suite_named(row.suite).signature, bytes(row.signing_public))
        for row in rows
        if row.status in OPENING
    }
    compromised = [bytes(row.signing_kid) for row in rows if row.status == KeyStatus.COMPROMISED]
    delegations = [
        Delegation(
            org=organization,
            key=VerifyKey(signature_named(row.algorithm), bytes(row.public)),
            uses=ISSUED_KINDS,
            nbf=row.not_before,
            exp=row.expires,
        )
        for row in IssuingKey.objects.filter(tenant_key__status__in=OPENING)
    ]
    under_compromised = IssuingKey.objects.filter(tenant_key__status=KeyStatus.COMPROMISED)
    compromised += [bytes(kid) for kid in under_compromised.values_list("kid", flat=True)]
    return Chain(organization, signers, delegations, compromised=compromised)


def _database_time() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select floor(extract(epoch from clock_timestamp()))::bigint")
        return int(cursor.fetchone()[0])
