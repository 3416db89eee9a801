"""Kill any one process in the middle of openings: no license without an event, no event lost, and all comes back."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from protection.client.account import load
from protection.client.errors import NotSignedIn, ServiceError, Unreachable
from protection.client.home import Home
from protection.client.http import Http
from protection.client.session import Session, Wish
from protection.licensing import jws
from protection.licensing.jws import Kind, b64
from protection.sealing.read import open_sealed
from tests.journeys.people import Person, Stack

OPENINGS = int(os.environ.get("CHANCERY_TEST_OPENINGS", "200"))
THREADS = 4
BACK_SECONDS = 60.0


def session_of(person: Person) -> Session:
    home = Home(person.home, use_key_ring=False)
    return Session(home, load(home), Http("chancery-tests"))


class Opening(threading.Thread):
    """Asks for the same license again and again and keeps the id of every one it gets."""

    def __init__(self, person: Person, sealed: Path, times: int) -> None:
        super().__init__()
        self.session = session_of(person)
        with open_sealed(sealed) as file:
            self.organization = file.publishing_license.org
            self.digests = {"pl": b64(file.publishing_license.digest), "seal": b64(file.body_seal.digest)}
        self.times = times
        self.licensed: list[UUID] = []
        self.failed = 0

    def run(self) -> None:
        place = self.session.organization(self.organization)
        while len(self.licensed) < self.times:
            try:
                answer = place.call("POST", "/api/v1/licenses", self.digests, proof=True)
            except (Unreachable, ServiceError, NotSignedIn):
                self.failed += 1
                time.sleep(0.2)
                continue
            self.licensed.append(UUID(str(jws.parse(answer["use_license"], Kind.USE).claims["jti"])))


@pytest.fixture(scope="module")
def sealed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = tmp_path_factory.mktemp("killing") / "plan.txt"
    plan.write_text("the plan", encoding="utf-8")
    with session_of(stack.olga) as olga:
        return olga.protect(plan, Wish(grants=("rita@fabrikam.example:VIEW",))).path


def recorded(stack: Stack, cid: UUID) -> Iterator[UUID]:
    with session_of(stack.olga) as olga:
        place, cursor = olga.own_organization(), ""
        while True:
            page = place.call("GET", f"/api/v1/documents/{cid}/events?limit=200&cursor={cursor}")
            yield from (UUID(event["id"]) for event in page["results"] if event["outcome"] == "allowed")
            cursor = page["next"]
            if not cursor:
                return


@pytest.mark.parametrize("part", ["web", "worker", "scheduler", "broker", "database"])
def test_no_license_without_an_event_when_a_process_dies(stack: Stack, sealed: Path, part: str) -> None:
    threads = [Opening(stack.rita, sealed, OPENINGS // THREADS // 5) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    while sum(len(thread.licensed) for thread in threads) < OPENINGS // 5 // 3:
        time.sleep(0.01)
    victim = stack.running.leader(part)
    os.kill(victim, signal.SIGKILL)
    for thread in threads:
        thread.join(timeout=BACK_SECONDS)
        assert not thread.is_alive(), f"the service did not come back after {part} was killed"
    with open_sealed(sealed) as file:
        cid = file.publishing_license.cid
    licensed = {jti for thread in threads for jti in thread.licensed}
    assert len(licensed) >= OPENINGS // 5 // THREADS * THREADS
    assert licensed <= set(recorded(stack, cid))
    until = time.monotonic() + BACK_SECONDS
    while stack.running.leader(part) in {0, victim}:
        assert time.monotonic() < until, f"{part} was not started again"
        time.sleep(0.1)


def test_the_record_is_whole_after_all_of_it(stack: Stack) -> None:
    assert stack.ada.json("verify-audit")["intact"] is True
