"""RFC 6962 hashing of the leaves of a body.

Leaf and node hashes start with different bytes, so a node can never be passed off as a leaf, and leaves cannot be
swapped, dropped or doubled without changing the root.
"""

import hashlib
from collections.abc import Iterable

from protection.errors import InvalidFile
from protection.texts import say

HASH_SIZE = 32


def leaf_hash(data: bytes | bytearray | memoryview) -> bytes:
    """Return SHA-256(0x00 ‖ leaf); large buffers are hashed without being copied and without the interpreter lock."""
    hasher = hashlib.sha256(b"\x00")
    hasher.update(data)
    return hasher.digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes in order, keeping only one hash for each level."""
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        height, current = 0, leaf
        while stack and stack[-1][0] == height:
            current = _node(stack.pop()[1], current)
            height += 1
        stack.append((height, current))
    if not stack:
        raise InvalidFile(say("A body has at least one leaf."))
    _, result = stack.pop()
    while stack:
        result = _node(stack.pop()[1], result)
    return result


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
