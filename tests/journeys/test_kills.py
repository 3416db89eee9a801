"""``kill -9`` of any process while documents are opened and reports come in: nothing is lost, nothing unrecorded."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from audit.services.report import reported_event_id
from chancery.objects import jws
from chancery.objects.jws import Kind, b64
from chancery.sdk.account import load
from chancery.sdk.errors import NotSignedIn, Refused, ServiceError, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.organization import Organization
from chancery.sdk.session import Session
from chancery.sealing.read import open_sealed
from tests.journeys.people import Person, Stack

OPENINGS = int(os.environ.get("OPENINGS", "300"))
READERS = 4
REPORTS_AT_ONCE = 50
PATIENCE = 60.0


def session_of(person: Person) -> Session:
    home = Home(person.home, use_key_ring=False)
    return Session(home, load(home, person.host), Http("chancery-tests"))


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def backends(stack: Stack) -> list[int]:
    """Return the database's processes that serve a connection."""
    found = []
    for pid in children(stack.running.leader("database")):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"chancery" in command and b"idle" in command:
            found.append(pid)
    return found


def victims(stack: Stack) -> dict[str, Callable[[], list[int]]]:
    """Return who is killed, each looked up when its turn comes."""

    def leader(part: str) -> Callable[[], list[int]]:
        return lambda: [stack.running.leader(part)]

    return {
        "a web worker": lambda: children(stack.running.leader("web"))[:1],
        "the web server": leader("web"),
        "the worker": leader("worker"),
        "the scheduler": leader("scheduler"),
        "the broker": leader("broker"),
        "a connection of the database": lambda: backends(stack)[:1],
        "the database": leader("database"),
    }


class Reader(threading.Thread):
    """Opens one document again and again; what the service cannot answer now is asked again."""

    def __init__(self, person: Person, place: Organization, wanted: dict[str, str], stop: threading.Event) -> None:
        super().__init__()
        self.licenses: list[str] = []
        self.unexpected: list[Exception] = []
        self._place = Organization(place.home, session_of(person).service, place.id)
        self._wanted = wanted
        self._stop_asking = stop

    def run(self) -> None:
        while not self._stop_asking.is_set():
            try:
                answer = self._place.call("POST", "/api/v1/licenses", self._wanted)
                self.licenses.append(str(jws.parse(answer["use_license"], Kind.USE).claims["jti"]))
            except (Unreachable, NotSignedIn):
                time.sleep(0.1)
            except (Refused, ServiceError) as error:
                self.unexpected.append(error)
                return


class Reporter(threading.Thread):
    """Reports in bulk what happened on a device; a report whose answer got lost is made again under the same ids."""

    def __init__(self, person: Person, place: Organization, cid: UUID, stop: threading.Event) -> None:
        super().__init__()
        session = session_of(person)
        self.device = session.account.device
        self.accepted: list[UUID] = []
        self.unexpected: list[Exception] = []
        self._place = Organization(place.home, session.service, place.id)
        self._cid = cid
        self._stop_asking = stop

    def run(self) -> None:
        while not self._stop_asking.is_set():
            ids = [uuid4() for _ in range(REPORTS_AT_ONCE)]
            while not self._reported(ids) and not self.unexpected and not self._stop_asking.is_set():
                time.sleep(0.1)
            if self.unexpected:
                return

    def _reported(self, ids: list[UUID]) -> bool:
        now = int(time.time())
        events = [{"id": str(one), "cid": str(self._cid), "action": "printed", "at": now} for one in ids]
        try:
            answer = self._place.call("POST", "/api/v1/events", {"events": events})
        except (Unreachable, NotSignedIn):
            return False
        except (Refused, ServiceError) as error:
            self.unexpected.append(error)
            return False
        assert answer["accepted"] == len(ids)
        self.accepted += ids
        return True


