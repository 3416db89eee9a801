"""The supervisor: starts the parts in order, starts again what ended, ends them in reverse order."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.runtime.supervisor import processes
from portal.runtime.supervisor.parts import Part, Runnable
from portal.runtime.supervisor.restart import SILENT_SECONDS, STABLE_SECONDS, pause_after

POLL_SECONDS = 0.05
ROTATE_SECONDS = 5.0
# Work under way gets this long to finish; what is lost then is found again from the database.
GRACE_SECONDS = 1.2
DATABASE_GRACE_SECONDS = 8.0
ASK_SECONDS = 2.0
# A heartbeat older than this was left by an earlier run, and its number may be somebody else's now.
LONG_AGO_SECONDS = 60.0


@dataclass
class Watched:
    """A part under supervision and what is known of its recent life."""

    part: Part[Runnable]
    started: float
    serving: bool
    failures: int = 0
    start_again_at: float | None = None
    answered: float = 0.0
    """When it last gave a sign of life, on the monotonic clock."""


@dataclass
class Supervisor:
    """Keeps a list of parts running. The order of the list is the order of starting."""

    announce: Callable[[str], None]
    heartbeats: Path | None = None
    """Where the processes of the parts show that they run (``portal.runtime.heartbeat``)."""
    watched: list[Watched] = field(default_factory=list)
    _rotated: float = 0.0
    _asked: float = 0.0

    def adopt(self, part: Part[Runnable], *, serving: bool) -> None:
        """Take over a part that has just been started."""
        self.watched.append(Watched(part, time.monotonic(), serving))

    def watch(self) -> None:
        """Look after the parts until a signal interrupts."""
        while True:
            self.look()
            time.sleep(POLL_SECONDS)

    def look(self) -> None:
        """Look after each part once."""
        now = time.monotonic()
        for watched in self.watched:
            self._look_after(watched, now)
        if now - self._asked > ASK_SECONDS:
            self._asked = now
            self._replace_silent_parts()
            self._end_silent_processes()
        if now - self._rotated > ROTATE_SECONDS:
            self._rotated = now
            for watched in self.watched:
                processes.rotate(watched.part.log)

    def _look_after(self, watched: Watched, now: float) -> None:
        part = watched.part
        if watched.start_again_at is not None:
            if now >= watched.start_again_at:
                self._start_again(watched, now)
        elif part.ended() is not None:
            self._mourn(watched, part.how_it_ended(), now)
        elif not watched.serving and part.ready():
            watched.serving = True
            self.announce(f"{part.name} is back ({now - watched.started:.1f} s).")
        elif watched.serving and watched.failures and now - watched.started > STABLE_SECONDS:
            watched.failures = 0

    def _replace_silent_parts(self) -> None:
        """Ask each part that serves for a sign of life; one that has given none for long is replaced."""
        for watched in self.watched:
            if not watched.serving or watched.start_again_at is not None:
                continue
            answers, now = watched.part.answers(), time.monotonic()
            if answers or not watched.answered:
                watched.answered = now
            elif now - watched.answered > SILENT_SECONDS:
                watched.answered = 0.0
                self._mourn(watched, f"has not answered for {SILENT_SECONDS:.0f} s and was ended", now)

    def _end_silent_processes(self) -> None:
        """End processes whose heartbeat stopped; the program that started them starts new ones.

        While this supervisor itself did not run (the machine slept), nobody's heartbeat could be seen to go on.
        """
        if self.heartbeats is None:
            return
        for file in self.heartbeats.iterdir():
            part, _, pid = file.name.rpartition("-")
            with suppress(OSError):
                silent = time.time() - file.stat().st_mtime
                if silent < SILENT_SECONDS:
                    continue
                file.unlink()
                if processes.is_running(int(pid)) and silent < LONG_AGO_SECONDS:
                    self.announce(f"A process of {part} has not run for {silent:.0f} s and was ended; it starts again.")
                    os.kill(int(pid), signal.SIGKILL)

    def _mourn(self, watched: Watched, what: str, now: float) -> None:
        """Note an end and plan the next start, the later the more often it ends."""
        pause = pause_after(watched.failures)
        said = watched.part.last_lines()
        watched.part.kill()
        watched.failures += 1
        watched.serving = False
        watched.start_again_at = now + pause
        hint = f" The end of {watched.part.log}:\n{said}" if said else ""
        self.announce(f"{watched.part.name} {what}; it starts again in {pause:.1f} s.{hint}")

    def _start_again(self, watched: Watched, now: float) -> None:
        watched.start_again_at = None
        watched.started = now
        try:
            watched.part.start()
        except OSError as error:
            self._mourn(watched, f"could not be started ({error})", now)

    def stop(self) -> None:
        """End the parts that are Chancery together, then the services under them, the database last."""
        upper = [watched.part for watched in self.watched[2:]]
        for part in reversed(upper):
            part.ask_to_end()
        deadline = time.monotonic() + GRACE_SECONDS
        for part in reversed(upper):
            part.stop(deadline)
        for watched in reversed(self.watched[:2]):
            watched.part.stop(time.monotonic() + DATABASE_GRACE_SECONDS)
        self.watched.clear()

    def kill(self) -> None:
        """End everything at once, for callers that cannot wait."""
        for watched in self.watched:
            if watched.part.process is not None:
                processes.end_group(watched.part.process.pid)
