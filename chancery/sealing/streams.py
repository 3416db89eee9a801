"""Reading and writing whole buffers on streams that may do less at once."""

import os
from typing import BinaryIO

from chancery.errors import InvalidFile
from chancery.texts import message


def read_full(source: BinaryIO, buffer: memoryview) -> int:
    """Fill a buffer; fewer bytes than its size mean that the stream has ended."""
    filled = 0
    while filled < len(buffer):
        count = _read_into(source, buffer[filled:])
        if count == 0:
            break
        filled += count
    return filled


def read_exactly(source: BinaryIO, buffer: memoryview) -> None:
    """Fill a buffer, or refuse a sealed file that ends too early."""
    if read_full(source, buffer) != len(buffer):
        raise InvalidFile(message("The file became shorter while it was being read."))


def write_all(sink: BinaryIO, data: bytes | bytearray | memoryview) -> None:
    """Write every byte."""
    view = memoryview(data)
    while view:
        view = view[sink.write(view) :]


def remaining(source: BinaryIO) -> int | None:
    """Return how many bytes a stream still has, or None if only reading can tell (a pipe, a terminal)."""
    if not source.seekable():
        return None
    here = source.tell()
    end = source.seek(0, os.SEEK_END)
    source.seek(here)
    return end - here


def _read_into(source: BinaryIO, buffer: memoryview) -> int:
    """Read without a copy where the stream can; not every file object has ``readinto``."""
    readinto = getattr(source, "readinto", None)
    if readinto is not None:
        return int(readinto(buffer) or 0)
    data = source.read(len(buffer))
    buffer[: len(data)] = data
    return len(data)
