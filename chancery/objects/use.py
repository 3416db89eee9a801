"""The use license (UL): one person, one device, one content; what they may do, until when, and the content key.

The client checks a license in one order, fixed here as three steps: ``verify`` (whose is it), ``check_file`` (is it for
this file and this edition) and ``check_time`` (may it be used now); only then does it unseal the key.  ``accept``
does all of it for a file that is being opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from chancery.crypto import bindings
from chancery.crypto.envelope import seal, unseal
from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import Signer
from chancery.crypto.store import KeyStore
from chancery.errors import CannotUnseal, Expired, InvalidObject, WrongBinding
from chancery.objects import jws, limits
from chancery.objects.account import AccountCertificate
from chancery.objects.body import VerifiedSeal
from chancery.objects.claims import HASH, VERSION, Claims
from chancery.objects.feed import FEED_ID, FeedState
from chancery.objects.jws import Kind, b64
from chancery.objects.publishing import PublishingLicense
from chancery.objects.strict_json import JSON
from chancery.objects.trust import Chain
from chancery.texts import message


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionStatus:
    """What the service knows about the edition the client asked for."""

    n: int
    status: str
    """``current``, ``superseded``, ``unregistered`` or ``refused``."""
    signer: str | None = None
    """Who sealed it; only if the reader may know."""

    STATUSES = frozenset({"current", "superseded", "unregistered", "refused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UseLicense:
    """A use license; times are whole seconds since 1970."""

    jti: UUID
    """The id of the event in the ledger that records this license."""
    iss: str
    org: UUID
    cid: UUID
    pl: bytes
    edition: bytes | None
    """Digest of the body seal that was asked about; None when there was none yet (online publishing)."""
    sub: UUID
    dev: UUID
    rights: tuple[str, ...]
    rev: int
    iat: int
    exp: int
    offline_until: int
    """At or before ``iat``: for this opening only, not to be stored."""
    lease: int | None
    """How many seconds after the last verified feed statement a stored license lives."""
    feed: tuple[bytes, ...]
    enforcement: str
    obligations: Mapping[str, JSON]
    key: bytes | None = field(repr=False)
    """The content key, sealed to the device; None where it is never released (viewer)."""
    body: EditionStatus | None
    contact: str
    edit: str | None = field(default=None, repr=False)
    """An edit certificate, with the right EDIT."""
    rekey: bool = False
    """The next edition must have a new content key (docs/protocol.md P11)."""
    second: Mapping[str, JSON] | None = None
    follow: int | None = None
    """The number of an edition that is saved from this one, where it is not the next: what lies between is unseen."""
    decided: int | None = None
    """The number that the feed had when it was decided: no entry up to that one can be meant for it."""
    watermark: bool = False
    """Whether the policy asks programs that show the content to put reader, time and document over it."""

    @property
    def storable(self) -> bool:
        """Tell whether the license may be kept for later."""
        return self.offline_until > self.iat

    def sign(self, signer: Signer) -> str:
        """Sign with the issuing key."""
        return jws.sign(Kind.USE, {"v": VERSION, **common_members(self), **result_members(self)}, signer)

    @classmethod
    def verify(cls, token: str, *, chain: Chain, sub: UUID, dev: UUID) -> "UseLicense":
        """Check in this order: chain and organization, person, device."""
        unverified = jws.parse(token, Kind.USE)
        claims = Claims(unverified.claims, message("use license"))
        license_ = read_license(claims, Common.read(claims), with_key=True)
        claims.done()
        chain.verify(unverified, org=license_.org, at=license_.iat)
        license_.check_owner(sub=sub, dev=dev)
        return license_

    def check_owner(self, *, sub: UUID, dev: UUID) -> None:
        """Raise unless the license was issued to this person on this device."""
        if self.sub != sub or self.dev != dev:
            raise WrongBinding(message("The use license was issued to another person or for another device."))

    def check_file(self, license: PublishingLicense, seal_digest: bytes) -> None:
        """Raise unless the license is for this publishing license and this edition."""
        if (self.pl, self.org, self.cid) != (license.digest, license.org, license.cid):
            raise WrongBinding(message("The use license was issued for another document."))
        if self.edition != seal_digest:
            raise WrongBinding(message("The use license was issued for another edition of this document."))

    def check_time(self, *, now: int, feed: FeedState, stored: bool) -> None:
        """Raise unless the license may be used now: its own time, then lease, then the feed."""
        if feed.org != self.org:
            raise WrongBinding(message("The feed belongs to another organization."))
        if now > self.exp:
            raise Expired(message("The use license has expired."))
        if stored and (not self.storable or now > self.offline_until):
            raise Expired(message("The time for opening without the service is over."))
        if stored and self.lease is not None and now > self._last_heard(feed) + self.lease:
            raise Expired(message("The lease of the use license was not renewed."))
        if self.decided is None or self.decided < feed.seq:
            feed.check(self.feed, rev=self.rev, iat=self.iat)

    def _last_heard(self, feed: FeedState) -> int:
        """Return the last moment of which it is known that nothing had withdrawn the license.

        A license that names the number the feed had when it was decided states that itself for the moment of its issue,
        as a feed statement of that moment would (decision 32).
        """
        return feed.as_of if self.decided is None else max(feed.as_of, self.iat)

    def content_key(self, store: KeyStore, kid: bytes) -> bytes:
        """Unseal the content key with the device key ``kid``."""
        if self.key is None:
            raise CannotUnseal(
                message("The content key of this document is not released to devices; open it in the viewer.")
            )
        return unseal(store, kid, self.key, bindings.ul_key(org=self.org, cid=self.cid, dev=self.dev, jti=self.jti))


def accept(
    token: str,
    *,
    chain: Chain,
    account: AccountCertificate,
    license: PublishingLicense,
    seal: VerifiedSeal,
    now: int,
    feed: FeedState,
    stored: bool,
) -> UseLicense:
    """Check a use license for a file that is being opened, completely and in the order of the specification.

    chain → person and device → account certificate → publishing license → edition → time → feed → edition's status.
    The content key can be unsealed from what is returned.  ``stored`` tells whether the license comes from the cache
    instead of an answer of the service.
    """
    use = UseLicense.verify(token, chain=chain, sub=account.sub, dev=account.dev)
    accept_verified(use, account=account, license=license, seal=seal, now=now, feed=feed, stored=stored)
    return use


def accept_verified(
    use: UseLicense,
    *,
    account: AccountCertificate,
    license: PublishingLicense,
    seal: VerifiedSeal,
    now: int,
    feed: FeedState,
    stored: bool,
) -> None:
    """Do the rest of ``accept`` for a license whose chain was verified (from a batch, or from the client's store)."""
    use.check_owner(sub=account.sub, dev=account.dev)
    account.check_time(now)
    use.check_file(license, seal.seal.digest)
    use.check_time(now=now, feed=feed, stored=stored)
    status = use.body.status if use.body is not None else "refused"
    if status == "refused":
        raise WrongBinding(message("The service refused this edition of the document."))
    if stored and status == "unregistered" and now > seal.sealer.exp:
        raise Expired(message("This edition was never registered, and its edit certificate has expired."))


def seal_content_key(
    public: EncryptionPublicKey, content_key: bytes, *, org: UUID, cid: UUID, dev: UUID, jti: UUID
) -> bytes:
    """Seal a content key to a device, for the ``key`` of one use license."""
    return seal(public, content_key, bindings.ul_key(org=org, cid=cid, dev=dev, jti=jti))


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What all licenses of one batch share; in a single license these are plain members."""

    iss: str
    org: UUID
    sub: UUID
    dev: UUID
    iat: int

    @classmethod
    def read(cls, claims: Claims) -> "Common":
        """Read the shared members."""
        return cls(
            iss=claims.text("iss"),
            org=claims.uuid("org"),
            sub=claims.uuid("sub"),
            dev=claims.uuid("dev"),
            iat=claims.moment("iat"),
        )


def common_members(license_: UseLicense | Common) -> dict[str, JSON]:
    """Write the shared members."""
    return {
        "iss": license_.iss,
        "org": str(license_.org),
        "sub": str(license_.sub),
        "dev": str(license_.dev),
        "iat": license_.iat,
    }


def result_members(license_: UseLicense, *, with_key: bool = True) -> dict[str, JSON]:
    """Write the members that differ between the licenses of a batch."""
    members: dict[str, JSON] = {
        "jti": str(license_.jti),
        "cid": str(license_.cid),
        "pl": b64(license_.pl),
        "edition": None if license_.edition is None else b64(license_.edition),
        "rights": list(license_.rights),
        "rev": license_.rev,
        "exp": license_.exp,
        "offline_until": license_.offline_until,
        "lease": license_.lease,
        "feed": [b64(feed_id) for feed_id in license_.feed],
        "enforcement": license_.enforcement,
        "obligations": dict(license_.obligations),
        "body": None if license_.body is None else _write_status(license_.body),
        "contact": license_.contact,
    }
    if with_key:
        members["key"] = None if license_.key is None else b64(license_.key)
    if license_.edit is not None:
        members["edit"] = license_.edit
    if license_.rekey:
        members["rekey"] = True
    if license_.second is not None:
        members["second"] = dict(license_.second)
    additions = {"follow": license_.follow, "seq": license_.decided, "watermark": license_.watermark or None}
    ext: dict[str, JSON] = {name: value for name, value in additions.items() if value is not None}
    if with_key and ext:
        members["ext"] = ext
    return members


def read_license(claims: Claims, common: Common, *, with_key: bool) -> UseLicense:
    """Read the members of ``result_members``; a license of a batch has no ``key`` of its own."""
    ext = claims.mapping("ext") if with_key and claims.has("ext") else {}
    license_ = UseLicense(
        jti=claims.uuid("jti"),
        iss=common.iss,
        org=common.org,
        cid=claims.uuid("cid"),
        pl=claims.blob("pl", size=HASH),
        edition=None if claims.is_null("edition") else claims.blob("edition", size=HASH),
        sub=common.sub,
        dev=common.dev,
        rights=claims.texts("rights", limit=32),
        rev=claims.count("rev"),
        iat=common.iat,
        exp=claims.moment("exp"),
        offline_until=claims.moment("offline_until"),
        lease=None if claims.is_null("lease") else claims.moment("lease"),
        feed=claims.blobs("feed", size=FEED_ID),
        enforcement=claims.text("enforcement", 32),
        obligations=claims.mapping("obligations"),
        key=None if not with_key or claims.is_null("key") else claims.blob("key", limit=limits.SEALED_KEY),
        body=None if claims.is_null("body") else _read_status(claims.inner("body")),
        contact=claims.text("contact"),
        edit=claims.text("edit", 8192) if claims.has("edit") else None,
        rekey=claims.has("rekey") and claims.flag("rekey"),
        second=claims.mapping("second") if claims.has("second") else None,
        follow=_addition(ext, "follow"),
        decided=_addition(ext, "seq"),
        watermark=ext.get("watermark") is True,
    )
    if not license_.rights or license_.exp < license_.iat:
        raise InvalidObject(message("A use license grants something and ends after its beginning."))
    return license_


def _addition(ext: Mapping[str, JSON], name: str) -> int | None:
    """Read a number that older programs pass over, and are then more careful than they need to be."""
    number = ext.get(name)
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None


def _write_status(status: EditionStatus) -> JSON:
    members: dict[str, JSON] = {"n": status.n, "status": status.status}
    if status.signer is not None:
        members["signer"] = status.signer
    return members


def _read_status(claims: Claims) -> EditionStatus:
    status = EditionStatus(
        n=claims.count("n", minimum=1),
        status=claims.text("status", 32),
        signer=claims.text("signer") if claims.has("signer") else None,
    )
    claims.done()
    if status.status not in EditionStatus.STATUSES:
        raise InvalidObject(message("The status of the edition is unknown."))
    return status
