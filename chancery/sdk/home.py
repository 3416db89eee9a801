"""What the client keeps on disk: its sign-ins, keys, certificates and cached licenses.

Everything lies under one folder (``CHANCERY_HOME``, else the platform's own), made with mode 0700.  Each record is
sealed with AES-256-GCM under a local key, which the platform's key ring holds where there is one, and a file with mode
0600 otherwise.  A record is written beside the former one, brought to disk and only then takes its place, so that a
full disk or a killed process loses neither.
"""

import base64
import binascii
import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import platformdirs
from filelock import FileLock, Timeout

from chancery.crypto import aead
from chancery.errors import CannotUnseal
from chancery.sdk.errors import LocalFailure, Misused
from chancery.sealing.atomic import PARTS, creating, part_of, replacing
from chancery.sealing.streams import write_all
from chancery.texts import Text, message

_LOCAL_KEY: Final = "local.key"
_SERVICE: Final = "chancery"
_KEY_RING: Final = (sys.executable, "-m", "keyring")
_FOR_EVERYBODY: Final = 0o077
_LEFT_AFTER: Final = 86_400


class Home:
    """The client's folder.  Records are JSON objects by name; a name may contain one slash."""

    def __init__(self, folder: Path, *, use_key_ring: bool) -> None:
        """Open or make the folder."""
        self._room: Path | None = None
        self.repaired: Text | None = None
        """What had to be repaired here, for the person to read."""
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = self._local_key(use_key_ring=use_key_ring)

    @classmethod
    def default(cls) -> "Home":
        """Open the folder that the environment names, or the platform's own for this person.

        With ``CHANCERY_HOME`` set, as automation does, the key ring is not asked: it may want a person at the screen.
        """
        named = os.environ.get("CHANCERY_HOME")
        folder = Path(named).expanduser() if named else Path(platformdirs.user_data_dir("chancery"))
        return cls(folder, use_key_ring=not named)

    def read(self, name: str) -> dict[str, Any] | None:
        """Return a record, or None when it is not there or was made under another local key."""
        try:
            blob = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        try:
            members = json.loads(aead.unwrap(self._key, blob, name.encode()))
        except (CannotUnseal, ValueError):
            return None
        return members if isinstance(members, dict) else None

    def write(self, name: str, record: dict[str, Any]) -> None:
        """Store a record; it is there whole or not at all."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._room is not None:
            self._room.unlink(missing_ok=True)
        with replacing(path) as file:
            write_all(file, self._sealed(name, record))

    @contextlib.contextmanager
    def reserved(self, name: str, size: int) -> Iterator[None]:
        """Make sure that a record of this size can be written in the block, before something is asked for only once.

        The room is taken on the disk and given back just before the record is written in the block.
        """
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_leftovers(path.parent)
        held = part_of(path)
        try:
            with creating(held) as file:
                write_all(file, secrets.token_bytes(size))
            self._room = held
            yield
        finally:
            self._room = None
            held.unlink(missing_ok=True)

    def folder(self, name: str) -> Path:
        """Return a folder for what is no record, made if need be; readable by nobody else."""
        folder = self._path(name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def remove(self, name: str) -> None:
        """Remove a record if it is there."""
        self._path(name).unlink(missing_ok=True)

    def names(self, group: str) -> list[str]:
        """Return the names of all records ``group/…``."""
        folder = self._folder / _safe(group)
        if not folder.is_dir():
            return []
        return [f"{group}/{entry.name}" for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]

    def groups(self) -> list[str]:
        """Return the names of all groups of records."""
        return [entry.name for entry in sorted(self._folder.iterdir()) if entry.is_dir()]

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold a lock between processes, for reading, changing and writing one record; it ends with the process."""
        with FileLock(self._lock_path(name)):
            yield

    @contextlib.contextmanager
    def only_here(self, name: str) -> Iterator[bool]:
        """Hold a lock that is never waited for; yields whether no other process holds it.  Its file goes with it."""
        lock = FileLock(self._lock_path(name), timeout=0)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
            self._lock_path(name).unlink(missing_ok=True)

    def _lock_path(self, name: str) -> Path:
        return self._folder / f".{_safe(name)}.lock"

    def _path(self, name: str) -> Path:
        return self._folder.joinpath(*(_safe(part) for part in name.split("/")))

    def _sealed(self, name: str, record: dict[str, Any]) -> bytes:
        return aead.wrap(self._key, json.dumps(record).encode(), name.encode())

    def _local_key(self, *, use_key_ring: bool) -> bytes:
        path = self._folder / _LOCAL_KEY
        if not path.exists():
            kept = _in_key_ring(str(self._folder)) if use_key_ring else None
            kept = kept or self._first_key(path, use_key_ring=use_key_ring)
            if kept is not None:
                return kept
        if os.name == "posix" and path.stat().st_mode & _FOR_EVERYBODY:
            raise Misused(
                message("{path} can be read by others.", path=path), remedy=message("Run: chmod 600 {path}", path=path)
            )
        return _decoded(path.read_bytes()) or self._repaired_key(path)

    def _first_key(self, path: Path, *, use_key_ring: bool) -> bytes | None:
        """Make the key of a new folder; return it where the key ring holds it, None where the file does.

        Where records lie already, their key lies somewhere too: in a key ring that is locked, or that does not answer a
        program without a screen.  A key made now would take its place, and all that is kept here would be lost.
        """
        with self.locked("local-key"):
            kept = _in_key_ring(str(self._folder)) if use_key_ring else None
            if kept is not None or path.exists():
                return kept
            if self._holds_records() and not _damaged(path).exists():
                raise LocalFailure(
                    message(
                        "The key of {folder} is not there: the key ring of this system does not give it.",
                        folder=self._folder,
                    )
                    if use_key_ring
                    else message("The key of {folder} is not there.", folder=self._folder),
                    remedy=message(
                        "Unlock the key ring and try again. If the key is lost, move {folder} away, then run:"
                        " chancery login",
                        folder=self._folder,
                    ),
                )
            kept = _put_into_key_ring(str(self._folder)) if use_key_ring else None
            if kept is None:
                _make_key(path)
            return kept

    def _holds_records(self) -> bool:
        return any(not entry.name.startswith((".", _LOCAL_KEY)) for entry in self._folder.iterdir())

    def _repaired_key(self, path: Path) -> bytes:
        """Put a new key in the place of a damaged one: what was sealed under that cannot be read any more anyway."""
        with self.locked("local-key"):
            key = _decoded(path.read_bytes())
            if key is None:
                path.replace(_damaged(path))
                _make_key(path)
                key = _decoded(path.read_bytes())
                self.repaired = message(
                    "The key of {folder} was damaged, and is made anew. If you were signed in here, sign in again:"
                    " chancery login",
                    folder=self._folder,
                )
        if key is None:
            raise LocalFailure(message("{path} cannot be written.", path=path))
        return key


