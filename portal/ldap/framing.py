"""Whole messages from a stream of bytes: each is as long as its head says, within a bound and until a moment."""

import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from chancery.texts import message
from portal.ldap.errors import PROTOCOL, TIMEOUT, UNREACHABLE, ServerFailed

MOST_BYTES: Final = 32 * 1024 * 1024
"""The longest message that is read: a group with 300,000 members has about that."""
_SEQUENCE: Final = 0x30
_LONG: Final = 0x80
_MOST_DIGITS: Final = 4
T = TypeVar("T")


class Stream:
    """The bytes of one connection; nothing is read beyond the message that is asked for."""

    def __init__(self, connected: socket.socket, host: str, until: float) -> None:
        self.socket = connected
        self._host = host
        self._until = until

    def send(self, data: bytes) -> None:
        """Send everything.  Raises ServerFailed."""
        self._tried(lambda: self.socket.sendall(data))

    def message(self) -> bytes:
        """Return the next message (X.690, section 8.1).  Raises ServerFailed."""
        head = self._read(2)
        if head[0] != _SEQUENCE:
            raise self._garbage()
        size = head[1]
        if size == _LONG or size > _LONG + _MOST_DIGITS:
            raise self._garbage()
        digits = self._read(size - _LONG) if size > _LONG else b""
        size = int.from_bytes(digits) if digits else size
        if size > MOST_BYTES:
            raise ServerFailed(PROTOCOL, message("{host} sends more than is read.", host=self._host))
        return bytes(head + digits + self._read(size))

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        view, done = memoryview(data), 0
        while done < size:
            got = self._tried(partial(self.socket.recv_into, view[done:]))
            if got == 0:
                raise ServerFailed(UNREACHABLE, message("{host} has ended the connection.", host=self._host))
            done += got
        return data

    def _tried(self, act: Callable[[], T]) -> T:
        if time.monotonic() > self._until:
            raise self._late()
        try:
            return act()
        except TimeoutError:
            raise self._late() from None
        except OSError:
            raise ServerFailed(
                UNREACHABLE, message("The connection to {host} was interrupted.", host=self._host)
            ) from None

    def _late(self) -> ServerFailed:
        return ServerFailed(TIMEOUT, message("{host} does not answer in time.", host=self._host))

    def _garbage(self) -> ServerFailed:
        return ServerFailed(PROTOCOL, message("{host} does not answer as a directory server does.", host=self._host))
