"""The publishing license (PL): immutable, travels in the file, holds key and policy in one sealed envelope.

Its content id is made from the signing key and a nonce, so that only who signs a license can make its id, and every
verifier computes it again.  Its digest is what everything else refers to.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from chancery.crypto import bindings
from chancery.crypto.envelope import seal, unseal
from chancery.crypto.labels import CONTENT_ID
from chancery.crypto.signatures import Signer
from chancery.crypto.store import KeyStore
from chancery.errors import CompromisedKey, InvalidObject, UnknownSuite, UntrustedKey, WrongBinding
from chancery.objects import jws, limits
from chancery.objects.claims import HASH, VERSION, Claims
from chancery.objects.envelope_content import Envelope
from chancery.objects.jws import Kind, Unverified, b64
from chancery.objects.licensor import LicensorCertificate
from chancery.objects.statement import TenantKey
from chancery.objects.strict_json import JSON
from chancery.objects.trust import Chain
from chancery.texts import message

NONCE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishingLicense:
    """A publishing license: ``parse`` gives one that nobody vouches for, ``verify`` one the service may register."""

    token: str = field(repr=False)
    digest: bytes
    iss: str
    org: UUID
    cid: UUID
    nonce: bytes
    kid: bytes
    suite: str
    iat: int
    env: bytes = field(repr=False)
    clc: str | None = field(default=None, repr=False)
    """The certificate token of an offline publisher; None if the service published."""

    @classmethod
    def parse(cls, token: str) -> "PublishingLicense":
        """Check shape and sizes only; good for showing, asking for a license and comparing digests."""
        return cls._of(jws.parse(token, Kind.PUBLISHING), token)

    @classmethod
    def _of(cls, unverified: Unverified, token: str) -> "PublishingLicense":
        claims = Claims(unverified.claims, message("publishing license"))
        license_ = cls(
            token=token,
            digest=unverified.digest,
            iss=claims.text("iss"),
            org=claims.uuid("org"),
            cid=claims.uuid("cid"),
            nonce=claims.blob("nonce", size=NONCE),
            kid=claims.blob("kid", size=HASH),
            suite=claims.text("suite", 32),
            iat=claims.moment("iat"),
            env=claims.blob("env", limit=limits.ENVELOPE),
            clc=unverified.header.get("clc"),
        )
        claims.done()
        return license_

    @classmethod
    def verify(
        cls,
        token: str,
        *,
        org: UUID,
        tenant_keys: Mapping[bytes, str],
        chain: Chain,
        compromised: Collection[bytes] = (),
    ) -> "VerifiedPublishingLicense":
        """Check, for the service, in this order; every failure raises.

        1. sizes and profile; 2. organization is the host's; 3. tenant key known here, suite allowed; 4. certificate
        chain and its key list; 5. signature; 6. content id computed again.

        ``tenant_keys`` maps the ids of the organization's encryption keys to their suite; leave a key out to refuse
        its suite.  ``compromised`` are the ids of those that are marked so.  Whether ``iat`` lies in the certificate's
        life is for the caller (``within_certificate``): if not, the license is registered as *pending*, not refused,
        because a wrong clock must not cost people their documents (docs/protocol.md P5).
        """
        unverified = jws.parse(token, Kind.PUBLISHING)
        license_ = cls._of(unverified, token)
        if license_.org != org:
            raise WrongBinding(message("The publishing license belongs to another organization."))
        suite = tenant_keys.get(license_.kid)
        if suite is None and license_.kid in compromised:
            raise CompromisedKey(message("The organization has marked the key that this is sealed to as compromised."))
        if suite is None:
            raise UntrustedKey(message("The publishing license is sealed to a key that is not this organization's."))
        if suite != license_.suite:
            raise UnknownSuite(message("The publishing license names another suite than its key has."))
        if license_.clc is None:
            certificate = None
            signer = chain.verify(unverified, org=license_.org, at=license_.iat).key_id
        else:
            certificate = LicensorCertificate.verify(license_.clc, chain=chain)
            if certificate.org != license_.org or license_.kid not in certificate.kids:
                raise WrongBinding(message("The certificate does not cover the key this license is sealed to."))
            unverified.verify(certificate.key)
            signer = certificate.key.key_id
        if license_.cid != content_id(org=license_.org, signer=signer, nonce=license_.nonce):
            raise WrongBinding(message("The content id was not made by the signer of this license."))
        return VerifiedPublishingLicense(license_, certificate)


@dataclass(frozen=True, slots=True)
class VerifiedPublishingLicense:
    """A publishing license that the service verified, with the certificate that vouches for it."""

    license: PublishingLicense
    certificate: LicensorCertificate | None
    """None for a license that the service itself signed."""

    @property
    def within_certificate(self) -> bool:
        """Tell whether the license claims to be made in the life of its certificate."""
        return self.certificate is None or self.certificate.covers(self.license.iat)

    def open_envelope(self, store: KeyStore) -> Envelope:
        """Unseal and read the envelope, and check that its issuer is who the certificate was given to."""
        envelope = open_known_envelope(self.license, store)
        if self.certificate is not None and envelope.issuer != self.certificate.sub:
            raise WrongBinding(message("The envelope names another issuer than the certificate."))
        return envelope


def open_known_envelope(license_: PublishingLicense, store: KeyStore) -> Envelope:
    """Unseal the envelope of a registered license, whose signer was verified when it was registered."""
    info = bindings.pl_envelope(org=license_.org, cid=license_.cid, kid=license_.kid)
    return Envelope.decode(unseal(store, license_.kid, license_.env, info))


def content_id(*, org: UUID, signer: bytes, nonce: bytes) -> UUID:
    """Return the content id that only the holder of this signing key can use (P2), a UUID of version 8."""
    if len(signer) != HASH or len(nonce) != NONCE:
        raise InvalidObject(message("A content id is made from a key id and a 16-byte nonce."))
    data = bytearray(hashlib.sha256(CONTENT_ID + org.bytes + signer + nonce).digest()[:16])
    data[6] = (data[6] & 0x0F) | 0x80
    data[8] = (data[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(data))


def publish(
    envelope: Envelope,
    *,
    iss: str,
    org: UUID,
    tenant_key: TenantKey,
    signer: Signer,
    clc: str | None,
    nonce: bytes,
    iat: int,
) -> PublishingLicense:
    """Make a publishing license: seal the envelope to the tenant key and sign.

    Offline, ``signer`` is the device key and ``clc`` its certificate; online, the issuing key and None.
    """
    public = tenant_key.encryption_key()
    cid = content_id(org=org, signer=signer.verify_key.key_id, nonce=nonce)
    info = bindings.pl_envelope(org=org, cid=cid, kid=public.key_id)
    claims: dict[str, JSON] = {
        "v": VERSION,
        "iss": iss,
        "org": str(org),
        "cid": str(cid),
        "nonce": b64(nonce),
        "kid": b64(public.key_id),
        "suite": tenant_key.suite,
        "iat": iat,
        "env": b64(seal(public, envelope.encode(), info)),
    }
    header = None if clc is None else {"clc": clc}
    return PublishingLicense.parse(jws.sign(Kind.PUBLISHING, claims, signer, header))
