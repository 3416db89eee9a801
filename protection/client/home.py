"""What the client keeps on disk: its sign-ins, keys, certificates and cached licenses.

Everything lies under one folder (``CHANCERY_HOME``, else the platform's own), made with mode 0700.  Each record is
sealed with AES-256-GCM under a local key, which the platform's key ring holds where there is one, and a file with mode
0600 otherwise.
"""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import platformdirs

from protection.client.errors import Misused
from protection.crypto import aead
from protection.errors import CannotUnseal
from protection.texts import say

_LOCAL_KEY: Final = "local.key"
_SERVICE: Final = "chancery"


class Home:
    """The client's folder.  Records are JSON objects by name; a name may contain one slash."""

    def __init__(self, folder: Path, *, use_key_ring: bool) -> None:
        """Open or make the folder."""
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = _local_key(folder, use_key_ring=use_key_ring)

    @classmethod
    def default(cls) -> "Home":
        """Open the folder that the environment names, or the platform's own for this person.

        With ``CHANCERY_HOME`` set, as automation does, the key ring is not asked: it may want a person at the screen.
        """
        named = os.environ.get("CHANCERY_HOME")
        folder = Path(named) if named else Path(platformdirs.user_data_dir("chancery"))
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
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(aead.wrap(self._key, json.dumps(record).encode(), name.encode()))
        fresh.replace(path)

    def remove(self, name: str) -> None:
        """Remove a record if it is there."""
        self._path(name).unlink(missing_ok=True)

    def names(self, group: str) -> list[str]:
        """Return the names of all records ``group/…``."""
        folder = self._folder / _safe(group)
        if not folder.is_dir():
            return []
        return [f"{group}/{entry.name}" for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold a lock between processes, for reading, changing and writing one record."""
        path = self._folder / f".{_safe(name)}.lock"
        with path.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, name: str) -> Path:
        return self._folder.joinpath(*(_safe(part) for part in name.split("/")))


def _safe(part: str) -> str:
    """Return a file name for one part of a record's name."""
    if part and len(part) <= 80 and all(c.isalnum() or c in "-_.@" for c in part) and not part.startswith("."):
        return part
    return hashlib.sha256(part.encode()).hexdigest()[:40]


def _local_key(folder: Path, *, use_key_ring: bool) -> bytes:
    path = folder / _LOCAL_KEY
    if not path.exists() and use_key_ring:
        kept = _from_key_ring(str(folder))
        if kept is not None:
            return kept
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(aead.KEY_SIZE)))
    if path.stat().st_mode & 0o077:
        raise Misused(say("{path} can be read by others.", path=path), remedy=say("Run: chmod 600 {path}", path=path))
    return base64.b64decode(path.read_bytes())


def _from_key_ring(account: str) -> bytes | None:
    """Return the local key out of the platform's key ring, made at first use; None where there is no key ring.

    The key ring is asked through the command of its library: importing it would double the start of every command,
    also where, as on most servers, there is none.
    """
    command = [sys.executable, "-m", "keyring"]
    asked = subprocess.run([*command, "get", _SERVICE, account], capture_output=True, check=False)
    if asked.returncode == 0 and asked.stdout.strip():
        return base64.b64decode(asked.stdout.strip())
    key = secrets.token_bytes(aead.KEY_SIZE)
    stored = subprocess.run(
        [*command, "set", _SERVICE, account], input=base64.b64encode(key), capture_output=True, check=False
    )
    return key if stored.returncode == 0 else None