def _remove_leftovers(folder: Path) -> None:
    """Remove room that killed processes took and did not give back; after a day nobody holds it any more."""
    for part in folder.glob(PARTS):
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < time.time() - _LEFT_AFTER:
                part.unlink()


def _make_key(path: Path) -> None:
    """Make the local key; of two processes that do, one wins."""
    with contextlib.suppress(FileExistsError), creating(path) as file:
        write_all(file, base64.b64encode(secrets.token_bytes(aead.KEY_SIZE)))


def _decoded(text: bytes) -> bytes | None:
    """Return a local key, or None for what is none."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return key if len(key) == aead.KEY_SIZE else None


def _safe(part: str) -> str:
    """Return a file name for one part of a record's name."""
    if part and len(part) <= 80 and all(c.isalnum() or c in "-_.@" for c in part) and not part.startswith("."):
        return part
    return hashlib.sha256(part.encode()).hexdigest()[:40]


def _damaged(path: Path) -> Path:
    """Return where a damaged local key is put."""
    return path.with_name(f"{path.name}.damaged")


def _in_key_ring(account: str) -> bytes | None:
    """Return the local key out of the platform's key ring; None where it does not give one, for whatever reason.

    The key ring is asked through the command of its library: importing it would double the start of every command,
    also where, as on most servers, there is none.
    """
    asked = subprocess.run([*_KEY_RING, "get", _SERVICE, account], capture_output=True, check=False)
    return _decoded(asked.stdout.strip()) if asked.returncode == 0 else None


def _put_into_key_ring(account: str) -> bytes | None:
    """Make a local key and put it into the key ring; None where there is none that gives it back."""
    made = base64.b64encode(secrets.token_bytes(aead.KEY_SIZE))
    command = [*_KEY_RING, "set", _SERVICE, account]
    stored = subprocess.run(command, input=made, capture_output=True, check=False)
    return _in_key_ring(account) if stored.returncode == 0 else None
