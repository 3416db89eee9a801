"""The data folder: what is in it, and who has it at the moment."""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.runtime.supervisor.accounts import Account
from portal.runtime.supervisor.errors import SupervisorError

SYSTEM_FOLDER = Path("/var/lib/chancery")
LONGEST_SOCKET_PATH = 107
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


@dataclass(frozen=True)
class Folders:
    """The data folder of one installation and, for a lent account, the place where it may keep its files."""

    data: Path
    account: Account | None

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def heartbeats(self) -> Path:
        """Where each process of the product shows that it runs."""
        return self.run / "heartbeats"

    @property
    def environment(self) -> Path:
        return self.data / "environment"

    @property
    def open_to_account(self) -> Path:
        """Return where the database's files go: in the data folder, unless the lent account cannot get there.

        Files that exist decide before anything else: a parent folder that was opened or closed since the first
        start must not make the database look lost.
        """
        own = self.data / "postgresql"
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        if self.account is None or own.exists():
            return self.data
        if self.account.reaches(own) and not (SYSTEM_FOLDER / name / "postgresql").exists():
            return self.data
        return system_folder(name)

    def make(self) -> None:
        """Make the folders. What is secret is closed; the rest follows the usual mask of the person."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            for folder in (self.logs, self.secrets, self.run, self.heartbeats):
                folder.mkdir(exist_ok=True)
            self.secrets.chmod(0o700)
            self.logs.chmod(0o700)
        except OSError as error:
            raise SupervisorError(
                f"The data folder {self.data} cannot be written ({error.strerror}).\n"
                "Name another one:  python3 manage.py up --data <folder>"
            ) from error

    def sockets(self) -> Path:
        """Make and return the private folder for the sockets.

        A socket's path may have 107 bytes and no more, and not every library escapes odd characters in it, so a
        data folder deep in somebody's home gets a short folder among the temporary ones. Its name is remembered,
        so that a start after a crash takes the same one.
        """
        folder = self.open_to_account / "sockets"
        if not _fits_sockets(folder):
            folder = self._remembered_sockets()
        if self.account is None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        else:
            self.account.own(folder)
        return folder

    def _remembered_sockets(self) -> Path:
        note = self.run / "sockets"
        if note.is_file():
            remembered = Path(note.read_text(encoding="utf-8").strip())
            owner = os.geteuid() if self.account is None else self.account.user
            if remembered.is_dir() and not remembered.is_symlink() and remembered.stat().st_uid == owner:
                return remembered
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        parent = Path(runtime) if runtime and self.account is None and Path(runtime).is_dir() else None
        folder = Path(tempfile.mkdtemp(prefix="chancery-", dir=parent))
        if not _fits_sockets(folder):
            folder.rmdir()
            folder = Path(tempfile.mkdtemp(prefix="chancery-", dir="/tmp"))
        note.write_text(f"{folder}\n", encoding="utf-8")
        return folder

    @contextmanager
    def held(self, *, wait: bool = False) -> Iterator[None]:
        """Hold the data folder; without it nobody starts, stops or repairs anything in there."""
        with (self.data / "lock").open("a", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise HeldError(f"{self.data} is in use by another Chancery.") from error
            yield


def system_folder(name: str) -> Path:
    """Make a folder among the system's own, where a lent account can walk whatever the mask of the person is."""
    folder = SYSTEM_FOLDER / name
    try:
        for each in (SYSTEM_FOLDER, folder):
            each.mkdir(parents=True, exist_ok=True)
            each.chmod(0o755)
    except OSError as error:
        raise SupervisorError(
            f"The database runs as the account nobody, which cannot reach the data folder, and {folder} cannot be"
            f" made ({error.strerror}).\nName a folder that everybody may walk through:"
            "  python3 manage.py up --data <folder>"
        ) from error
    return folder


class HeldError(SupervisorError):
    """Another process holds the data folder."""


def _fits_sockets(folder: Path) -> bool:
    path = str(folder) + LONGEST_SOCKET_NAME
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(path) is not None


def throw_away(folders: Folders) -> None:
    """Remove a temporary data folder and whatever of it was kept elsewhere."""
    note = folders.run / "sockets"
    if note.is_file():
        shutil.rmtree(note.read_text(encoding="utf-8").strip(), ignore_errors=True)
    for folder in {folders.open_to_account, folders.data}:
        shutil.rmtree(folder, ignore_errors=True)
