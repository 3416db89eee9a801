"""Licenses that were issued ahead and lie beside a sealed file: found, and read (decision 32).

They only ever add a way to open: what is missing, damaged, of others or over is passed over, with a remark where the
person can do something about it, and the service is asked as always.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from chancery.errors import ChanceryError, InvalidObject
from chancery.objects import limits
from chancery.objects.licenses_file import SUFFIX, LicensesFile
from chancery.sdk.errors import reason_of
from chancery.texts import Text, message

MOST_TRIED: Final = 8
"""How many licenses that say to be for this device and document are tried: one is enough, and the rest is somebody's
mischief."""

Notify = Callable[[str], None]


def carried_with(source: BinaryIO | Path, named: Path | LicensesFile | None, notify: Notify) -> LicensesFile | None:
    """Return the licenses beside a sealed file: those ``named``, or in the files with the two usual names.

    These are ``NAME.sealed.licenses`` for one file and ``.licenses`` for all files in a folder.  ``notify`` is told of
    a file that cannot be used.
    """
    if isinstance(named, LicensesFile):
        return named
    if named is not None:
        return _read(named, notify)
    if not isinstance(source, Path):
        return None
    found = [source.with_name(source.name + SUFFIX), source.with_name(SUFFIX)]
    read = [licenses for path in found if path.is_file() and (licenses := _read(path, notify)) is not None]
    if len(read) == 2:
        return read[1].with_more(read[0])
    return read[0] if read else None


def read_licenses(path: Path) -> LicensesFile:
    """Return the licenses in a file.  Raises InvalidObject for what is no licenses file, and OSError."""
    if path.stat().st_size > limits.LICENSES_FILE:
        raise InvalidObject(message("This is no licenses file of a version that this program knows."))
    return LicensesFile.decode(path.read_bytes())


def _read(path: Path, notify: Notify) -> LicensesFile | None:
    try:
        return read_licenses(path)
    except OSError as error:
        notify(_unusable(path, reason_of(error)))
    except ChanceryError as error:
        notify(_unusable(path, error.message))
    return None


def _unusable(path: Path, why: str) -> Text:
    return message(
        "Warning: the licenses in {path} cannot be used: {why} The service is asked instead. Ask the sender for this"
        " file again, or delete it.",
        path=path,
        why=why,
    )
