"""A folder for content that no other account may see, in memory where the system has such a place, wiped at its end."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # mkdtemp makes a folder of its own there, for this account alone
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


class PrivateFolder:
    """The folder at ``path``; it is wiped unless ``keep`` was called."""

    def __init__(self, path: Path) -> None:
        """Take over a folder that was just made."""
        self.path = path
        self._kept = False

    def keep(self) -> None:
        """Leave the folder to the person: what is in it would be lost."""
        self._kept = True

    def wipe(self) -> None:
        """Overwrite and remove everything, also what an editor has put beside the text."""
        if self._kept:
            return
        for file in self.path.rglob("*"):
            with suppress(OSError):
                _overwrite(file)
        shutil.rmtree(self.path, ignore_errors=True)


@contextmanager
def private_folder() -> Iterator[PrivateFolder]:
    """Make the folder for a block of work, and wipe it at its end, also when a signal ends the program."""
    before = {one: signal.getsignal(one) for one in (*_ENDING, signal.SIGINT)}
    for one in _ENDING:
        signal.signal(one, _end)
    folder = PrivateFolder(Path(tempfile.mkdtemp(prefix="chancery-", dir=_place())))
    try:
        yield folder
    finally:
        for one in before:
            signal.signal(one, signal.SIG_IGN)  # A second signal must not stop the wiping.
        folder.wipe()
        for one, handler in before.items():
            signal.signal(one, handler)


def _place() -> Path | None:
    """Return where memory is the disk, None where that is not known; the system's own folder is taken then."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    candidates = (_IN_MEMORY, *((Path(runtime),) if runtime else ()))
    return next((one for one in candidates if one.is_dir() and os.access(one, os.W_OK | os.X_OK)), None)


def _end(number: int, _frame: FrameType | None) -> None:
    """End by an exception, so that the folder is wiped on the way."""
    sys.exit(128 + number)


def _overwrite(file: Path) -> None:
    if file.is_symlink() or not file.is_file():
        return
    with file.open("r+b") as content:
        content.write(bytes(file.stat().st_size))
        content.flush()
        os.fsync(content.fileno())