def test_no_license_without_an_event_and_no_event_or_report_lost(stack: Stack, tmp_path: Path):
    plan = tmp_path / "plan.txt"
    plan.write_bytes(b"the plan")
    stack.olga.run("protect", plan, "--grant", "rita@fabrikam.example:VIEW,EXPORT", "--offline-days", "0")
    sealed = tmp_path / "plan.txt.sealed"
    stack.rita.run("open", sealed, "-o", tmp_path / "first")
    with open_sealed(sealed) as file:
        license_ = file.publishing_license
        wanted = {"pl": b64(license_.digest), "seal": b64(file.body_seal.digest)}
    place = session_of(stack.rita).organization(license_.org)
    stop = threading.Event()
    readers = [Reader(stack.rita, place, wanted, stop) for _ in range(READERS)]
    reporter = Reporter(stack.rita, place, license_.cid, stop)
    threads = [*readers, reporter]
    for thread in threads:
        thread.start()

    def opened() -> int:
        return sum(len(reader.licenses) for reader in readers)

    def wait_for(more: int, what: str) -> None:
        goal, deadline = opened() + more, time.monotonic() + PATIENCE
        while opened() < goal:
            assert not any(thread.unexpected for thread in threads), [thread.unexpected for thread in threads]
            assert time.monotonic() < deadline, f"nothing is opened any more after {what} was killed"
            time.sleep(0.02)

    share = OPENINGS // (len(victims(stack)) + 1) + 1
    try:
        wait_for(share, "nobody")
        for name, find in victims(stack).items():
            for pid in find():
                os.kill(pid, signal.SIGKILL)
            wait_for(share, name)
        for name in ("web", "worker", "scheduler", "broker", "database"):
            assert Path(f"/proc/{stack.running.leader(name)}").exists(), f"{name} was not brought back"
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    licenses = [jti for reader in readers for jti in reader.licenses]
    assert len(licenses) >= OPENINGS
    assert len(set(licenses)) == len(licenses)
    assert len(reporter.accepted) >= REPORTS_AT_ONCE * len(victims(stack))
    reports = {str(reported_event_id(reporter.device, own)) for own in reporter.accepted}
    found = recorded(stack, str(license_.cid), {*licenses, *reports})
    reported = [row["id"] for row in found if row["kind"] == "content.reported"]
    assert len(set(reported)) == len(reported), "a report that was made again is one event"
    assert_sealed_and_intact(stack)
    print(f"{len(licenses)} licenses, {len(reporter.accepted)} reports accepted, {len(found)} events of the document")


def recorded(stack: Stack, cid: str, expected: set[str]) -> list[dict[str, Any]]:
    """Return all events about a document once the expected ones are there: the inbox is emptied by the worker."""
    place = session_of(stack.olga).own_organization()
    deadline = time.monotonic() + PATIENCE
    while True:
        found = events_of(place, cid)
        missing = expected - {row["id"] for row in found}
        if not missing:
            return found
        assert time.monotonic() < deadline, f"{len(missing)} events were lost"
        time.sleep(0.5)


def events_of(place: Organization, cid: str) -> list[dict[str, Any]]:
    """Return all events about a document, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = place.call("GET", f"/api/v1/documents/{cid}/events?limit=200&cursor={cursor}")
        found += page["results"]
        cursor = page["next"]
        if not cursor:
            return found


def assert_sealed_and_intact(stack: Stack) -> None:
    """Wait until the worker that came back has numbered everything, then verify the whole ledger from outside."""
    place = session_of(stack.ada).own_organization()
    deadline = time.monotonic() + PATIENCE
    while waiting(place):
        assert time.monotonic() < deadline, "the worker or its schedule did not come back"
        time.sleep(0.5)
    assert stack.ada.json("verify-audit")["intact"]


def waiting(place: Organization) -> bool:
    """Tell whether an event has no number yet."""
    return any(row["seq"] is None for row in place.call("GET", "/api/v1/audit/events?limit=50")["results"])
