"""An organization as the client knows it: its statement, the chain of trust, its feed, and what waits to be sent.

All of it is kept on disk, so that protecting and opening work without a network for as long as the signed objects
themselves allow.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from chancery.errors import ChanceryError, FeedGap, UntrustedKey, WrongBinding
from chancery.objects.feed import FeedState, FeedStatement
from chancery.objects.jws import b64, unb64
from chancery.objects.licensor import LicensorCertificate, May
from chancery.objects.statement import OrganizationStatement
from chancery.objects.trust import Chain
from chancery.policy.reasons import Reason
from chancery.sdk.account import RENEW_BEFORE, Service
from chancery.sdk.clock import Clock
from chancery.sdk.errors import Misused, NotSignedIn, Refused, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.listing import PAGE, Listing
from chancery.sdk.offered_templates import Offered, label_called
from chancery.sdk.outbound_queue import Dropped, OutboundQueue
from chancery.sdk.trust import Trust
from chancery.texts import message

HEARTBEAT: Final = 5
"""Seconds after which a connected session asks for the feed again before it uses a cached license.

The protocol allows a minute; a command that runs for a moment can afford to know better, and only a run over many files
saves the question.  When it was asked is never kept on disk: each run begins with a question of its own.
"""

_ROUNDING: Final = 1
"""Entries of the feed and times of issue are whole seconds."""


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
        self.home = home
        self._service = service
        self.clock = Clock(home, service.account.scope, online=online, signed=lambda: self._kept_feed().as_of)
        self.trust = Trust(home, service, organization, self.clock, online=online)
        self._waiting = OutboundQueue(home, service.account, organization, self.call, self.dropped)

    @property
    def installation(self) -> str:
        """The mark of the installation in what is kept about it."""
        return self._service.account.installation

    # --- what is believed ----------------------------------------------------------------------------------------

    def statement(self) -> OrganizationStatement:
        """Return the organization's statement.  Raises Unreachable when there is none."""
        return self.trust.statement()

    @property
    def origin(self) -> str:
        """The place requests of this organization go to, by its statement and nothing else (docs/protocol.md P13)."""
        return self.trust.origin()

    def chain(self, *delegations: str) -> Chain:
        """Return what may be believed: the statement's signing keys and these delegations."""
        return self.trust.verified(lambda chain: chain, *delegations)

    # --- requests ------------------------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request to the organization's origin.  Raises Unreachable at once when not online."""
        if not self.online:
            raise Unreachable(
                message("This needs the service, which was not to be asked."),
                remedy=message("Do it again without --offline."),
            )
        return self._service.call(method, self.origin, path, body, headers=headers)

    def each(self, path: str, **query: object) -> Listing:
        """Fetch a list of the organization page by page, as far as it is read."""
        return Listing(lambda cursor: self._page(path, {**query, **({"cursor": cursor} if cursor else {})}))

    def _page(self, path: str, query: Mapping[str, object]) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"{path}?{urlencode({**query, 'limit': PAGE})}")
        return found

    def zone(self) -> ZoneInfo:
        """Return the person's time zone as the service last stated it: a date without a time is meant in it (P26)."""
        return ZoneInfo((self.home.read(f"me/{self._service.account.scope}") or {}).get("time_zone", "UTC"))

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
                    message("You may not protect documents for another owner."),
                    reason=Reason.PUBLISHING_NOT_ALLOWED,
                    remedy=message("Ask an administrator of your organization to protect it for them."),
                )
        return found

    def _own_publishing(self) -> Publishing:
        kept = self._kept_publishing()
        if self.online and (kept is None or not self._is_current(kept)):
            try:
                return self._fetched_publishing()
            except Unreachable:
                if kept is None:
                    raise
        if kept is None:
            raise Unreachable(
                message("This device may not publish here yet."), remedy=message("Connect once, then try again.")
            )
        return kept

    def _kept_publishing(self) -> Publishing | None:
        """Return the kept certificate if it is this device's own, still lasts, and is vouched for by today's keys."""
        record = self.home.read(self._record("publishing"))
        if record is None:
            return None
        try:
            kept = self._publishing(record)
        except (Unreachable, Refused):
            # The network is away, or the clock is wrong; both are told as what they are.
            raise
        except ChanceryError:
            return None
        return kept if kept.certificate.covers(self.now()) else None

    def _is_current(self, kept: Publishing) -> bool:
        """Tell whether the certificate lasts for a while and covers the key that new files are sealed to now."""
        if kept.certificate.exp - RENEW_BEFORE < self.now():
            return False
        try:
            self.trust.current().active_encryption_key(frozenset(kept.certificate.kids))
            # The statement may just have withdrawn the key that vouched for the certificate.
            self._publishing_token(kept.token, kept.delegation)
        except UntrustedKey:
            return False
        return True

    def renew_publishing(self) -> None:
        """Fetch statement and certificate anew: the service has stated that a key was withdrawn since."""
        self.trust.fetch()
        self._fetched_publishing()

    def _fetched_publishing(self) -> Publishing:
        answer = self.call("POST", "/api/v1/certificates", {})
        record = {"token": answer["certificate"], "delegation": answer["delegation"], "feed": answer["feed"]}
        publishing = self._publishing(record)
        try:
            self.statement().active_encryption_key(frozenset(publishing.certificate.kids))
        except UntrustedKey:
            self.trust.fetch()
        self.home.write(self._record("publishing"), record)
        return publishing

    def _publishing(self, record: dict[str, Any]) -> Publishing:
        certificate = self._publishing_token(record["token"], record["delegation"])
        feed = tuple(unb64(text) for text in record["feed"])
        return Publishing(certificate, record["token"], record["delegation"], feed)

    def _publishing_token(self, token: str, delegation: str) -> LicensorCertificate:
        """Verify a publishing certificate; it counts only for the device key and the person of this sign-in."""
        certificate = LicensorCertificate.verify(token, chain=self.chain(delegation))
        account = self._service.account
        wanted = (self.id, account.person, account.device, account.signing.key_id)
        if (certificate.org, certificate.sub, certificate.dev, certificate.key.key_id) != wanted:
            raise WrongBinding(message("The publishing certificate was issued to another device."))
        return certificate

    # --- templates -----------------------------------------------------------------------------------------------

    def offered(self, *, newest: bool = False) -> Offered:
        """Return the templates offered to this person, not older than a minute unless the service is away.

        See promise C47.
        """
        kept = Offered.of_record(self.home.read(self._record("templates")), self._service.account.person)
        if not self.online or (kept.is_fresh(time.time()) and not newest):
            return kept
        asked, headers = time.time(), {"If-None-Match": kept.etag} if kept.etag else {}
        try:
            answer = self._service.ask("GET", self.origin, "/api/v1/templates?offered=true", headers=headers)
        except Unreachable:
            return kept
        results = kept.results if answer.unchanged else tuple(answer.members["results"])
        found = Offered(results, as_of=asked, etag=answer.etag or kept.etag)
        self.home.write(self._record("templates"), found.as_record(self._service.account.person))
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
            names = ", ".join(sorted(str(one["name"]) for one in known.results)) or message("none")
            raise Misused(
                message("There is no published template called {name!r}.", name=name),
                remedy=message("Choose one of: {names}.", names=names),
            )
        return found

    # --- labels ---------------------------------------------------------------------------------------------------

    def labels(self) -> list[dict[str, Any]]:
        """Return the labels offered to this person, the least sensitive first, from the service or as last seen."""
        kept = self.home.read(self._record("labels"))
        if self.online or kept is None or kept["person"] != str(self._service.account.person):
            try:
                found = self.call("GET", "/api/v1/labels?offered=true")["results"]
            except Unreachable:
                if kept is None or kept["person"] != str(self._service.account.person):
                    raise
                return list(kept["results"])
            kept = {"person": str(self._service.account.person), "results": found}
            self.home.write(self._record("labels"), kept)
        return list(kept["results"])

    def label(self, name: str) -> dict[str, Any]:
        """Return the offered label with this name, in any of its languages, or id.  Raises Misused."""
        return label_called(name, self.labels())

    def label_for(self, cid: UUID, name: str) -> dict[str, Any]:
        """Return the label with this name or id among those that can be given to a document and the one it carries.

        Raises Misused, and Refused for a person who may give it none; asks the service, which alone knows that.
        """
        answer = self.call("GET", f"/api/v1/documents/{cid}/label")
        carried = [] if answer["present"] is None else [answer["present"]]
        return label_called(name, [*answer["results"], *carried])

    # --- owners ---------------------------------------------------------------------------------------------------

    def owner(self, address: str) -> UUID:
        """Return the member with this address, as somebody for whom a document may be protected.

        Raises Refused for a person who may not name another owner, and Misused when no member has the address.
        """
        found = self.call("GET", f"/api/v1/owners?{urlencode({'address': address})}")["results"]
        if not found:
            raise Misused(
                message("No member of the organization has the address {address}.", address=address),
                remedy=message("Name the address of a member."),
            )
        return UUID(found[0]["id"])

    # --- the feed ------------------------------------------------------------------------------------------------

    def feed(self, *, newest: bool = False) -> FeedState:
        """Return the revocation feed; asked for at its first use in a session, and again after a heartbeat.

        Without a network the kept state is returned, and leases lapse by its age.
        """
        state = self._kept_feed()
        if self.online and (newest or self._feed_is_due() or self.clock.in_doubt()):
            asked = time.monotonic()
            try:
                state = self._advanced(state)
            except Unreachable:
                return state
            except (NotSignedIn, Refused):
                # What was withdrawn since cannot be learned any more, so what is kept does not outlive this answer.
                self.home.write(self._record("refused"), {"at": int(time.time())})
                raise
            self.home.remove(self._record("refused"))
            self._service.feeds_asked[self.id] = asked
            self.home.write(self._record("feed"), state.as_record())
            if self.clock.in_doubt():
                self.clock.set_by(state.as_of)
        return state

    def let_settle(self, feed_ids: Iterable[bytes] | None = None) -> bool:
        """Wait while licenses for these feed ids, or any, would be withdrawn as they are issued; tell whether one did.

        An entry about a person, a device or an organization reaches a few seconds ahead (P24), and what is
        asked for meanwhile would be recorded without ever being used.
        """
        ahead = self.feed().reaches_ahead(feed_ids)
        asked = self._service.feeds_asked.get(self.id)
        if not ahead or asked is None:
            return False
        rest = ahead + _ROUNDING - (time.monotonic() - asked)
        if rest > 0:
            time.sleep(rest)
        return rest > 0

    def concerning(self) -> tuple[bytes, ...]:
        """Return the feed ids of the last license: those of person, device and organization come with every one."""
        return tuple(unb64(text) for text in (self.home.read(self._record("feed-ids")) or {}).get("ids", ()))

    def keep_concerning(self, feed_ids: tuple[bytes, ...]) -> None:
        """Keep the feed ids of a license for the next one."""
        if feed_ids != self.concerning():
            self.home.write(self._record("feed-ids"), {"ids": [b64(one) for one in feed_ids]})

    def was_refused(self) -> bool:
        """Tell whether the service last refused to say what was withdrawn: then only a lease keeps a license alive."""
        return self._service.sign_in_has_ended() or self.home.read(self._record("refused")) is not None

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
        record = f"checkpoints/{self.installation}-{self.id}-newest"
        known = (self.home.read(record) or {}).get("note")
        headers = {"Chancery-Checkpoint": b64(known.encode())} if known else {}
        answer = self.call("GET", f"/api/v1/feed?since={since}", headers=headers)
        statement = FeedStatement.verify(answer["statement"], chain=self.chain(answer["delegation"]))
        if statement.checkpoint and statement.checkpoint != known:
            self.home.write(record, {"note": statement.checkpoint})
        return statement

    def _kept_feed(self) -> FeedState:
        record = self.home.read(self._record("feed"))
        return FeedState(org=self.id) if record is None else FeedState.from_record(self.id, record)

    # --- time, and what waits to be sent -------------------------------------------------------------------------

    def now(self) -> int:
        """Return the client's time.  Raises Refused when it is in doubt and the service cannot set it right."""
        return self.clock.now()

    def later(self, kind: str, item: dict[str, Any]) -> None:
        """Keep something to be sent at the next contact: a ``registration`` or an ``event``."""
        self._waiting.add(kind, item)

    def send_waiting(self) -> int:
        """Send what waits; return how many items there were.  Raises what ``OutboundQueue.send`` raises."""
        return self._waiting.send()

    def try_send_waiting(self) -> None:
        """Send what waits; what cannot be sent waits on."""
        self._waiting.try_send()

    def _record(self, what: str) -> str:
        return f"organizations/{self._service.account.scope}-{self.id}-{what}"
