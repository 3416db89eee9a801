"""Files that come from standard input or go to standard output."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from chancery.cli.selection import STREAM
from chancery.sdk.errors import Misused
from chancery.sdk.licenses import Opening
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from chancery.sealing.file_names import sealable
from chancery.sealing.layout import SUFFIX
from chancery.texts import message


def through_streams(
    session: Session, source: Path, target: Path | None, options: ProtectOptions, *, name: str, organization: str | None
) -> Protected:
    """Protect a file or standard input into a file or standard output.

    What goes to standard output is sealed on disk first, since nothing counts that is not sealed to its end.
    """
    if target not in (None, STREAM):
        return session.protect_stream(sys.stdin.buffer, name, options, target, organization=organization)
    with TemporaryDirectory(prefix="chancery-") as folder:
        sealed = Path(folder) / f"{sealable(name if source == STREAM else source.name)}{SUFFIX}"
        if source == STREAM:
            done = session.protect_stream(sys.stdin.buffer, name, options, sealed, organization=organization)
        else:
            done = session.protect(source, options, target=sealed, organization=organization)
        with sealed.open("rb") as file:
            shutil.copyfileobj(file, _output())
        _output().flush()
    return replace(done, path=STREAM)


def opened_to_output(session: Session, source: Path) -> Opening:
    """Write a plain copy of a sealed file or standard input to standard output."""
    opened = session.open_stream(sys.stdin.buffer if source == STREAM else source, _output(), leaves=True)
    _output().flush()
    return replace(opened, path=STREAM)


def _output() -> BinaryIO:
    """Return standard output for bytes.  Raises Misused on a terminal, which they would confuse."""
    if sys.stdout.isatty():
        raise Misused(
            message("This does not go to a terminal."), remedy=message("Name a file with -o, or redirect it.")
        )
    return sys.stdout.buffer
