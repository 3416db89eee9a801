"""What crosses the pipe between the worker and the process that draws: a length in four bytes, then as many bytes.

To it: one frame that describes the work, then the document to the end.  From it: one frame with the outcome, then a
frame for each page.
"""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

LARGEST: Final = 24 * 1024 * 1024
"""Bytes of one frame: a page is never that large, and who draws may be under somebody else's control."""


class BrokenFrame(Exception):
    """The other side did not say what it had begun to say, or too much."""


def write(pipe: BinaryIO, data: bytes) -> None:
    """Write one frame."""
    pipe.write(len(data).to_bytes(4) + data)
    pipe.flush()


def write_members(pipe: BinaryIO, members: dict[str, Any]) -> None:
    """Write a frame of JSON."""
    write(pipe, json.dumps(members).encode())


def read(pipe: BinaryIO) -> bytes | None:
    """Return the next frame, None at the end.  Raises BrokenFrame."""
    head = pipe.read(4)
    if not head:
        return None
    length = int.from_bytes(head)
    if len(head) < 4 or length > LARGEST:
        raise BrokenFrame
    data = pipe.read(length)
    if len(data) != length:
        raise BrokenFrame
    return data


def read_members(pipe: BinaryIO) -> dict[str, Any]:
    """Return the next frame's JSON object.  Raises BrokenFrame."""
    data = read(pipe)
    try:
        members = json.loads(data or b"")
    except (ValueError, RecursionError):
        raise BrokenFrame from None
    if not isinstance(members, dict):
        raise BrokenFrame
    return members


def rest(pipe: BinaryIO) -> Iterator[bytes]:
    """Yield all frames to the end.  Raises BrokenFrame."""
    while (data := read(pipe)) is not None:
        yield data
