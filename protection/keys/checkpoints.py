"""The newest signed checkpoint of each organization, kept outside the database (docs/protocol.md P28).

A database that was restored from an older copy cannot know that it was.  The keyring is backed up apart from it, so a
checkpoint that lies there and is unknown to the database shows that the record has lost something.
"""

import os
import secrets
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

FOLDER: Final = "checkpoints"


def keep(organization: UUID, note: str) -> None:
    """Keep a note that the log has signed, unless a newer one is kept already.  Raises OSError."""
    if place_of(note) <= place_of(kept(organization)):
        return
    path = _path(organization)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def kept(organization: UUID) -> str:
    """Return the note that was kept last, or ""."""
    try:
        return _path(organization).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def place_of(note: str) -> tuple[int, int]:
    """Return epoch and size that a note states, by which notes of one ledger follow each other; zeros for none."""
    if not note:
        return 0, 0
    origin, size, *_rest = note.split("\n")
    return int(origin.rpartition("/")[2]), int(size)


def _path(organization: UUID) -> Path:
    return Path(settings.CHANCERY_KEYRING) / FOLDER / str(organization)
