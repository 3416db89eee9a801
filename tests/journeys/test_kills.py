"""``kill -9`` of any one process while documents are being opened: no license without an event, and none lost."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from protection.client.account import load
from protection.client.errors import NotSignedIn, Refused, ServiceError, Unreachable
from protection.client.home import Home
from protection.client.http import Http
from protection.client.organization import Organization
from protection.client.session import Session
from protection.licensing import jws
from protection.licensing.jws import Kind, b64
from protection.sealing.read import open_sealed
from tests.journeys.people import Person, Stack

OPENINGS = int(os.environ.get("OPENINGS", "300"))
READERS = 4
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
        self._place = Organization(place._home, session_of(person).service, place.id)
        self._wanted = wanted
        self._stop_asking = stop

    def run(self) -> None:
        while not self._stop_asking.is_set():
            try:
                answer = self._place.call("POST", "/api/v1/licenses", self._wanted, proof=True)
                self.licenses.append(str(jws.parse(answer["use_license"], Kind.USE).claims["jti"]))
            except (Unreachable, NotSignedIn):
                time.sleep(0.1)
            except (Refused, ServiceError) as error:
                self.unexpected.append(error)
                return


def test_no_license_without_an_event_and_no_event_lost(stack: Stack, tmp_path: Path):
    plan = tmp_path / "plan.txt"
    plan.write_bytes(b"the plan")
    stack.olga.run("protect", plan, "--grant", "rita@fabrikam.example:VIEW", "--offline-days", "0")
    sealed = tmp_path / "plan.txt.sealed"
    stack.rita.run("open", sealed, "-o", tmp_path / "first")
    with open_sealed(sealed) as file:
        license_ = file.publishing_license
        wanted = {"pl": b64(license_.digest), "seal": b64(file.body_seal.digest)}
    place = session_of(stack.rita).organization(license_.org)
    stop = threading.Event()
    readers = [Reader(stack.rita, place, wanted, stop) for _ in range(READERS)]
    for reader in readers:
        reader.start()

    def opened() -> int:
        return sum(len(reader.licenses) for reader in readers)

    def wait_for(more: int, what: str) -> None:
        goal, deadline = opened() + more, time.monotonic() + PATIENCE
        while opened() < goal:
            assert not any(reader.unexpected for reader in readers), [reader.unexpected for reader in readers]
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
        for reader in readers:
            reader.join()
    licenses = [jti for reader in readers for jti in reader.licenses]
    assert len(licenses) >= OPENINGS
    assert len(set(licenses)) == len(licenses)
    assert set(licenses) <= recorded(stack, str(license_.cid))
    assert_sealed_and_intact(stack)


def recorded(stack: Stack, cid: str) -> set[str]:
    """Return the ids of all events about a document, page by page."""
    place = session_of(stack.olga).own_organization()
    found: set[str] = set()
    cursor = ""
    while True:
        page = place.call("GET", f"/api/v1/documents/{cid}/events?limit=200&cursor={cursor}")
        found |= {row["id"] for row in page["results"]}
        cursor = page["next"]
        if not cursor:
            return found


def assert_sealed_and_intact(stack: Stack) -> None:
    """Wait until the worker that came back has numbered everything, then verify the whole ledger from outside."""
    place = session_of(stack.ada).own_organization()
    deadline = time.monotonic() + PATIENCE
    while any(row["seq"] is None for row in place.call("GET", "/api/v1/audit/events?limit=50")["results"]):
        assert time.monotonic() < deadline, "the worker or its schedule did not come back"
        time.sleep(0.5)
    assert stack.ada.json("verify-audit")["intact"]
