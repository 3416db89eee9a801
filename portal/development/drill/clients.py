"""Clients that go on working while the installation is broken, and remember what they were answered."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from audit.services.report import reported_event_id
from chancery.errors import ChanceryError
from chancery.objects import jws
from chancery.objects.jws import Kind
from chancery.sdk.account import load
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.organization import Organization
from chancery.sdk.session import Session

PAUSE: Final = 0.05
REPORTS_AT_ONCE: Final = 20


class Client(threading.Thread, ABC):
    """Does one thing again and again; what the service cannot answer now is done again."""

    def __init__(self, home: str, host: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        kept = Home(Path(home), use_key_ring=False)
        account = load(kept, host)
        self.device = account.device
        self.answered: list[float] = []
        self.events: list[str] = []
        self._place: Organization = Session(kept, account, Http("chancery-drill")).own_organization()
        self._enough = stop

    def run(self) -> None:
        """Work until asked to stop."""
        while not self._enough.is_set():
            try:
                self.work()
                self.answered.append(time.monotonic())
            except ChanceryError:
                time.sleep(PAUSE)

    @abstractmethod
    def work(self) -> None:
        """Do it once."""


class Reader(Client):
    """Asks for the license of one document; ``events`` are those under which its licenses are recorded."""

    def __init__(self, home: str, host: str, stop: threading.Event, wanted: dict[str, str]) -> None:
        super().__init__(home, host, stop)
        self._wanted = wanted

    def work(self) -> None:
        """Get one license."""
        answer = self._place.call("POST", "/api/v1/licenses", self._wanted)
        self.events.append(str(jws.parse(answer["use_license"], Kind.USE).claims["jti"]))


class Reporter(Client):
    """Reports what happened on its device; a report whose answer got lost is made again under the same ids."""

    def __init__(self, home: str, host: str, stop: threading.Event, cid: str) -> None:
        super().__init__(home, host, stop)
        self._cid = cid
        self._ids: list[Any] = []

    def work(self) -> None:
        """Report once."""
        self._ids = self._ids or [uuid4() for _ in range(REPORTS_AT_ONCE)]
        now = int(time.time())
        events = [{"id": str(one), "cid": self._cid, "action": "printed", "at": now} for one in self._ids]
        self._place.call("POST", "/api/v1/events", {"events": events})
        self.events += [str(reported_event_id(self.device, own)) for own in self._ids]
        self._ids = []
        time.sleep(PAUSE)


def longest_silence(clients: Sequence[Client], since: float, until: float) -> float:
    """Return the longest time in which no client was answered, in seconds: the error window of a fault."""
    moments = sorted(moment for client in clients for moment in client.answered if since <= moment <= until)
    return max((later - earlier for earlier, later in pairwise([since, *moments, until])), default=until - since)
