"""A part of the stack: something that runs, ends, and is started again."""

import signal
import time
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from portal.runtime.supervisor import processes
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.processes import Process, Program

POLL_SECONDS = 0.01
STOP_SECONDS = 10.0


class Runnable(Protocol):
    """What the supervisor has to know about a part: how to run it, and how to tell that it serves."""

    @property
    def program(self) -> Program:
        """The program to run."""

    def prepare(self) -> None:
        """Clear away what the end of the process before has left."""

    def ready(self, process: Process) -> bool:
        """Say whether ``process`` serves."""

    def answers(self, process: Process) -> bool:
        """Say whether a process that serves still answers; waits for two seconds at most."""


What_co = TypeVar("What_co", bound=Runnable, covariant=True)


class Part(Generic[What_co]):
    """A runnable with its log, its note on disk, and at most one process."""

    def __init__(self, what: What_co, logs: Path, notes: Path) -> None:
        self._what = what
        self.name = what.program.name
        self.log = logs / f"{self.name}.log"
        self.notes = notes
        self.process: Process | None = None

    @property
    def what(self) -> What_co:
        """What runs: its addresses and files are asked there."""
        return self._what

    def start(self) -> None:
        """Start the process; :meth:`await_ready` or :meth:`ready` tell when it serves."""
        self.what.prepare()
        self.process = processes.start(self.what.program, self.log, self.notes)

    def ready(self) -> bool:
        return self.process is not None and self.process.ended() is None and self.what.ready(self.process)

    def answers(self) -> bool:
        """Say whether the process still answers; one that has not been started need not."""
        return self.process is None or self.what.answers(self.process)

    def ended(self) -> int | None:
        """Return the exit status when the process has ended by itself, else ``None``."""
        return None if self.process is None else self.process.ended()

    def how_it_ended(self) -> str:
        """Return the exit status in words."""
        status = self.ended()
        if status is not None and status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    def await_ready(self, seconds: float) -> None:
        """Wait until the part serves; a process that ends first, or takes too long, is an error with its log."""
        deadline = time.monotonic() + seconds
        while not self.ready():
            status = self.ended()
            if status is not None or time.monotonic() > deadline:
                what = "was not ready in time" if status is None else self.how_it_ended()
                message = f"The {self.name} {what}. The end of {self.log}:\n{self.last_lines()}"
                self.kill()
                raise SupervisorError(message)
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """End the process and all it started the hard way, as a crash would."""
        if self.process is not None:
            self.process.end_group()
            self.process = None

    def ask_to_end(self) -> None:
        if self.process is not None:
            self.process.ask_to_end()

    def stop(self, deadline: float | None = None) -> None:
        """End the process in order, or the hard way when it has not ended by ``deadline``."""
        if self.process is not None:
            self.process.ask_to_end()
            self.process.wait(deadline or time.monotonic() + STOP_SECONDS)
            self.kill()

    def last_lines(self) -> str:
        """Return the end of what the present process has logged."""
        return "" if self.process is None else processes.last_lines(self.log, self.process.log_start)
