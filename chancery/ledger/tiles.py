"""Tiles: how the tree's hashes are kept and published (C2SP tlog-tiles).

A tile holds up to 256 consecutive hashes of one tile level; tile level ``n`` holds the tree level ``8 * n``.  Hashes of
the seven levels between are computed from the tile.
"""

from collections.abc import Callable
from typing import Final

from chancery.ledger.merkle import Read, root_of

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
HASH: Final = 32

ReadTile = Callable[[int, int], bytes]
"""Gives the bytes of the tile at (tile level, index), as many whole hashes as are known."""


def reader(read_tile: ReadTile) -> Read:
    """Return a function that reads any complete subtree's hash out of tiles, each tile fetched once."""
    seen: dict[tuple[int, int], bytes] = {}

    def tile(level: int, index: int) -> bytes:
        if (level, index) not in seen:
            seen[level, index] = read_tile(level, index)
        return seen[level, index]

    def read(level: int, index: int) -> bytes:
        tile_level, depth = divmod(level, HEIGHT)
        first = index << depth
        data = tile(tile_level, first // WIDTH)
        start = (first % WIDTH) * HASH
        part = data[start : start + (HASH << depth)]
        if len(part) != HASH << depth:
            raise LookupError("the tile does not reach this far")
        return root_of(part[at : at + HASH] for at in range(0, len(part), HASH))

    return read


def path(level: int, index: int, width: int = WIDTH) -> str:
    """Return the path under which a tile is served, e.g. ``tile/0/x001/067`` or ``tile/1/000.p/7``."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    suffix = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{suffix}"
