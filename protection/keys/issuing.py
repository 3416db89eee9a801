"""Issuing keys: what signs certificates, licenses and the feed, for a day at a time (docs/protocol.md P14)."""

import threading
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from chancery.crypto import aead, bindings
from chancery.crypto.signatures import SigningKey, VerifyKey
from chancery.crypto.suites import signature_named, suite_named
from chancery.objects.trust import ISSUED_KINDS, MAX_LIFETIME, Chain, Delegation
from protection.keys.root import root_store
from protection.keys.tenant import OPENING, active_row, signer_of
from protection.models import IssuingKey, KeyStatus, TenantKey

RENEW_BEFORE: Final = 3_600
"""Seconds before the end of a delegation at which the next issuing key is made, so that no opening waits for it."""
MARGIN: Final = 360
"""Seconds a delegation reaches back, as far as the certificates that are issued under it."""
KEPT_SECONDS: Final = 10
"""How long a process signs without asking whether the tenant key behind it was withdrawn."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuing key in memory with its delegation, ready to sign."""

    key: SigningKey
    delegation: str
    not_before: int
    expires: int
    tenant_key: UUID


_kept: dict[UUID, tuple[float, Issuer]] = {}
_lock = threading.Lock()


def issuer(organization: UUID) -> Issuer:
    """Return the issuing key that signs for the current organization now; made anew shortly before it ends.

    Kept in the process for ten seconds.  Raises Unavailable when there is no active tenant key.
    """
    with _lock:
        kept = _kept.get(organization)
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    found = _load(organization)
    if not connection.in_atomic_block:
        # Inside a transaction the key may just have been made and may yet be rolled back.
        with _lock:
            _kept[organization] = (time.monotonic(), found)
    return found


def forget(organization: UUID) -> None:
    """Drop what this process keeps for an organization, after a change of its keys."""
    with _lock:
        _kept.pop(organization, None)


def forget_all() -> None:
    """Drop what this process keeps for any organization."""
    with _lock:
        _kept.clear()


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
    withdrawn = [bytes(row.signing_kid) for row in rows if row.status == KeyStatus.COMPROMISED]
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
    vouched_by_withdrawn = IssuingKey.objects.filter(tenant_key__status=KeyStatus.COMPROMISED)
    withdrawn += [bytes(kid) for kid in vouched_by_withdrawn.values_list("kid", flat=True)]
    return Chain(organization, signers, delegations, withdrawn=withdrawn)


def _database_time() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select floor(extract(epoch from clock_timestamp()))::bigint")
        return int(cursor.fetchone()[0])
