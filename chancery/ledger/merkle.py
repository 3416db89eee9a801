"""The Merkle tree of the ledger and of the body of a sealed file: RFC 6962 §2.1 hashing, and proofs.

Pure functions over 32-byte hashes.  A tree of ``size`` leaves is addressed by complete subtrees: the node at
``(level, index)`` covers the leaves ``index * 2**level`` up to ``(index + 1) * 2**level``.  A ``Read`` function gives
the hash of a *complete* subtree; where they are kept (tiles, memory, a test) is the caller's business.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

EMPTY_ROOT: Final = sha256(b"").digest()

Read = Callable[[int, int], bytes]


class InvalidProof(Exception):
    """A proof does not show what it claims; the record must be treated as changed."""


def leaf_hash(leaf: bytes | bytearray | memoryview) -> bytes:
    """Return the hash of one leaf; the prefix keeps leaves and nodes apart.

    A large buffer is hashed without being copied and without the interpreter lock.
    """
    hasher = sha256(b"\x00")
    hasher.update(leaf)
    return hasher.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The complete subtrees along the right edge: all that is needed to append leaves and to know the root.

    ``nodes`` holds one hash per set bit of ``size``, largest subtree first, 32 bytes each.
    """

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)
        if len(self.nodes) != size.bit_count():
            raise ValueError("a frontier holds one hash per set bit of the size")

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash; return the complete subtrees that it closed as (level, index, hash), the leaf first."""
        closed = [(0, self.size, leaf)]
        level, node = 0, leaf
        while self.size >> level & 1:
            node = node_hash(self.nodes.pop(), node)
            level += 1
            closed.append((level, self.size >> level, node))
        self.nodes.append(node)
        self.size += 1
        return closed

    def root(self) -> bytes:
        """Return the root of all leaves appended so far."""
        if not self.nodes:
            return EMPTY_ROOT
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = node_hash(left, node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over the given leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def _subtree(start: int, end: int, read: Read) -> bytes:
    """Return the hash over the leaves from ``start`` to ``end``; ``start`` is a multiple of the largest power below."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(width)
    return node_hash(_subtree(start, middle, read), _subtree(middle, end, read))


def _split(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (RFC 6962 §2.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, read: Read) -> list[bytes]:
    """Return the audit path of the leaf at ``index`` in a tree of ``size`` (RFC 6962 §2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("the leaf lies outside the tree")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, read))
            end = middle
        else:
            path.append(_subtree(start, middle, read))
            start = middle
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that ``leaf`` (a leaf hash) is at ``index``; raise InvalidProof otherwise (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise InvalidProof("the leaf lies outside the tree")
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise InvalidProof("the proof is too long")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or node != root:
        raise InvalidProof("the leaf is not in the tree")
