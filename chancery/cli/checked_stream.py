"""Standard output that says when it takes no more, instead of leaving it to be found at the end or in a traceback."""

import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from chancery.sdk.errors import OutputFailed, reason_of
from chancery.texts import message


class _Checked:
    """A stream whose failures are those of the output, not of a file that is being worked on."""

    def __init__(self, stream: Any) -> None:
        """Write to this stream."""
        self._stream = stream

    def write(self, data: Any) -> int:
        """Write.  Raises OutputFailed."""
        if self._stream is None:
            raise OutputFailed(message("Standard output is closed."))
        try:
            return int(self._stream.write(data))
        except OSError as error:
            raise _failed(error) from error

    def flush(self) -> None:
        """Flush.  Raises OutputFailed."""
        if self._stream is None:
            return
        try:
            self._stream.flush()
        except OSError as error:
            raise _failed(error) from error

    def isatty(self) -> bool:
        """Tell whether a person reads along; nobody does where the stream was closed before the start."""
        return self._stream is not None and bool(self._stream.isatty())

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the stream."""
        return getattr(self._stream, name)


class CheckedStream(_Checked):
    """Standard output for text, and in ``buffer`` for bytes."""

    @property
    def buffer(self) -> _Checked:
        """Return standard output for bytes."""
        return _Checked(None if self._stream is None else self._stream.buffer)


def give_up(stream: TextIO) -> None:
    """Let nothing more be written to a stream that failed, neither now nor when the process ends."""
    sys.stdout = stream
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def _failed(error: OSError) -> OutputFailed:
    return OutputFailed(message("Standard output could not be written: {why}", why=reason_of(error)))
