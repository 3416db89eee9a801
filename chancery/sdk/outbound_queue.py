"""What waits to be sent to one organization: registrations and events of work without a network."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from chancery.errors import ChanceryError
from chancery.objects.body import BodySeal
from chancery.objects.publishing import PublishingLicense
from chancery.policy.reasons import Reason
from chancery.sdk.account import Account
from chancery.sdk.errors import Refused, ServiceError, Unreachable
from chancery.sdk.home import Home

EVENTS_AT_ONCE: Final = 1_000
"""How many waiting events are sent in one request; the service takes ten times as many."""

_FINAL: Final = frozenset(
    {
        Reason.TAMPERED,
        Reason.KEY_COMPROMISED,
        Reason.CLOCK_WRONG,
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


class OutboundQueue:
    """What one person has to send to one organization.

    What another person left here stays: it happened to them, and is sent by their own sign-in.
    """

    def __init__(
        self, home: Home, account: Account, organization: UUID, call: Callable[..., Any], dropped: list[Dropped]
    ) -> None:
        """Send by ``call``; what is refused for good is added to ``dropped``."""
        self._home = home
        self._account = account
        self._group = f"waiting-{organization}"
        self._call = call
        self._dropped = dropped

    def add(self, kind: str, item: dict[str, Any]) -> None:
        """Keep something to be sent at the next contact: a ``registration`` or an ``event``.

        The names sort by time: an edition has to be registered after the one it replaces.
        """
        name = f"{kind}-{time.time_ns():020d}-{uuid4().hex[:8]}"
        record = {"kind": kind, "item": item, "iss": self._account.iss, "person": str(self._account.person)}
        self._home.write(f"{self._group}/{name}", record)

    def send(self) -> int:
        """Send what waits; return how many items there were.

        What the service refuses for good is dropped and noted as that; whatever else goes wrong leaves it waiting and
        raises, a refusal only after the events were sent.  No registration overtakes one that waits on, since it may be
        of the edition that follows.
        """
        waiting = [(name, self._home.read(name)) for name in self._home.names(self._group)]
        known = [(name, record) for name, record in waiting if record is not None and self._is_ours(record)]
        refused = self._send_registrations(
            [(name, record["item"]) for name, record in known if record["kind"] == "registration"]
        )
        events = [(name, record["item"]) for name, record in known if record["kind"] == "event"]
        for start in range(0, len(events), EVENTS_AT_ONCE):
            self._send_events(events[start : start + EVENTS_AT_ONCE])
        if refused is not None:
            raise refused
        return len(known)

    def try_send(self) -> None:
        """Send what waits; what cannot be sent waits on, since protecting and opening do not fail for it."""
        with contextlib.suppress(Unreachable, Refused, ServiceError):
            self.send()

    def _is_ours(self, record: Mapping[str, Any]) -> bool:
        """Tell whether it is for this sign-in to send; earlier versions did not write down whose it was."""
        owner = record.get("iss", self._account.iss), record.get("person", str(self._account.person))
        return owner == (self._account.iss, str(self._account.person))

    def _send_registrations(self, registrations: Sequence[tuple[str, dict[str, Any]]]) -> Refused | ServiceError | None:
        """Send registrations, oldest first; return the refusal that may pass, before which the rest waits."""
        for name, item in registrations:
            try:
                self._call("POST", "/api/v1/registrations", item)
            except Refused as error:
                if error.reason not in _FINAL:
                    return error
                self._dropped.append(_as_dropped(item, error, error.reason))
            except ServiceError as error:
                if error.status not in _MALFORMED:
                    return error
                self._dropped.append(_as_dropped(item, error, error.problem))
            self._home.remove(name)
        return None

    def _send_events(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self._call("POST", "/api/v1/events", {"events": [item for _, item in events]})
        for name, _ in events:
            self._home.remove(name)


def _as_dropped(item: Mapping[str, str], error: ChanceryError, reason: str) -> Dropped:
    """Name what was dropped by the objects themselves, which this device has made."""
    license_, seal = PublishingLicense.parse(item["publishing_license"]), BodySeal.parse(item["body_seal"])
    return Dropped(license_.cid, seal.facts.n, str(reason), error.message, error.next_step)
