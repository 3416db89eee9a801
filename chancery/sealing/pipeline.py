"""Two hands on one body: the caller reads, encrypts or decrypts, and writes, while other threads hash.

Hashing is most of the work and needs no interpreter lock; AES takes a fifth of the time and keeps the lock.  So leaves
are hashed beside everything else, which stays in the caller's thread and in order: an error is raised where it happens,
and nothing has to be handed over but a leaf that waits for its hash.  There is a greatest number of buffers, therefore
memory is limited whatever the size of the file; a file of one leaf gets one pair.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from mmap import mmap
from typing import Final

from chancery.crypto.content import LEAF, SEALED_LEAF
from chancery.ledger import merkle

HASHERS: Final = max(1, min(3, (os.cpu_count() or 2) - 1))
"""One beside the caller is balanced on two processors with SHA instructions; more help where there are none."""
MOST_LEAVES: Final = HASHERS + 2


@dataclass(slots=True)
class Leaf:
    """One reusable pair of buffers, for a leaf in the clear and the same leaf sealed.

    They are mapped, not filled with zeros: a small file touches a page of each.
    """

    number: int = 0
    plain: memoryview = field(default_factory=lambda: memoryview(mmap(-1, LEAF)))
    plain_size: int = 0
    sealed: memoryview = field(default_factory=lambda: memoryview(mmap(-1, SEALED_LEAF)))
    sealed_size: int = 0

    def plain_view(self) -> memoryview:
        """The bytes in the clear."""
        return self.plain[: self.plain_size]

    def sealed_view(self) -> memoryview:
        """The sealed bytes."""
        return self.sealed[: self.sealed_size]


def each_leaf(fill: Callable[[Leaf], bool], use: Callable[[Leaf, bytes], None]) -> None:
    """Fill leaves with sealed bytes until ``fill`` returns False after the last, and use each with its hash, in order.

    A leaf belongs to ``use`` until it returns; then its buffers are filled again.
    """
    free: deque[Leaf] = deque()
    hashed: deque[tuple[Leaf, Future[bytes]]] = deque()
    number, more = 0, True
    with ThreadPoolExecutor(HASHERS, "chancery-hash") as pool:
        while more or hashed:
            while more and len(hashed) < MOST_LEAVES:
                leaf = free.popleft() if free else Leaf()
                leaf.number, number = number, number + 1
                more = fill(leaf)
                hashed.append((leaf, pool.submit(merkle.leaf_hash, leaf.sealed_view())))
            leaf, hash_ = hashed.popleft()
            use(leaf, hash_.result())
            free.append(leaf)
