"""A throw-away installation for one bench: embedded database with its everyday settings, web, worker, scheduler."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor import embedded, environment, folders, programs
from portal.runtime.supervisor.embedded import Services
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.folders import Folders
from portal.runtime.supervisor.parts import Part, Runnable

PREFIX: Final = "chancery-bench-"
ROLE: Final = "chancery_app"
FIRST_PORT: Final = 18_000
RUN_INSIDE: Final = "from portal.development.bench import inside; inside.main()"
UNLIMITED: Final = "1000000"
"""The bench speaks for a handful of people; their rate limit would be what is measured."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The installation while it runs."""

    services: Services
    port: int
    folder: Path
    surroundings: dict[str, str]

    @property
    def base_url(self) -> str:
        """The base domain's origin."""
        return self.services.environment["CHANCERY_BASE_URL"]

    def run_inside(self, preparation: str, **arguments: Any) -> Any:
        """Run one function of ``inside.py`` inside the product, in a process of its own, and return its answer."""
        answer = self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        command = [sys.executable, "-m", "django", "shell", "--no-imports", "--command", RUN_INSIDE]
        variables = {
            **self.surroundings,
            "CHANCERY_BENCH": json.dumps({"preparation": preparation, "answer": str(answer), "arguments": arguments}),
        }
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not answer.exists():
            raise SupervisorError(f"The bench could not prepare {preparation!r}:\n{done.stderr[-4000:]}")
        return json.loads(answer.read_text(encoding="utf-8"))

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """Open a connection as the role that owns all tables, each statement a transaction."""
        return psycopg.connect(self.services.environment["DATABASE_URL"], autocommit=True)


@contextmanager
def running() -> Iterator[Stack]:
    """Run an installation in a folder that disappears afterwards."""
    data = Path(tempfile.mkdtemp(prefix=PREFIX))
    data.chmod(0o711)
    port = next(port for port in range(FIRST_PORT, programs.HIGHEST_PORT) if programs.is_free(port))
    try:
        with embedded.services(data, f"http://localhost:{port}") as services:
            surroundings = environment.combined(
                {**services.environment, "CHANCERY_REQUESTS_PER_SECOND": UNLIMITED, "CHANCERY_LOG_LEVEL": "WARNING"}
            )
            _migrate(surroundings)
            scratch = data / "bench"
            scratch.mkdir()
            with _programs(services, port, surroundings):
                yield Stack(services, port, scratch, surroundings)
    finally:
        opened = embedded.open_folders(data)
        folders.throw_away(opened)
        shutil.rmtree(data, ignore_errors=True)


def _migrate(surroundings: dict[str, str]) -> None:
    command = [sys.executable, "-m", "portal", "migrate_organizations", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SupervisorError(f"The bench's database could not be made:\n{done.stderr[-4000:]}")


@contextmanager
def _programs(services: Services, port: int, surroundings: dict[str, str]) -> Iterator[None]:
    """Run web, worker and scheduler as ``up`` does, under the role that may not touch the ledger."""
    variables = {**surroundings, "CHANCERY_DATABASE_ROLE": ROLE}
    places: Folders = services.folders
    parts: list[Part[Runnable]] = [
        Part(programs.Web(port, variables), places.logs, places.run),
        Part(programs.worker(variables), places.logs, places.run),
        Part(programs.scheduler(variables, places.data / "scheduler"), places.logs, places.run),
    ]
    try:
        for part in parts:
            part.start()
            part.await_ready(60.0)
        yield
    finally:
        for part in reversed(parts):
            part.stop()
