"""Writing a file so that it exists either completely or not at all.

The new content goes to a temporary file in the same folder, readable by nobody else; it is brought to disk and renamed
over the target only when everything was verified.  Whatever fails leaves the target as it was and nothing beside it.
"""

import io
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SYNC_EVERY: Final = 64 * 1024 * 1024

_BINARY: Final = getattr(os, "O_BINARY", 0)
"""Windows converts line ends without this flag; elsewhere it does not exist."""


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a file that becomes ``target`` when the block ends without an error."""
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        with _SteadyFile(descriptor) as stream:
            yield stream
            stream.sync()
        temporary.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


class _SteadyFile(io.FileIO):
    """A file that goes to disk while it is written, so that little is left to wait for at the end."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w+b")
        self._pool = ThreadPoolExecutor(1, "chancery-sync")
        self._running: Future[None] | None = None
        self._unsynced = 0

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, and start bringing to disk what has gathered, unless that is still going on."""
        written = super().write(data)
        self._unsynced += written
        if self._unsynced >= SYNC_EVERY and (self._running is None or self._running.done()):
            self._finish()
            self._running = self._pool.submit(os.fsync, self.fileno())
            self._unsynced = 0
        return written

    def sync(self) -> None:
        """Return when every byte is on disk; an error met earlier is raised here."""
        self._finish()
        os.fsync(self.fileno())

    def close(self) -> None:
        """Wait for the thread before the descriptor goes away."""
        self._pool.shutdown()
        super().close()

    def _finish(self) -> None:
        if self._running is not None:
            self._running.result()
            self._running = None


def _sync_folder(folder: Path) -> None:
    """Bring the rename itself to disk, where folders can be opened for that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
