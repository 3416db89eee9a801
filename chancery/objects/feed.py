"""The feed: signed revocation list and heartbeat in one (docs/protocol.md P24).

A statement lists what was withdrawn as pairs of a feed id and a bound.  Feed ids are random and known only from
licenses, so a feed tells outsiders nothing.  A client keeps a ``FeedState`` and advances it; a gap or a step back is
refused, because a suppressed statement is how a revocation would be hidden.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from chancery.crypto.labels import FEED_IDENTITY, FEED_PAIR
from chancery.crypto.signatures import Signer
from chancery.errors import FeedGap, InvalidObject, Revoked, WrongBinding
from chancery.objects import jws, limits
from chancery.objects.claims import VERSION, Claims
from chancery.objects.jws import Kind, b64, unb64
from chancery.objects.strict_json import JSON
from chancery.objects.trust import Chain
from chancery.texts import message

FEED_ID: Final = 16
MAX_ENTRIES: Final = 30_000


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One revocation: of licenses with a lower document revision, or of licenses issued before a moment."""

    feed_id: bytes
    rev: int | None = None
    before: int | None = None

    def invalidates(self, *, rev: int, iat: int) -> bool:
        """Tell whether this entry withdraws a license of this revision, issued at this time."""
        by_revision = self.rev is not None and rev < self.rev
        return by_revision or (self.before is not None and iat < self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatement:
    """What an organization withdrew between two sequence numbers, as of one moment."""

    org: UUID
    seq: int
    as_of: int
    from_seq: int
    """The first sequence number covered; 0 says that this is the full list."""
    entries: tuple[FeedEntry, ...]
    checkpoint: str | None = None
    """The newest checkpoint of the ledger, as a signed note."""

    def sign(self, signer: Signer) -> str:
        """Sign with the issuing key."""
        claims: dict[str, JSON] = {
            "v": VERSION,
            "org": str(self.org),
            "seq": self.seq,
            "as_of": self.as_of,
            "from_seq": self.from_seq,
            "entries": [_write_entry(entry) for entry in self.entries],
            "checkpoint": self.checkpoint,
        }
        return jws.sign(Kind.FEED, claims, signer)

    @classmethod
    def verify(cls, token: str, *, chain: Chain) -> "FeedStatement":
        """Check chain and organization; order among statements is checked by ``FeedState.advance``."""
        unverified = jws.parse(token, Kind.FEED)
        statement = cls._read(unverified.claims)
        chain.verify(unverified, org=statement.org, at=statement.as_of)
        return statement

    @classmethod
    def _read(cls, members: Mapping[str, JSON]) -> "FeedStatement":
        claims = Claims(members, message("feed statement"))
        statement = cls(
            org=claims.uuid("org"),
            seq=claims.integer("seq"),
            as_of=claims.moment("as_of"),
            from_seq=claims.integer("from_seq"),
            entries=tuple(_read_entry(inner) for inner in claims.inners("entries", items=MAX_ENTRIES)),
            checkpoint=None if claims.is_null("checkpoint") else claims.text("checkpoint", limits.CHECKPOINT),
        )
        claims.done()
        return statement


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """All that a client knows of one organization's feed; a new client starts with ``FeedState(org=...)``."""

    org: UUID
    seq: int = 0
    as_of: int = 0
    entries: Mapping[bytes, tuple[FeedEntry, ...]] = field(default_factory=dict)

    @classmethod
    def from_record(cls, org: UUID, record: Mapping[str, Any]) -> "FeedState":
        """Return what ``as_record`` kept."""
        entries: dict[bytes, tuple[FeedEntry, ...]] = {}
        for text, rev, before in record["entries"]:
            feed_id = unb64(text)
            entries[feed_id] = (*entries.get(feed_id, ()), FeedEntry(feed_id, rev, before))
        return cls(org=org, seq=record["seq"], as_of=record["as_of"], entries=entries)

    def as_record(self) -> dict[str, Any]:
        """Return what a device keeps, as JSON."""
        entries = [[b64(e.feed_id), e.rev, e.before] for known in self.entries.values() for e in known]
        return {"seq": self.seq, "as_of": self.as_of, "entries": entries}

    def advance(self, statement: FeedStatement) -> "FeedState":
        """Return the state after a verified statement, or refuse it; in this order: organization, sequence, time.

        ``FeedGap`` means that the full list has to be fetched; every other refusal means that somebody replays.
        """
        if statement.org != self.org:
            raise WrongBinding(message("The feed statement belongs to another organization."))
        if statement.seq < self.seq:
            raise InvalidObject(message("The feed statement is older than the last one."))
        if statement.from_seq > self.seq + 1:
            raise FeedGap(message("Statements between the last one and this one are missing."))
        if statement.as_of < self.as_of:
            raise InvalidObject(message("The feed statement goes back in time."))
        known = {} if statement.from_seq == 0 else dict(self.entries)
        for entry in statement.entries:
            if entry not in known.get(entry.feed_id, ()):
                known[entry.feed_id] = (*known.get(entry.feed_id, ()), entry)
        return FeedState(org=self.org, seq=statement.seq, as_of=statement.as_of, entries=known)

    def reaches_ahead(self, feed_ids: Iterable[bytes] | None = None) -> int:
        """Return for how many seconds after ``as_of`` these ids, or any, stay withdrawn for newly issued licenses."""
        ids = self.entries.keys() if feed_ids is None else feed_ids
        ends = (entry.before for feed_id in ids for entry in self.entries.get(feed_id, ()))
        return max((end - self.as_of for end in ends if end is not None and end > self.as_of), default=0)

    def check(self, feed_ids: Iterable[bytes], *, rev: int, iat: int) -> None:
        """Raise ``Revoked`` if an entry withdraws a license with these feed ids."""
        for feed_id in feed_ids:
            if any(entry.invalidates(rev=rev, iat=iat) for entry in self.entries.get(feed_id, ())):
                raise Revoked(message("Access was taken back after this license was issued."))


def derived_feed_id(secret: bytes, identity: UUID) -> bytes:
    """Return the feed id of a person, template, tenant key or organization, by its id.

    Derived from the organization's feed secret, so that it looks random to everybody else and needs no row of its own.
    """
    return hmac.digest(secret, FEED_IDENTITY + identity.bytes, "sha256")[:16]


def pair_id(document: bytes, person: bytes) -> bytes:
    """Return the feed id of one person on one document, from the feed ids of both."""
    if len(document) != FEED_ID or len(person) != FEED_ID:
        raise InvalidObject(message("A feed id has 16 bytes."))
    return hashlib.sha256(FEED_PAIR + document + person).digest()[:FEED_ID]


def _write_entry(entry: FeedEntry) -> JSON:
    if (entry.rev is None) == (entry.before is None):
        raise InvalidObject(message("A feed entry has either a revision or a time."))
    bound: dict[str, JSON] = {"rev": entry.rev} if entry.rev is not None else {"before": entry.before}
    return {"id": b64(entry.feed_id), **bound}


def _read_entry(claims: Claims) -> FeedEntry:
    rev = claims.count("rev") if claims.has("rev") else None
    before = claims.moment("before") if claims.has("before") else None
    entry = FeedEntry(claims.blob("id", size=FEED_ID), rev, before)
    claims.done()
    if (rev is None) == (before is None):
        raise InvalidObject(message("A feed entry has either a revision or a time."))
    return entry
