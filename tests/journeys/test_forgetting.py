"""How soon a connected program forgets: with the real service, its worker and a program of a reader's own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.journeys.people import Person, Stack
from tests.running import eventually

RITA = "rita@fabrikam.example"
MINUTE = 60
READING = """
import io, sys, time
from pathlib import Path
from chancery.sdk.errors import Refused
from chancery.sdk.session import Session

with Session.open() as session:
    while True:
        try:
            opened = session.open_stream(Path(sys.argv[1]), io.BytesIO())
        except Refused as refused:
            print(refused.reason, flush=True)
            break
        print(opened.source, flush=True)
        time.sleep(0.1)
"""
"""A program that keeps one session and shows a document again and again, as a viewer does that stays open."""


@contextmanager
def reading(person: Person, sealed: Path) -> "Iterator[subprocess.Popen[str]]":
    """Let a program of a person show a document until it is refused."""
    process = person.start_own(READING, sealed)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "service"
        assert process.stdout.readline().strip() == "kept", "its device keeps a license for days"
        yield process
    finally:
        process.kill()
        process.wait()


def refused_after(process: "subprocess.Popen[str]", since: float) -> tuple[str, float]:
    """Return why the program was refused at last, and how many seconds after a moment that was."""
    said, _ = process.communicate(timeout=2 * MINUTE)
    return said.split()[-1], time.time() - since


@pytest.mark.parametrize("when", ["now", "at a moment"])
def test_a_connected_program_forgets_within_a_minute(stack: Stack, tmp_path: Path, when: str) -> None:
    plan = tmp_path / "plan.txt"
    plan.write_text("the plan", encoding="utf-8")
    stack.olga.run("protect", plan, "--grant", f"{RITA}:VIEW", "--offline-days", "7")
    sealed = plan.with_name("plan.txt.sealed")
    with reading(stack.rita, sealed) as process:
        moment = time.time()
        words = ["revoke", str(sealed), "--recipient", RITA, "--yes"]
        if when == "at a moment":
            moment = float(int(moment) + 3)
            words += ["--at", datetime.fromtimestamp(moment, UTC).isoformat()]
        stack.olga.run(*words)
        reason, seconds = refused_after(process, moment)
    assert (reason, -1 < seconds < MINUTE) == ("revoked_for_you", True)
    eventually(lambda: not stack.olga.json("scheduled", "list")["results"], "no worker carried it out")
    assert "took access to “plan.txt” back" in stack.olga.run("track", sealed)
