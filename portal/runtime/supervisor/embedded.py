"""PostgreSQL and Valkey of a data folder, for code that needs them: the supervisor, single commands, tests.

A test session uses :func:`throw_away_services`; a command that finds nothing running uses :func:`services`.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from portal.runtime.supervisor import folders as places
from portal.runtime.supervisor import postgresql, processes, secrets, valkey
from portal.runtime.supervisor.accounts import database_account
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.folders import Folders, HeldError
from portal.runtime.supervisor.parts import Part
from portal.runtime.supervisor.postgresql import PostgreSQL
from portal.runtime.supervisor.valkey import Valkey

START_SECONDS = 60.0
THROW_AWAY_PREFIX = "chancery-test-"
ANY_BASE_URL = "http://localhost:8000"


@dataclass
class Services:
    """The two services of one data folder and the variables under which the product finds them."""

    folders: Folders
    database: Part[PostgreSQL]
    broker: Part[Valkey]
    environment: dict[str, str]

    def stop(self) -> None:
        """End both in order, the database last."""
        self.broker.stop()
        self.database.stop()


def open_folders(data: Path) -> Folders:
    """Make the data folder and say what is where in it."""
    data = data.resolve()
    folders = Folders(data, database_account(data / "postgresql"))
    folders.make()
    return folders


def variables(folders: Folders, database: PostgreSQL, broker: Valkey, base_url: str) -> dict[str, str]:
    """Return the environment of everything that runs against this data folder."""
    return {
        "CHANCERY_MODE": "embedded",
        "CHANCERY_DATA": str(folders.data),
        "CHANCERY_HEARTBEATS": str(folders.heartbeats),
        "CHANCERY_BASE_URL": base_url,
        "DATABASE_URL": database.url,
        "REDIS_URL": broker.url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        **secrets.files(folders.secrets),
    }


def start_services(folders: Folders, base_url: str, *, hasty: bool = False) -> Services:
    """Start both services; the caller holds the data folder."""
    processes.end_orphans(folders.run, (postgresql.NAME, valkey.NAME))
    server = postgresql.locate(folders, hasty=hasty)
    if not server.exists():
        server.create()
    cache = valkey.locate(folders.data / "valkey", server.sockets, hasty=hasty)
    database = Part(server, folders.logs, folders.run)
    broker = Part(cache, folders.logs, folders.run)
    try:
        database.start()
        broker.start()
        database.await_ready(START_SECONDS)
        server.establish()
        broker.await_ready(START_SECONDS)
    except BaseException:
        broker.stop()
        database.stop()
        raise
    return Services(folders, database, broker, variables(folders, server, cache, base_url))


@contextmanager
def services(data: Path, base_url: str, *, hasty: bool = False, wait: bool = False) -> Iterator[Services]:
    """Run both services of a data folder for the time of one block; raise ``HeldError`` when somebody else does."""
    folders = open_folders(data)
    with folders.held(wait=wait):
        running = start_services(folders, base_url, hasty=hasty)
        try:
            yield running
        finally:
            running.stop()


@contextmanager
def throw_away_services(*, hasty: bool = True) -> Iterator[Services]:
    """Run both services in a folder of their own that disappears afterwards.

    ``hasty`` gives up durability for speed. A test that kills the database and looks for its rows says
    ``hasty=False``.
    """
    sweep()
    data = Path(tempfile.mkdtemp(prefix=THROW_AWAY_PREFIX))
    data.chmod(0o711)
    try:
        with services(data, ANY_BASE_URL, hasty=hasty) as running:
            yield running
    finally:
        places.throw_away(Folders(data, database_account(data / "postgresql")))


def sweep() -> None:
    """Remove the folders of test sessions that were killed before they could do so themselves."""
    for data in Path(tempfile.gettempdir()).glob(f"{THROW_AWAY_PREFIX}*"):
        with suppress(OSError, HeldError, SupervisorError):
            if data.stat().st_uid != os.geteuid() or not (data / "lock").exists():
                continue
            folders = Folders(data, database_account(data / "postgresql"))
            with folders.held():
                processes.end_orphans(folders.run, (valkey.NAME, postgresql.NAME))
                places.throw_away(folders)
