"""Two hands on one stream: one thread fills buffers, the caller empties them in the same order.

Hashing, AES and file access release the interpreter lock, so the two halves of the work run at the same time.  The
number of buffers is fixed, therefore memory is constant whatever the size of the file.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Final

from protection.crypto.content import LEAF, SEALED_LEAF

BUFFERS: Final = 4

_PATIENCE: Final = 2.0
"""How long an error waits for the thread, which may itself wait for a pipe that nobody writes to any more."""


@dataclass(slots=True)
class Leaf:
    """One reusable pair of buffers, for a leaf in the clear and the same leaf sealed."""

    number: int = 0
    plain: bytearray = field(default_factory=lambda: bytearray(LEAF))
    plain_size: int = 0
    sealed: bytearray = field(default_factory=lambda: bytearray(SEALED_LEAF))
    sealed_size: int = 0

    def plain_view(self) -> memoryview:
        """The bytes in the clear."""
        return memoryview(self.plain)[: self.plain_size]

    def sealed_view(self) -> memoryview:
        """The sealed bytes."""
        return memoryview(self.sealed)[: self.sealed_size]


@contextmanager
def leaves(fill: Callable[[Leaf], bool]) -> Iterator[Iterator[Leaf]]:
    """Yield leaves in order while ``fill`` prepares the next ones in a thread; ``fill`` returns False after the last.

    A leaf is valid until the next one is asked for.  An error of ``fill`` is raised at the place of its leaf; leaving
    the block early stops the thread.
    """
    free: SimpleQueue[Leaf | None] = SimpleQueue()
    ready: SimpleQueue[Leaf | BaseException | None] = SimpleQueue()
    for _ in range(BUFFERS):
        free.put(Leaf())
    stop = threading.Event()
    worker = threading.Thread(target=_fill_all, args=(fill, free, ready, stop), name="chancery-leaves", daemon=True)
    worker.start()
    try:
        yield _drain(free, ready)
    finally:
        stop.set()
        free.put(None)
        worker.join(_PATIENCE)


def _fill_all(
    fill: Callable[[Leaf], bool],
    free: SimpleQueue[Leaf | None],
    ready: SimpleQueue[Leaf | BaseException | None],
    stop: threading.Event,
) -> None:
    number, more = 0, True
    try:
        while more:
            leaf = free.get()
            if leaf is None or stop.is_set():
                return
            leaf.number = number
            more = fill(leaf)
            ready.put(leaf)
            number += 1
        ready.put(None)
    except BaseException as error:  # noqa: BLE001  # handed over and raised in the caller's thread
        ready.put(error)


def _drain(free: SimpleQueue[Leaf | None], ready: SimpleQueue[Leaf | BaseException | None]) -> Iterator[Leaf]:
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
        free.put(item)
