"""Issue the certificates that let a device open and publish (docs/protocol.md P5, P14)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction

from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import VerifyKey
from chancery.ledger.kinds import Kind
from chancery.objects.account import LIFETIME as ACCOUNT_LIFETIME
from chancery.objects.account import AccountCertificate
from chancery.objects.feed import derived_feed_id
from chancery.objects.licensor import LIFETIME as LICENSOR_LIFETIME
from chancery.objects.licensor import LicensorCertificate, May
from protection.actor import Actor
from protection.keys.root import installation_key
from protection.keys.subordinate import issuer
from protection.models import Certificate, KeyStatus, ServiceSettings, TenantKey
from protection.services.directory import Directory
from protection.services.protecting import require_may_protect
from protection.services.recording import record_action
from protection.services.running import require_running

CLOCK_MARGIN: Final = 360
"""Seconds a certificate reaches back: the five minutes by which a client's clock may be behind, and one on the way."""


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """A device as its row states it."""

    id: UUID
    person: UUID
    signing: VerifyKey
    encryption: EncryptionPublicKey
    platform: str


def account_certificate(*, iss: str, device: DeviceKeys, now: int, ends: int | None = None) -> str:
    """Return a rights account certificate (RAC): this device belongs to this person, for 31 days or until it ends.

    The enrolment that asks for it is recorded by the directory; renewing one is no event of its own.
    """
    return AccountCertificate(
        iss=iss,
        jti=uuid4(),
        sub=device.person,
        dev=device.id,
        signing_key=device.signing,
        encryption_key=device.encryption,
        platform=device.platform,
        iat=now,
        exp=now + ACCOUNT_LIFETIME if ends is None else min(ends, now + ACCOUNT_LIFETIME),
    ).sign(installation_key())


@dataclass(frozen=True, slots=True)
class Licensor:
    """A client licensor certificate, the delegation behind its signature, and the feed ids that take it back.

    By these the device gives up what it keeps for itself of documents it published (P10).
    """

    certificate: str
    delegation: str
    feed: tuple[bytes, ...]


@transaction.atomic
def licensor_certificate(
    *,
    organization: UUID,
    actor: Actor,
    device: DeviceKeys,
    device_feed_id: bytes,
    directory: Directory,
    now: int,
    owner_other: bool = False,
) -> Licensor:
    """Return a client licensor certificate (CLC).

    The caller has made sure that the person is an enabled member of the organization and the device is theirs and not
    revoked.  Recorded; the row lets the service know what it has vouched for.  Raises NotRunning and
    ProtectingNotAllowed.
    """
    require_running(directory)
    require_may_protect(directory=directory, actor=actor, platform=device.platform)
    signing = issuer(organization)
    keys = list(TenantKey.objects.filter(status=KeyStatus.ACTIVE))
    certificate = LicensorCertificate(
        org=organization,
        jti=uuid4(),
        sub=device.person,
        dev=device.id,
        key=device.signing,
        kids=tuple(bytes(key.kid) for key in keys),
        may=frozenset({May.AD_HOC, May.OWNER_OTHER}) if owner_other else frozenset({May.AD_HOC}),
        nbf=max(now - CLOCK_MARGIN, signing.not_before),
        exp=now + LICENSOR_LIFETIME - CLOCK_MARGIN,
    )
    Certificate.objects.create(
        jti=certificate.jti,
        person_id=certificate.sub,
        device_id=certificate.dev,
        not_before=certificate.nbf,
        expires=certificate.exp,
        owner_other=owner_other,
    )
    record_action(Kind.CERTIFICATE_ISSUED, actor, details={"certificate": str(certificate.jti)})
    secret = bytes(ServiceSettings.objects.values_list("feed_secret", flat=True).get(id=1))
    derived = (
        derived_feed_id(secret, identity) for identity in (device.person, organization, *(key.id for key in keys))
    )
    return Licensor(certificate.sign(signing.key), signing.delegation, (device_feed_id, *derived))
