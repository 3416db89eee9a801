"""Give settled events their numbers and extend the tree; sign what has grown (docs/protocol.md P28)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit import statements
from chancery.ledger import checkpoint as notes
from chancery.ledger.leaf import Leaf
from chancery.ledger.merkle import Frontier, leaf_hash
from chancery.ledger.tiles import HASH, HEIGHT, WIDTH

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Head:
    """The tree of one epoch of the current organization's ledger."""

    epoch: int
    origin: str
    size: int
    root: bytes
    frontier: bytes


def sequence() -> int:
    """Number all settled events of the current organization and return how many were new.

    One transaction under a row lock on the ledger's head, so that two sequencers cannot fork the tree.  A row counts
    as settled when its transaction id lies below the snapshot's horizon: a late commit is never passed over.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local role chancery_sequencer")
        added = _extend(cursor)
        cursor.execute("reset role")
    return added


def _extend(cursor: Any) -> int:
    cursor.execute(
        "select epoch, size, frontier, horizon, pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        " from audit_ledger order by epoch desc limit 1 for update"
    )
    row = cursor.fetchone()
    if row is None:
        return 0
    epoch, size, stored, horizon, below = row
    cursor.execute("select max(epoch) from audit_ledger")
    if cursor.fetchone() != (epoch,):
        # A new epoch began while this one was waited for.
        return 0
    stored = bytes(stored)
    frontier = Frontier(size, [stored[at : at + HASH] for at in range(0, len(stored), HASH)])
    cursor.execute(statements.SETTLED, {"from": str(horizon), "below": str(below)})
    rows = cursor.fetchall()
    # A sequencer that waited for the lock saw an older horizon than the one that held it, and must not bring it back.
    append(cursor, epoch=epoch, frontier=frontier, rows=rows, horizon=max(below, horizon))
    return len(rows)


def append(cursor: Any, *, epoch: int, frontier: Frontier, rows: Sequence[tuple[Any, ...]], horizon: int) -> None:
    """Number these event rows after the leaves of the frontier and write the tree; as the sequencer's role."""
    tiles: dict[tuple[int, int], list[bytes]] = {}
    numbered: list[tuple[int, int, UUID, bytes]] = []
    for event in rows:
        leaf = leaf_hash(leaf_of(event).encode())
        numbered.append((epoch, frontier.size, event[0], leaf))
        add_to_tiles(tiles, frontier.append(leaf))
    _store(cursor, epoch, tiles, numbered)
    cursor.execute(
        "update audit_ledger set size = %s, root = %s, frontier = %s, horizon = %s where epoch = %s",
        [frontier.size, frontier.root(), b"".join(frontier.nodes), horizon, epoch],
    )


def add_to_tiles(tiles: dict[tuple[int, int], list[bytes]], closed: Iterable[tuple[int, int, bytes]]) -> None:
    """Put the subtrees that a leaf has closed into their tiles."""
    for level, index, node in closed:
        if level % HEIGHT == 0:
            tiles.setdefault((level // HEIGHT, index // WIDTH), []).append(node)


def leaf_of(row: tuple[Any, ...]) -> Leaf:
    """Return the leaf of one event row in the column order of ``statements.SETTLED``."""
    identity, received, kind, outcome, reason, content, source, details, personal = row
    return Leaf(
        id=identity,
        received=received,
        kind=kind,
        outcome=outcome,
        reason=reason,
        content=content,
        source=source,
        details=None if details is None else bytes(details).hex(),
        personal=None if personal is None else bytes(personal).hex(),
    )


def _store(
    cursor: Any, epoch: int, tiles: dict[tuple[int, int], list[bytes]], numbered: list[tuple[int, int, UUID, bytes]]
) -> None:
    """Write numbers and tiles; a partial tile grows by appending, its hashes never change."""
    if not numbered:
        return
    with cursor.copy("copy audit_eventsequence (epoch, seq, event_id, leaf_hash) from stdin (format binary)") as copy:
        copy.set_types(["int4", "int8", "uuid", "bytea"])
        for row in numbered:
            copy.write_row(row)
    for (level, index), hashes in tiles.items():
        cursor.execute(
            "insert into audit_tile (epoch, level, index, hashes) values (%s, %s, %s, %s)"
            " on conflict (epoch, level, index) do update set hashes = audit_tile.hashes || excluded.hashes",
            [epoch, level, index, b"".join(hashes)],
        )


def head() -> Head | None:
    """Return the newest tree, or None when the ledger was never begun."""
    return next(iter(heads()[-1:]), None)


def heads() -> tuple[Head, ...]:
    """Return the trees of all epochs, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("select epoch, origin, size, root, frontier from audit_ledger order by epoch")
        return tuple(
            Head(epoch, origin, size, bytes(root), bytes(frontier))
            for epoch, origin, size, root, frontier in cursor.fetchall()
        )


def sign_checkpoint(*, public: bytes, sign: Sign) -> str | None:
    """Sign the newest tree and keep the note; return it, or None when there is nothing new to sign.

    Called after the tree's rows are committed, so that no signed size can ever lack its leaves.  One note per size:
    of two signers the second finds the first's note and keeps it.
    """
    newest = head()
    if newest is None or newest.size == 0:
        return None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select 1 from audit_checkpoint where epoch = %s and size = %s", [newest.epoch, newest.size])
        if cursor.fetchone():
            return None
        note = notes.sign(notes.Checkpoint(newest.origin, newest.size, newest.root), public=public, sign_bytes=sign)
        cursor.execute("set local role chancery_sequencer")
        cursor.execute(
            "insert into audit_checkpoint (epoch, size, note) values (%s, %s, %s) on conflict do nothing",
            [newest.epoch, newest.size, note],
        )
        cursor.execute("reset role")
    return note
