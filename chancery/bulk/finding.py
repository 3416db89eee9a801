"""Which files a run works on: everything below the folders named, and what is inside archives and mails."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chancery.bulk.containers import sealed_inside
from chancery.bulk.journal import Item
from chancery.bulk.kinds import CONTAINERS, HEAD, Kind, kind_of
from chancery.errors import ChanceryError
from chancery.sdk.errors import reason_of
from chancery.sealing.atomic import PARTS
from chancery.texts import message


@dataclass
class Found:
    """What there is to do, and what was left out and why."""

    items: list[Item] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)


def find(places: Sequence[Path], works_on: Kind, report: Callable[[Path], None] = lambda _: None) -> Found:
    """Look for files of a kind, and for sealed ones inside containers; ``report`` is called with each file.

    Links are not followed.  Files of another kind are none of the run's business and are not mentioned.
    """
    found = Found()
    seen: set[tuple[int, int]] = set()
    for path in _files(places, found):
        report(path)
        try:
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                found.left_out.append((path, message("links are not followed")))
                continue
            if not stat.S_ISREG(status.st_mode) or path.match(PARTS):
                continue
            if (status.st_dev, status.st_ino) in seen:
                found.left_out.append((path, message("it is the same file as another one here")))
                continue
            seen.add((status.st_dev, status.st_ino))
            _look_at(path, status.st_size, works_on, found)
        except OSError as error:
            found.left_out.append((path, reason_of(error)))
    return found


def _look_at(path: Path, size: int, works_on: Kind, found: Found) -> None:
    with path.open("rb") as file:
        kind = kind_of(path.name, file.read(HEAD))
        inside: tuple[str, ...] = ()
        if kind in CONTAINERS and works_on is Kind.SEALED:
            try:
                inside = tuple(str(one) for one in sealed_inside(kind, file))
            except ChanceryError as error:
                found.left_out.append((path, error.message))
                return
        # An archive of plain files is itself a plain file that can be protected.
        plain = works_on is Kind.PLAIN and kind is not Kind.SEALED
    if inside or kind is works_on or plain:
        found.items.append(Item(len(found.items), path, kind, size, inside))


def _files(places: Sequence[Path], found: Found) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        found.left_out.append((Path(error.filename), reason_of(error)))

    for place in places:
        if not place.is_dir():
            yield place
            continue
        for parent, folders, names in os.walk(place, onerror=unreadable):
            folders.sort()
            for name in sorted(names):
                yield Path(parent, name)
            for name in folders:
                if Path(parent, name).is_symlink():
                    found.left_out.append((Path(parent, name), message("links to folders are not followed")))
