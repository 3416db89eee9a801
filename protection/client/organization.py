"""An organization as the client knows it: its statement, the chain of trust, its feed, and what waits to be sent.

All of it is kept on disk, so that protecting and opening work without a network for as long as the signed objects
themselves allow.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from protection.client.account import RENEW_BEFORE, Service
from protection.client.errors import Misused, Refused, ServiceError, Unreachable
from protection.client.home import Home
from protection.client.offered import Offered
from protection.errors import ChanceryError, FeedGap, UntrustedKey
from protection.licensing.body import BodySeal
from protection.licensing.feed import FeedEntry, FeedState, FeedStatement
from protection.licensing.jws import b64, unb64
from protection.licensing.licensor import LicensorCertificate, May
from protection.licensing.publishing import PublishingLicense
from protection.licensing.reasons import Reason
from protection.licensing.statement import OrganizationStatement
from protection.licensing.trust import Chain
from protection.texts import say

HEARTBEAT: Final = 5
"""Seconds after which a connected session asks for the feed again before it uses a cached license.

The protocol allows a minute; a command that runs for a moment can afford to know better, and only a run over many files
saves the question.  When it was asked is never kept on disk: each run begins with a question of its own.
"""

CLOCK_TOLERANCE: Final = 300
"""Seconds by which the system clock may be behind before nothing opens offline (PROTOCOL P26)."""

EVENTS_AT_ONCE: Final = 1_000
"""How many waiting events are sent in one request; the service takes ten times as many."""

_EARLY: Final = 3_600
_FINAL: Final = frozenset(
    {
        Reason.TAMPERED,
        Reason.CONTENT_ID_CONFLICT,
        Reason.SUPERSEDED,
        Reason.MAY_NOT_EDIT,
        Reason.NOT_SUPPORTED,
    }
)
_MALFORMED: Final = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True)
class Dropped:
    """A registration that waited and was refused for good: the document or edition is known to nobody."""

    cid: UUID
    edition: int
    reason: str
    message: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Publishing:
    """What this device needs to publish: its certificate, the delegation behind it, and what can take it back."""

    certificate: LicensorCertificate
    token: str
    delegation: str
    feed: tuple[bytes, ...]


class Organization:
    """One organization, through one account.  ``online`` false means that the network is not even tried.

    What is refused for good although it waited to be sent is added to ``dropped``.
    """

    def __init__(
        self,
        home: Home,
        service: Service,
        organization: UUID,
        *,
        online: bool = True,
        dropped: list[Dropped] | None = None,
    ) -> None:
        """Know the organization with this id."""
        self.id = organization
        self.online = online
        self.dropped = [] if dropped is None else dropped
        self._home = home
        self._service = service
        self._statement: OrganizationStatement | None = None

    # --- the statement -------------------------------------------------------------------------------------------

    def statement(self) -> OrganizationStatement:
        """Return the organization's statement, verified under the pinned key; fetched when the kept one ends soon.

        Raises Unreachable when there is none that is still valid.
        """
        if self._statement is None:
            self._statement = self._kept_statement()
        return self._statement

    def _kept_statement(self) -> OrganizationStatement:
        record = self._home.read(self._record("statement"))
        now = self.now()
        if record is not None and record["until"] - _EARLY > now:
            return self._verified_statement(record["token"], now)
        if self.online:
            try:
                return self._fetched_statement()
            except Unreachable:
                if record is None:
                    raise
        if record is None:
            raise Unreachable(
                say("This organization is not known on this device yet."), remedy=say("Connect once, then try.")
            )
        # Without the service the last word counts: what it vouches for ends by itself, certificates and licenses alike.
        return self._verified_statement(record["token"], min(now, record["until"] - 1))

    def _fetched_statement(self) -> OrganizationStatement:
        answer = self._service.call("GET", self._service.account.iss, f"/api/v1/statements/{self.id}")
        statement = self._verified_statement(answer["statement"], int(time.time()))
        if statement.org != self.id:
            raise UntrustedKey(say("The installation answered with the statement of another organization."))
        self._home.write(self._record("statement"), {"token": answer["statement"], "until": statement.exp})
        return statement

    def _verified_statement(self, token: str, now: int) -> OrganizationStatement:
        account = self._service.account
        return OrganizationStatement.verify(token, pinned=account.installation_key, iss=account.iss, now=now)

    def refresh(self) -> None:
        """Forget the kept statement, so that the next use fetches it: a key has changed since."""
        self._home.remove(self._record("statement"))
        self._statement = None

    @property
    def origin(self) -> str:
        """The place requests of this organization go to, by its statement and nothing else (P13)."""
        return self.statement().origins[0]

    def chain(self, *delegations: str) -> Chain:
        """Return what may be believed: the statement's signing keys and these delegations.

        A delegation by an unknown key may follow a rotation that the kept statement does not tell of yet.
        """
        try:
            return self._learned(delegations)
        except UntrustedKey:
            if not self.online:
                raise
            self.refresh()
            return self._learned(delegations)

    def _learned(self, delegations: Sequence[str]) -> Chain:
        chain = Chain.of(self.statement())
        for delegation in delegations:
            chain = chain.learn(delegation)
        return chain

    # --- requests ------------------------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        proof: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request to the organization's origin.  Raises Unreachable at once when not online."""
        if not self.online:
            raise Unreachable(
                say("This needs the service, which was not to be asked."), remedy=say("Do it again without --offline.")
            )
        return self._service.call(method, self.origin, path, body, proof=proof, headers=headers)

    def zone(self) -> ZoneInfo:
        """Return the person's time zone as last told: a date without a time is meant in it (PROTOCOL P26)."""
        return ZoneInfo((self._home.read("me") or {}).get("time_zone", "UTC"))

    # --- publishing ----------------------------------------------------------------------------------------------

    def publishing(self, *, for_others: bool = False) -> Publishing:
        """Return a valid publishing certificate, fetched or renewed when possible, from disk otherwise.

        With ``for_others`` one that lets somebody else own what is published.  Raises Refused where none is given.
        """
        found = self._own_publishing()
        if for_others and May.OWNER_OTHER not in found.certificate.may:
            # The permission may be younger than the certificate.
            found = self._fetched_publishing()
            if May.OWNER_OTHER not in found.certificate.may:
                raise Refused(
                    say("You may not protect documents that somebody else is to own."),
                    reason=Reason.PUBLISHING_NOT_ALLOWED,
                    remedy=say("Ask an administrator of your organization to protect it for them."),
                )
        return found

    def _own_publishing(self) -> Publishing:
        kept, now = self._home.read(self._record("publishing")), self.now()
        if self.online and (kept is None or kept["until"] - RENEW_BEFORE < now or not self._covers_active(kept)):
            try:
                return self._fetched_publishing()
            except Unreachable:
                if kept is None:
                    raise
        if kept is None:
            raise Unreachable(say("This device may not publish here yet."), remedy=say("Connect once, then try again."))
        return self._publishing(kept)

    def _covers_active(self, kept: dict[str, Any]) -> bool:
        publishing = self._publishing(kept)
        try:
            self.statement().active_encryption_key(frozenset(publishing.certificate.kids))
        except ChanceryError:
            return False
        return True

    def _fetched_publishing(self) -> Publishing:
        answer = self.call("POST", "/api/v1/certificates", {}, proof=True)
        record = {"token": answer["certificate"], "delegation": answer["delegation"], "feed": answer["feed"]}
        publishing = self._publishing(record)
        try:
            self.statement().active_encryption_key(frozenset(publishing.certificate.kids))
        except UntrustedKey:
            self.refresh()
        self._home.write(self._record("publishing"), {**record, "until": publishing.certificate.exp})
        return publishing

    def _publishing(self, record: dict[str, Any]) -> Publishing:
        chain = self.chain(record["delegation"])
        certificate = LicensorCertificate.verify(record["token"], chain=chain)
        feed = tuple(unb64(text) for text in record["feed"])
        return Publishing(certificate, record["token"], record["delegation"], feed)

    # --- templates -----------------------------------------------------------------------------------------------

    def offered(self, *, newest: bool = False) -> Offered:
        """Return the templates offered to this person, not older than a minute unless the service is away (C47)."""
        kept = Offered.of_record(self._home.read(self._record("templates")), self._service.account.person)
        if not self.online or (kept.is_fresh(time.time()) and not newest):
            return kept
        asked, headers = time.time(), {"If-None-Match": kept.etag} if kept.etag else {}
        try:
            answer = self._service.ask("GET", self.origin, "/api/v1/templates?offered=true", headers=headers)
        except Unreachable:
            return kept
        results = kept.results if answer.unchanged else tuple(answer.members["results"])
        found = Offered(results, as_of=asked, etag=answer.etag or kept.etag)
        self._home.write(self._record("templates"), found.as_record(self._service.account.person))
        return found

    def templates(self) -> list[dict[str, Any]]:
        """Return the templates offered to this person, from the service or as last seen."""
        return list(self.offered().results)

    def template(self, name: str) -> dict[str, Any]:
        """Return the offered template with this name, in any of its languages, or id.  Raises Misused."""
        known = self.offered()
        found = known.called(name)
        if found is None and self.online:
            # It may be younger than what is kept.
            known = self.offered(newest=True)
            found = known.called(name)
        if found is None:
            names = ", ".join(sorted(str(one["name"]) for one in known.results)) or say("none")
            raise Misused(
                say("There is no published template called {name!r}.", name=name),
                remedy=say("Choose one of: {names}.", names=names),
            )
        return found

    # --- labels ---------------------------------------------------------------------------------------------------

    def labels(self) -> list[dict[str, Any]]:
        """Return the labels offered to this person, the least sensitive first, from the service or as last seen."""
        kept = self._home.read(self._record("labels"))
        if self.online or kept is None or kept["person"] != str(self._service.account.person):
            try:
                found = self.call("GET", "/api/v1/labels?offered=true")["results"]
            except Unreachable:
                if kept is None or kept["person"] != str(self._service.account.person):
                    raise
                return list(kept["results"])
            kept = {"person": str(self._service.account.person), "results": found}
            self._home.write(self._record("labels"), kept)
        return list(kept["results"])

    def label(self, name: str) -> dict[str, Any]:
        """Return the offered label with this name, in any of its languages, or id.  Raises Misused."""
        return label_called(name, self.labels())

    def label_for(self, cid: UUID, name: str) -> dict[str, Any]:
        """Return the label with this name or id among those that can be given to a document and the one it carries.

        Raises Misused, and Refused for whoever may give it none; asks the service, which alone knows that.
        """
        answer = self.call("GET", f"/api/v1/documents/{cid}/label")
        carried = [] if answer["present"] is None else [answer["present"]]
        return label_called(name, [*answer["results"], *carried])

    # --- owners ---------------------------------------------------------------------------------------------------

    def owner(self, address: str) -> UUID:
        """Return the member with this address, as somebody for whom a document may be protected.

        Raises Refused for whoever may not name another owner, and Misused when no member has the address.
        """
        found = self.call("GET", f"/api/v1/owners?{urlencode({'address': address})}")["results"]
        if not found:
            raise Misused(
                say("Nobody of the organization has the address {address}.", address=address),
                remedy=say("Name the address of a member."),
            )
        return UUID(found[0]["id"])

    # --- the feed ------------------------------------------------------------------------------------------------

    def feed(self, *, newest: bool = False) -> FeedState:
        """Return the revocation feed; asked for at its first use in a session, and again after a heartbeat.

        Without a network the kept state is returned, and leases lapse by its age.
        """
        state = self._kept_feed()
        if self.online and (newest or self._feed_is_due() or self.clock_in_doubt()):
            asked = time.monotonic()
            try:
                state = self._advanced(state)
            except Unreachable:
                return state
            self._service.feeds_asked[self.id] = asked
            self._keep_feed(state)
            if self.clock_in_doubt():
                self._home.write("clock", {"highest": state.as_of})
        return state

    def _feed_is_due(self) -> bool:
        asked = self._service.feeds_asked.get(self.id)
        return asked is None or time.monotonic() - asked > HEARTBEAT

    def _advanced(self, state: FeedState) -> FeedState:
        try:
            return state.advance(self._feed_statement(state.seq))
        except FeedGap:
            return state.advance(self._feed_statement(0))

    def _feed_statement(self, since: int) -> FeedStatement:
        """Ask for the feed, and tell the newest checkpoint that is known here: a restored service knows less (P28)."""
        record = self._record("checkpoint")
        known = (self._home.read(record) or {}).get("note")
        headers = {"Chancery-Checkpoint": b64(known.encode())} if known else {}
        answer = self.call("GET", f"/api/v1/feed?since={since}", headers=headers)
        statement = FeedStatement.verify(answer["statement"], chain=self.chain(answer["delegation"]))
        if statement.checkpoint and statement.checkpoint != known:
            self._home.write(record, {"note": statement.checkpoint})
        return statement

    def _kept_feed(self) -> FeedState:
        record = self._home.read(self._record("feed"))
        if record is None:
            return FeedState(org=self.id)
        entries: dict[bytes, tuple[FeedEntry, ...]] = {}
        for text, rev, before in record["entries"]:
            feed_id = unb64(text)
            entries[feed_id] = (*entries.get(feed_id, ()), FeedEntry(feed_id, rev, before))
        return FeedState(org=self.id, seq=record["seq"], as_of=record["as_of"], entries=entries)

    def _keep_feed(self, state: FeedState) -> None:
        entries = [[b64(e.feed_id), e.rev, e.before] for known in state.entries.values() for e in known]
        self._home.write(self._record("feed"), {"seq": state.seq, "as_of": state.as_of, "entries": entries})

    # --- time ----------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Return the client's time: never behind the newest signed moment or the highest time seen (P26).

        Raises Refused when the system clock is more than five minutes behind and the service cannot set it right.
        """
        system = int(time.time())
        mark = max(self._kept_feed().as_of, int((self._home.read("clock") or {}).get("highest", 0)))
        if system + CLOCK_TOLERANCE < mark and not self.online:
            raise Refused(
                say("This device's clock is wrong: it is behind a time it has already seen."),
                reason="clock_behind",
                remedy=say("Set the clock right, or connect to the service once."),
            )
        if system > mark:
            self._home.write("clock", {"highest": system})
        return max(system, mark) if system + CLOCK_TOLERANCE >= mark else system

    def clock_in_doubt(self) -> bool:
        """Tell whether the system clock is behind a time this device has seen: then only the service may license."""
        return int((self._home.read("clock") or {}).get("highest", 0)) > time.time() + CLOCK_TOLERANCE

    # --- what waits to be sent -----------------------------------------------------------------------------------

    def later(self, kind: str, item: dict[str, Any]) -> None:
        """Keep something to be sent at the next contact: a ``registration`` or an ``event``.

        The names sort by time: an edition has to be registered after the one it replaces.
        """
        name = f"{kind}-{time.time_ns():020d}-{uuid4().hex[:8]}"
        self._home.write(f"waiting-{self.id}/{name}", {"kind": kind, "item": item})

    def send_waiting(self) -> int:
        """Send what waits; return how many items there were.

        What the service refuses for good is dropped and noted as that; whatever else goes wrong leaves it waiting and
        raises, a refusal only after the events were sent.  No registration overtakes one that waits on, since it may be
        of the edition that follows.
        """
        waiting = [(name, self._home.read(name)) for name in self._home.names(f"waiting-{self.id}")]
        known = [(name, record) for name, record in waiting if record is not None]
        refused = self._send_registrations(
            [(name, record["item"]) for name, record in known if record["kind"] == "registration"]
        )
        events = [(name, record["item"]) for name, record in known if record["kind"] == "event"]
        for start in range(0, len(events), EVENTS_AT_ONCE):
            self._send_events(events[start : start + EVENTS_AT_ONCE])
        if refused is not None:
            raise refused
        return len(known)

    def try_send_waiting(self) -> None:
        """Send what waits; what cannot be sent waits on, since protecting and opening do not fail for it."""
        with contextlib.suppress(Unreachable, Refused, ServiceError):
            self.send_waiting()

    def _send_registrations(self, registrations: Sequence[tuple[str, dict[str, Any]]]) -> Refused | ServiceError | None:
        """Send registrations, oldest first; return the refusal that may pass, before which the rest waits."""
        for name, item in registrations:
            try:
                self.call("POST", "/api/v1/registrations", item, proof=True)
            except Refused as error:
                if error.reason not in _FINAL:
                    return error
                self.dropped.append(_dropped(item, error, error.reason))
            except ServiceError as error:
                if error.status not in _MALFORMED:
                    return error
                self.dropped.append(_dropped(item, error, error.problem))
            self._home.remove(name)
        return None

    def _send_events(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self.call("POST", "/api/v1/events", {"events": [item for _, item in events]}, proof=True)
        for name, _ in events:
            self._home.remove(name)

    def _record(self, what: str) -> str:
        return f"organizations/{self.id}-{what}"


def _dropped(item: Mapping[str, str], error: ChanceryError, reason: str) -> Dropped:
    """Name what was dropped by the objects themselves, which this device has made."""
    license_, seal = PublishingLicense.parse(item["publishing_license"]), BodySeal.parse(item["body_seal"])
    return Dropped(license_.cid, seal.facts.n, str(reason), error.message, error.next_step)


def label_called(name: str, known: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one of these labels with this name, in any of its languages, or id.  Raises Misused."""
    wanted = name.casefold()
    for one in known:
        if name == one["id"] or wanted in {text.casefold() for text in one["names"].values()}:
            return one
    names = ", ".join(str(one["name"]) for one in known) or say("none")
    raise Misused(
        say("There is no label called {name!r}.", name=name), remedy=say("Choose one of: {names}.", names=names)
    )
