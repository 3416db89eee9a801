"""The body seal: which device sealed this body, under which certificate (docs/protocol.md P3).

A key holder could forge a body with a valid tag; they cannot forge the seal.  The first edition is certified by the
publishing license's own certificate, later ones (and first ones of licenses that the service published) by an edit
certificate.  The seal covers the digest of the publishing license, every header byte, the leaf root and the length.
"""

from dataclasses import dataclass, field
from uuid import UUID

from chancery.crypto import bindings
from chancery.crypto.envelope import seal, unseal
from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import Signer, VerifyKey
from chancery.crypto.store import KeyStore
from chancery.errors import CannotUnseal, Expired, InvalidFile, InvalidObject, WrongBinding
from chancery.objects import jws, limits
from chancery.objects.claims import HASH, VERSION, Claims
from chancery.objects.edit import EditCertificate
from chancery.objects.jws import Kind, Unverified, b64
from chancery.objects.licensor import LicensorCertificate
from chancery.objects.publishing import PublishingLicense
from chancery.objects.strict_json import JSON
from chancery.objects.trust import Chain
from chancery.texts import message


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyFacts:
    """What is true of the bytes of a sealed file: computed by the writer or reader."""

    hdr: bytes
    """SHA-256 of every byte before the first chunk."""
    length: int
    """Length of the chunks."""
    root: bytes
    """RFC 6962 root of the leaf hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealFacts:
    """Everything a body seal states, for its signer."""

    org: UUID
    cid: UUID
    pl: bytes
    body: BodyFacts
    n: int
    prev: bytes | None
    """Digest of the seal of the edition this one replaces; None for a first edition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySeal:
    """A body seal as parsed; nobody vouches for it until ``verify``."""

    token: str = field(repr=False)
    digest: bytes
    facts: SealFacts
    iat: int
    env: bytes | None = field(default=None, repr=False)
    """A new content key for this edition, sealed to the tenant key (P11)."""
    certificate: str = field(repr=False)
    delegation: str = field(repr=False)

    @classmethod
    def parse(cls, token: str) -> "BodySeal":
        """Check shape and sizes only."""
        return cls._of(jws.parse(token, Kind.BODY), token)

    @classmethod
    def _of(cls, unverified: Unverified, token: str) -> "BodySeal":
        claims = Claims(unverified.claims, message("body seal"))
        seal_ = cls(
            token=token,
            digest=unverified.digest,
            facts=_read_facts(claims),
            iat=claims.moment("iat"),
            env=claims.blob("env", limit=limits.EDITION_ENVELOPE) if claims.has("env") else None,
            certificate=unverified.header["cert"],
            delegation=unverified.header["delegation"],
        )
        claims.done()
        if (seal_.facts.n == 1) != (seal_.facts.prev is None):
            raise InvalidObject(message("A first edition has no previous seal, and every later one has."))
        return seal_

    def verify(self, *, license: PublishingLicense, chain: Chain) -> "VerifiedSeal":
        """Check in this order: certificate and its chain, signature, time, publishing license.

        What the seal says about bytes is checked by ``check_body``, since the service has no bytes.
        """
        unverified = jws.parse(self.token, Kind.BODY)
        sealer = _sealer(self, license, chain.learn(self.delegation))
        unverified.verify(sealer.key)
        if not sealer.nbf <= self.iat <= sealer.exp:
            raise Expired(message("The body was sealed outside the life of its certificate."))
        if (self.facts.pl, self.facts.org, self.facts.cid) != (license.digest, license.org, license.cid):
            raise WrongBinding(message("The body seal belongs to another document."))
        return VerifiedSeal(self, sealer)

    def check_body(self, found: BodyFacts) -> None:
        """Raise unless the bytes are the ones this seal was made for."""
        if found != self.facts.body:
            raise InvalidFile(message("Header or body are not the ones that were sealed."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Who sealed a body, as its certificate says."""

    sub: UUID
    dev: UUID
    key: VerifyKey
    nbf: int
    exp: int
    by_edit: bool
    """True if an edit certificate vouches: offline, an unregistered edition then counts only until ``exp``."""


@dataclass(frozen=True, slots=True)
class VerifiedSeal:
    """A body seal whose signer is proven."""

    seal: BodySeal
    sealer: Sealer

    def edition_key(self, store: KeyStore, kid: bytes) -> bytes:
        """Unseal, on the service, the new content key that this edition brought."""
        if self.seal.env is None:
            raise CannotUnseal(message("This edition brought no key of its own."))
        facts = self.seal.facts
        info = bindings.edition(org=facts.org, cid=facts.cid, n=facts.n, device_key_id=self.sealer.key.key_id)
        return unseal(store, kid, self.seal.env, info)


def sign_body(
    facts: SealFacts,
    *,
    signer: Signer,
    certificate: str,
    delegation: str,
    iat: int,
    env: bytes | None = None,
) -> str:
    """Seal a body with the device key; ``certificate`` is the CLC of a first edition or an edit certificate."""
    claims: dict[str, JSON] = {
        "v": VERSION,
        "org": str(facts.org),
        "cid": str(facts.cid),
        "pl": b64(facts.pl),
        "hdr": b64(facts.body.hdr),
        "len": facts.body.length,
        "root": b64(facts.body.root),
        "n": facts.n,
        "prev": None if facts.prev is None else b64(facts.prev),
        "iat": iat,
    }
    if env is not None:
        claims["env"] = b64(env)
    return jws.sign(Kind.BODY, claims, signer, {"cert": certificate, "delegation": delegation})


def seal_edition_key(
    public: EncryptionPublicKey, content_key: bytes, *, org: UUID, cid: UUID, n: int, device_key_id: bytes
) -> bytes:
    """Seal the content key of a new edition to the tenant key, bound to edition and editing device."""
    return seal(public, content_key, bindings.edition(org=org, cid=cid, n=n, device_key_id=device_key_id))


def _sealer(seal_: BodySeal, license: PublishingLicense, chain: Chain) -> Sealer:
    """Find out who may have sealed this edition: the publisher themselves, or the holder of an edit certificate."""
    if license.clc is not None and seal_.facts.n == 1:
        if seal_.certificate != license.clc:
            raise WrongBinding(message("A first edition is sealed under the publishing license's own certificate."))
        clc = LicensorCertificate.verify(seal_.certificate, chain=chain)
        return Sealer(sub=clc.sub, dev=clc.dev, key=clc.key, nbf=clc.nbf, exp=clc.exp, by_edit=False)
    edit = EditCertificate.verify(seal_.certificate, chain=chain, pl=license.digest)
    if edit.cid != license.cid:
        raise WrongBinding(message("The edit certificate was made for another document."))
    return Sealer(sub=edit.sub, dev=edit.dev, key=edit.key, nbf=edit.iat, exp=edit.exp, by_edit=True)


def _read_facts(claims: Claims) -> SealFacts:
    body = BodyFacts(
        hdr=claims.blob("hdr", size=HASH),
        length=claims.integer("len", minimum=1),
        root=claims.blob("root", size=HASH),
    )
    return SealFacts(
        org=claims.uuid("org"),
        cid=claims.uuid("cid"),
        pl=claims.blob("pl", size=HASH),
        body=body,
        n=claims.count("n", minimum=1),
        prev=None if claims.is_null("prev") else claims.blob("prev", size=HASH),
    )
