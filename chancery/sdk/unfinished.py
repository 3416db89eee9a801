"""What this device has begun to write and not finished: found by the next run, which finishes or undoes it.

A process can be killed at any moment.  So before a file is written that would be left behind, its name is noted in the
client's home under a lock that ends with the process.  A note whose lock nobody holds is of a process that was killed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from chancery.errors import ChanceryError
from chancery.sdk.errors import NotSignedIn, Refused, ServiceError, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.organization import Organization
from chancery.sdk.publication import Registration
from chancery.sealing.atomic import give_name, leaves_nothing, part_of
from chancery.sealing.layout import SUFFIX
from chancery.sealing.read import SealedFile, open_sealed
from chancery.texts import Text, message

_GROUP: Final = "unfinished"


@dataclass(slots=True)
class Note:
    """One piece of work under way: ``part`` is where its result is before it has its name."""

    home: Home
    name: str
    members: dict[str, Any]
    part: Path
    forget: bool = True

    def complete(self, file: SealedFile) -> None:
        """Note that the sealed file is whole and about to be registered: from here on it is finished, not undone."""
        self._write(digest=file.body_seal.digest.hex(), org=str(file.publishing_license.org))

    def written(self, status: os.stat_result) -> None:
        """Note which file the content is, just before it has its name."""
        if "source" in self.members:
            self._write(content=identity(status))

    def keep(self) -> None:
        """Leave the note to the next run, since this one could not finish what others count on."""
        self.forget = False

    def _write(self, **more: Any) -> None:
        self.members |= more
        self.home.write(self.name, self.members)


def identity(status: os.stat_result) -> list[int]:
    """Return by what a file is known again, whatever its name; changing it changes that."""
    return [status.st_dev, status.st_ino, status.st_size]


@contextmanager
def noted(
    home: Home, verb: str, target: Path, *, source: Path | None = None, status: os.stat_result | None = None
) -> Iterator[Note]:
    """Note that ``target`` is being written; ``source`` is a sealed file, of this status, that the result replaces.

    Plain content that the system lets be written without a name leaves nothing behind, and nothing is noted of it.
    """
    target = target.absolute()
    part, name = part_of(target), f"{_GROUP}/{uuid4()}"
    members: dict[str, Any] = {"verb": verb, "target": str(target), "part": str(part)}
    if source is not None and status is not None:
        members |= {"source": str(source.absolute()), "status": [*identity(status), status.st_mtime_ns]}
    note = Note(home, name, members, part)
    if verb == "open" and leaves_nothing(target.parent):
        yield note
        return
    with home.only_here(name.replace("/", "-")):
        home.write(name, members)
        try:
            yield note
        finally:
            if note.forget or not part.exists():
                home.remove(name)


def recover(home: Home, organization: Callable[[UUID], Organization]) -> list[Text]:
    """Finish or undo what killed processes have left; return what was done, for the person to read."""
    said: list[Text] = []
    for name in home.names(_GROUP):
        with home.only_here(name.replace("/", "-")) as alone:
            members = home.read(name) if alone else None
            if members is None:
                continue
            try:
                said.append(_recovered(members, organization))
            except (NotSignedIn, OSError):
                # It can be done at another time; until then the note stays.
                continue
            home.remove(name)
    return said


def _recovered(members: dict[str, Any], organization: Callable[[UUID], Organization]) -> Text:
    part, target = Path(members["part"]), Path(members["target"])
    if "digest" in members:
        return _finished(members, part, target, organization(UUID(members["org"])))
    if "content" in members:
        return _removed(members, part, target)
    part.unlink(missing_ok=True)
    return _undone(target)


def _undone(target: Path) -> Text:
    return message("Writing {file} was interrupted; nothing was changed.", file=target)


def _finished(members: dict[str, Any], part: Path, target: Path, place: Organization) -> Text:
    """Register a sealed file that was complete, and give it its name."""
    done = message("Writing {file} was interrupted; it is finished now.", file=target)
    if not part.exists():
        return done if _digest_of(target) == members["digest"] else _undone(target)
    try:
        with open_sealed(part) as file:
            Registration(place, file.publishing_license)(file.body_seal)
    except (Refused, ServiceError, ChanceryError) as refused:
        if isinstance(refused, (NotSignedIn, Unreachable)):
            raise NotSignedIn(refused.message) from refused
        part.unlink()
        return message(
            "Writing {file} was interrupted and could not be finished: {why} {file} is as it was.",
            file=target,
            why=refused.message,
        )
    instead = "status" in members
    unchanged = _is_still(target, members["status"]) if instead else not target.exists()
    if not unchanged:
        target = _free_name(target)
        instead = False
    give_name(part, target, instead=instead)
    return done if unchanged else message("Writing a file was interrupted; it is finished now, as {file}.", file=target)


def _removed(members: dict[str, Any], part: Path, target: Path) -> Text:
    """Finish a removal of protection whose plain file has its name, or undo it."""
    source = Path(members["source"])
    if not target.exists() or identity(target.stat()) != members["content"]:
        part.unlink(missing_ok=True)
        return _undone(target)
    part.unlink(missing_ok=True)
    if not _is_still(source, members["status"]):
        return message(
            "{file} was changed, and was not overwritten; its earlier content is in {plain}.", file=source, plain=target
        )
    source.unlink()
    return message("Removing the protection of {file} was interrupted; it is finished now.", file=source)


def _is_still(path: Path, status: list[int]) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return [*identity(found), found.st_mtime_ns] == status


def _digest_of(path: Path) -> str:
    try:
        with open_sealed(path) as file:
            return file.body_seal.digest.hex()
    except (OSError, ChanceryError):
        return ""


def _free_name(target: Path) -> Path:
    """Return a name beside one that is taken."""
    stem, number = target.name.removesuffix(SUFFIX), 2
    while True:
        free = target.with_name(f"{stem} ({number}){SUFFIX}")
        if not free.exists():
            return free
        number += 1
