"""What the SDK answers about files it has made."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from chancery.sdk.licensed import missing
from chancery.sealing.file_names import sealable
from chancery.sealing.metadata import Metadata


@dataclass(frozen=True, slots=True)
class Protected:
    """A sealed file and the id under which it is tracked.

    ``registered`` is false while the service does not know it; ``pending`` is true while it waits for an administrator.
    ``passed_over`` counts the editions between it and the one it was saved from, which nobody else had opened.
    """

    path: Path
    cid: UUID
    registered: bool
    pending: bool = False
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class Relabeled:
    """What became of a file with another label.

    ``outcome`` is kept, replaced or removed; ``path`` is the plain file after a removal, ``cid`` another document's
    when the caller's copy was protected anew.
    """

    path: Path
    cid: UUID
    outcome: str
    label: str
    """The id of the label."""
    answer: Mapping[str, Any]
    """What the service has changed, in words: ``changed``, ``message``, ``warnings``."""


@dataclass(frozen=True, slots=True)
class RecipientLicenses:
    """How many licenses one recipient got ahead; without any, why, as a code and in words."""

    recipient: str
    licenses: int
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Prelicensed:
    """Licenses that were issued ahead; ``path`` is the licenses file, None where nobody got one."""

    path: Path | None
    cid: UUID
    recipients: tuple[RecipientLicenses, ...]


def metadata_of(source: Path, *, name: str | None = None) -> Metadata:
    """Return what is sealed of a file beside its content.  Raises Misused for what is no file."""
    if not source.is_file():
        raise missing(source)
    kind, _ = mimetypes.guess_type(source.name)
    return Metadata(
        name=name or sealable(source.name),
        type=kind or "application/octet-stream",
        mtime=max(int(source.stat().st_mtime), 0),
    )
