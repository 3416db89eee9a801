"""A sealed file that this person has a license for: its content is written, and its protection removed, under rules."""

import errno
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO, Final

from chancery.crypto.content import LEAF
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.rights import Right, expand
from chancery.sdk.errors import LocalFailure, Misused, Refused, Unreachable
from chancery.sdk.licenses import Opening
from chancery.sdk.organization import Organization
from chancery.sdk.reports import report
from chancery.sdk.unfinished import Note
from chancery.sealing.file_names import harmless
from chancery.sealing.html_form import is_html_form
from chancery.sealing.layout import SUFFIX, is_sealed
from chancery.sealing.random_access import PlaintextReader
from chancery.sealing.read import Progress, SealedFile, UnlockedFile
from chancery.texts import joined, message

READ_AND_WRITE: Final = 0o666
"""A sealed file is as readable as its original; it is no program, whatever the original is."""
OWN: Final = stat.S_IRUSR | stat.S_IWUSR
OF_A_STREAM: Final = os.stat_result((OWN, *(0,) * 9))
"""What stands for the status of a sealed file that came from a stream."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where content is to be written; ``name`` is "" as long as only the content can tell it."""

    folder: Path
    name: str = ""

    def check(self, size: int) -> None:
        """Raise what would keep content of this size from being written, before a license for it is recorded.

        Nothing is left behind; folders that are missing are made later, when there is something to put there.
        """
        if self.name and (self.folder / self.name).exists():
            raise taken(self.folder / self.name)
        folder = self.folder.absolute()
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
        if shutil.disk_usage(existing).free < size:
            raise LocalFailure.of(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(existing)))


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a sealed file for a program that works on it in memory.

    ``stream`` decrypts what is read from it and keeps nothing; ``edition`` names the edition, for saving the next one.
    ``mtime`` is the time of the original in seconds since 1970, where it was sealed.
    """

    name: str
    type: str
    size: int
    mtime: int | None
    opening: Opening
    edition: bytes
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class Licensed:
    """A sealed file with the right to open it; ``status`` is what the system said of it when it was opened."""

    source: Path
    place: Organization
    file: SealedFile
    opening: Opening
    unlocked: UnlockedFile
    status: os.stat_result

    @property
    def name(self) -> str:
        """The true name of the content, as it can be written to any disk."""
        return harmless(self.unlocked.metadata.name)

    def content(self) -> Content:
        """Return the content to be read in memory."""
        metadata = self.unlocked.metadata
        return Content(
            name=self.name,
            type=metadata.type,
            size=self.file.plain_length,
            mtime=metadata.mtime,
            opening=self.opening,
            edition=self.file.body_seal.digest,
            stream=io.BufferedReader(PlaintextReader(self.unlocked), LEAF),
        )

    def write_to(self, target: Path, *, note: Note, progress: Progress | None = None) -> None:
        """Write the content to a file that exists completely afterwards or not at all.  Raises Misused if it is taken.

        It has the time of the original, is readable by nobody else, and read-only where the sealed file is.
        """
        with untaken(target):
            metadata = self.unlocked.decrypt_to(target, progress=progress, part=note.part, ready=note.written)
        target.chmod(self.status.st_mode & OWN | stat.S_IRUSR)
        if metadata.mtime is not None:
            os.utime(target, (metadata.mtime, metadata.mtime))

    def save_copy(self, target: Path, *, note: Note, progress: Progress | None = None) -> None:
        """Write the content as ``write_to`` does, and report that an unprotected copy is beside the sealed file."""
        self.write_to(target, note=note, progress=progress)
        report(self.place, "saved", self.opening.cid, license=self.opening.license)

    def place_in(self, folder: Path) -> Path:
        """Return where the content goes in a folder under its true name.

        A name that could not be known before the license is numbered where something has it: the opening is recorded.
        """
        place = folder / self.name
        if self.name == expected_name(self.source):
            return place
        numbered = (place.with_stem(f"{place.stem} ({number})") for number in count(2))
        return next(free for free in chain([place], numbered) if not free.exists())

    def require_may_leave(self) -> None:
        """Raise NoCopy unless an unprotected copy may leave; the attempt is reported."""
        if not self.opening.may_leave():
            report(self.place, "exported", self.opening.cid, license=self.opening.license, allowed=False)
        self.opening.require_may_leave()

    def register_content(self) -> None:
        """Report, now or at the next contact, that the content leaves its protection."""
        report(self.place, "exported", self.opening.cid, license=self.opening.license)

    def check_unchanged(self, more: str = "") -> None:
        """Raise LocalFailure unless the file that was opened still is at its place as it was."""
        try:
            now = self.source.stat()
        except FileNotFoundError:
            now = None
        if now is None or not os.path.samestat(now, self.status) or now.st_mtime_ns != self.status.st_mtime_ns:
            changed = message("{file} was changed or moved in the meantime, and was not overwritten.", file=self.source)
            raise LocalFailure(
                joined((changed, more), " ") if more else changed,
                remedy=message("Look at it, and try again."),
            )


@contextmanager
def untaken(target: Path) -> Iterator[None]:
    """Say before the work begins, or at its end, that something is at the target; it is never overwritten."""
    if target.exists():
        raise taken(target)
    try:
        yield
    except FileExistsError:
        raise taken(target) from None


def taken(target: Path) -> Misused:
    """Return the error for a target at which something is."""
    return Misused(
        message("{target} exists already.", target=target),
        remedy=message("Move it away first, or let the new file be written somewhere else."),
    )


def expected_name(source: Path) -> str:
    """Return what the content of a sealed file is most likely called, by the name of the file, or ""."""
    return source.name.removesuffix(SUFFIX) if source.name.endswith(SUFFIX) else ""


def next_number(file: SealedFile, opening: Opening) -> int:
    """Return the number of the edition that is saved from this one.

    Raises Refused for a person who may not edit and where another edition follows this one, and Unreachable where only
    the service could say so.  Raises Misused for a file inside a web page.
    """
    require_own_file(file)
    if opening.edit is None:
        raise _may_not_edit(opening)
    if opening.status == "superseded" and opening.follow is None:
        words = WORDS[Reason.SUPERSEDED]
        raise Refused(words.person, reason=Reason.SUPERSEDED, remedy=words.next_step)
    return opening.follow or file.body_seal.facts.n + 1


def _may_not_edit(opening: Opening) -> Refused | Unreachable:
    """Return why nothing can be saved: what a device licensed itself, or kept, may lack what only the service gives."""
    if opening.source != "service" and Right.EDIT in expand(Right(name) for name in opening.rights):
        return Unreachable(message("Saving a change needs the service, which was not asked or did not answer."))
    return Refused(message("You may read this document, not change it."), reason=Reason.NOT_GRANTED)


def already_sealed(source: Path) -> bool:
    """Tell by its content whether a file was sealed.  Raises Misused for what is no file."""
    if not source.is_file():
        raise missing(source)
    with source.open("rb") as file:
        return is_sealed(file) or is_html_form(file)


def path_of(source: BinaryIO | Path) -> Path:
    """Return the path of a source, "-" for a stream."""
    return source if isinstance(source, Path) else Path("-")


def status_of(source: BinaryIO | Path, file: SealedFile) -> os.stat_result:
    """Return what the system says of a sealed file that is open."""
    if not isinstance(source, Path):
        return OF_A_STREAM
    return source.stat() if file.in_page else os.fstat(file.stream.fileno())


def require_own_file(file: SealedFile) -> None:
    """Raise Misused for a file inside a web page: what is saved or protected anew cannot take the page's place."""
    if file.in_page:
        raise Misused(
            message("This is a web page that carries a protected document. It cannot be changed in there."),
            remedy=message("Ask its sender for the protected file itself, which ends in {suffix}.", suffix=SUFFIX),
        )


def missing(source: Path) -> Misused:
    """Return the error for a source that is no file."""
    return Misused(message("There is no file {source}.", source=source))
