"""Looking into archives and mails, and writing them anew with some of their files changed.

Everything that is not changed is the same afterwards, checked by reading the new container once more.  A container in
which that cannot be promised (with a password, signed, damaged) raises Unfit and stays as it is.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import BinaryIO, Final, TypeAlias

from chancery.bulk import mails, zips
from chancery.bulk.kinds import CONTAINERS, Kind, kind_of_stream
from chancery.bulk.unfit import Unfit
from chancery.errors import InvalidObject
from chancery.objects import limits
from chancery.objects.licenses_file import SUFFIX, LicensesFile
from chancery.texts import message

MOST_INSIDE: Final = 256 * 1024 * 1024
"""Bytes of a container inside another one: it is held in memory, since its plain content may lie nowhere else."""
DEEPEST: Final = 8
"""How many containers may be inside each other."""
_PIECE: Final = 1024 * 1024
BETWEEN: Final = " → "
"""What stands between a container and what is inside it, where people read it."""

Change: TypeAlias = Callable[[str, BinaryIO, LicensesFile | None], AbstractContextManager[tuple[str, BinaryIO]]]
"""Given name and content of a sealed file, and the licenses that lie with it, yields what takes its place: another
name, another content."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A sealed file inside a container; ``path`` names the containers on the way, the outermost first."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        """Return it for people."""
        return BETWEEN.join(self.path)


def sealed_inside(kind: Kind, stream: BinaryIO, *, depth: int = 1) -> Iterator[Inside]:
    """Name every sealed file inside a container.  Raises Unfit for what cannot be read."""
    if depth > DEEPEST:
        raise Unfit(message("Containers are nested too deeply."))
    reader = zips.files if kind is Kind.ZIP else mails.files
    for name, content in reader(stream, many=kind is Kind.MAILBOX):
        found = kind_of_stream(name, content)
        if found is Kind.SEALED:
            yield Inside((name,))
        elif found in CONTAINERS:
            for inner in sealed_inside(found, bounded(name, content), depth=depth + 1):
                yield Inside((name, *inner.path))


def licenses_inside(kind: Kind, stream: BinaryIO) -> LicensesFile | None:
    """Return the licenses that lie in a container for the sealed files in it; what is none is passed over."""
    reader, joined = zips.files if kind is Kind.ZIP else mails.files, None
    for name, content in reader(stream, many=kind is Kind.MAILBOX):
        if not name.endswith(SUFFIX):
            continue
        try:
            found = LicensesFile.decode(content.read(limits.LICENSES_FILE + 1))
        except InvalidObject:
            continue
        joined = found if joined is None else joined.with_more(found)
    stream.seek(0)
    return joined


@dataclass
class Rewriting:
    """One container being written anew; ``changed`` are the sealed files that were changed, by their former names."""

    change: Change
    changed: list[Inside] = field(default_factory=list)
    licenses: LicensesFile | None = None
    """Those of the container that is being written, or else of the one around it."""

    def write(self, kind: Kind, source: BinaryIO, sink: BinaryIO, *, way: tuple[str, ...] = ()) -> None:
        """Write the container anew and check the result.  Raises Unfit, and whatever the change raises."""
        if len(way) >= DEEPEST:
            raise Unfit(message("Containers are nested too deeply."))

        def file(name: str, content: BinaryIO) -> tuple[str, bytes] | None:
            return self._file(name, content, way)

        around = self.licenses
        self.licenses = licenses_inside(kind, source) or around
        if kind is Kind.ZIP:
            zips.rewrite(source, sink, file)
        else:
            mails.rewrite(source, sink, file, many=kind is Kind.MAILBOX)
        self.licenses = around

    def _file(self, name: str, content: BinaryIO, way: tuple[str, ...]) -> tuple[str, bytes] | None:
        """Return what takes the place of one file, None where it stays."""
        kind = kind_of_stream(name, content)
        if kind is Kind.SEALED:
            with self.change(name, content, self.licenses) as (renamed, changed):
                data = changed.read()
            self.changed.append(Inside((*way, name)))
            return renamed, data
        if kind in CONTAINERS:
            before, inner = len(self.changed), io.BytesIO()
            self.write(kind, bounded(name, content), inner, way=(*way, name))
            if len(self.changed) > before:
                return name, inner.getvalue()
        return None


def bounded(name: str, content: BinaryIO) -> BinaryIO:
    """Return a container inside another one in memory.  Raises Unfit for one that is too large for that."""
    content.seek(0)
    data = content.read(MOST_INSIDE + 1)
    if len(data) > MOST_INSIDE:
        raise Unfit(message("{name} is too large to be worked on inside another file. Unpack it first.", name=name))
    return io.BytesIO(data)


def digest_of(stream: BinaryIO) -> str:
    """Return the SHA-256 of a stream, read from its beginning."""
    hashed = hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(_PIECE):
        hashed.update(piece)
    return hashed.hexdigest()
