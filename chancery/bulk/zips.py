"""Archives in the ZIP format: reading their files, and writing them anew with some files changed."""

import copy
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO, Final, TypeAlias, cast

from chancery.bulk.unfit import Unfit
from chancery.texts import message

File: TypeAlias = Callable[[str, BinaryIO], tuple[str, bytes] | None]

_PASSWORD: Final = 0x1
_PIECE: Final = 1024 * 1024
_ZIP64: Final = 1
_MOST_FILES: Final = 100_000


def files(source: BinaryIO, *, many: bool = False) -> Iterator[tuple[str, BinaryIO]]:
    """Yield name and content of each file.  Raises Unfit for an archive that cannot be read whole."""
    with _opened(source) as archive:
        for member in _members(archive):
            with archive.open(member) as content:
                yield member.filename, cast(BinaryIO, content)


def rewrite(source: BinaryIO, sink: BinaryIO, file: File) -> None:
    """Write an archive anew; ``file`` returns the new name and content of a file, or None for one that stays.

    Order, times, permissions, comments and the way of compressing stay.  The result is read once more.
    """
    expected: dict[str, int] = {}
    with _opened(source) as archive, zipfile.ZipFile(sink, "w", allowZip64=True) as made:
        made.comment = archive.comment
        taken = {member.filename for member in archive.infolist()}
        for member in archive.infolist():
            kept = _described(member)
            if member.is_dir():
                made.writestr(kept, b"")
                continue
            _require_readable(member)
            with archive.open(member) as content:
                changed = file(member.filename, cast(BinaryIO, content))
            if changed is not None:
                taken.discard(member.filename)
                place = PurePosixPath(member.filename).with_name(PurePosixPath(changed[0]).name)
                kept.filename = _free(str(place), taken)
                kept.file_size = len(changed[1])
                taken.add(kept.filename)
            with (
                io.BytesIO(changed[1]) if changed else archive.open(member) as content,
                made.open(kept, "w", force_zip64=kept.file_size > zipfile.ZIP64_LIMIT // 2) as written,
            ):
                expected[kept.filename] = _copied(content, written)
    _check(sink, expected)


def _check(made: BinaryIO, expected: dict[str, int]) -> None:
    """Read the new archive once more: every file is there, once, with the content that was written."""
    with _opened(made) as archive:
        found = {member.filename: member.CRC for member in archive.infolist() if not member.is_dir()}
        if found != expected or archive.testzip() is not None:
            raise Unfit(message("The archive could not be written anew without a fault."))


@contextmanager
def _opened(source: BinaryIO) -> Iterator[zipfile.ZipFile]:
    try:
        source.seek(0)
        with zipfile.ZipFile(source) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise Unfit(message("The archive is damaged, or packed in a way that is not known here.")) from error


def _members(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """Yield the files of an archive, the readable ones; raise Unfit for an archive with more than anybody makes."""
    members = archive.infolist()
    if len(members) > _MOST_FILES:
        raise Unfit(message("The archive has more than {number} files.", number=_MOST_FILES))
    for member in members:
        if not member.is_dir():
            _require_readable(member)
            yield member


def _require_readable(member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _PASSWORD:
        raise Unfit(message("The archive has files with a password."))


def _described(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Return what is known of a file, for writing it; sizes are found anew."""
    kept = copy.copy(member)
    kept.extra = _without_zip64(member.extra)
    kept.flag_bits = 0
    return kept


def _without_zip64(extra: bytes) -> bytes:
    """Return the extra fields without the one for large sizes, which is written anew where it is needed."""
    kept, at = b"", 0
    while at + 4 <= len(extra):
        kind, size = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind != _ZIP64:
            kept += extra[at : at + 4 + size]
        at += 4 + size
    return kept


def _free(name: str, taken: set[str]) -> str:
    """Return the name, numbered where the archive has it already."""
    path, number, free = PurePosixPath(name), 2, name
    while free in taken:
        free = str(path.with_stem(f"{path.stem} ({number})"))
        number += 1
    return free


def _copied(source: IO[bytes], sink: IO[bytes]) -> int:
    """Copy, and return the check sum of what was copied."""
    checksum = 0
    while piece := source.read(_PIECE):
        checksum = zlib.crc32(piece, checksum)
        sink.write(piece)
    return checksum
