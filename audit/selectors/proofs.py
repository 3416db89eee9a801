"""Proofs and raw material of the ledger: what an outsider needs to verify it (C2SP tlog-tiles)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final
from uuid import UUID

from django.db import connection

from audit import statements
from audit.services.sequence import leaf_of
from chancery.ledger import tiles
from chancery.ledger.merkle import inclusion_proof

ENTRY_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where an event is and the path to the root of ``size`` leaves of that epoch."""

    epoch: int
    seq: int
    size: int
    leaf: bytes
    path: tuple[bytes, ...]


def newest_checkpoint() -> str | None:
    """Return the newest signed note, or None before the first."""
    with connection.cursor() as cursor:
        cursor.execute("select note from audit_checkpoint order by epoch desc, size desc limit 1")
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def checkpoint_at(epoch: int, size: int) -> str | None:
    """Return the signed note of one size, or None."""
    with connection.cursor() as cursor:
        cursor.execute("select note from audit_checkpoint where epoch = %s and size = %s", [epoch, size])
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def newest_epoch() -> int:
    """Return the number of the epoch that events are numbered in now; 0 before the ledger begins."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(epoch), 0) from audit_ledger")
        return int(cursor.fetchone()[0])


def checkpoints(epoch: int | None = None, *, above: int = 0, count: int | None = None) -> tuple[str, ...]:
    """Return signed notes of one epoch, by default the newest, smallest first: those of more leaves than ``above``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select note from audit_checkpoint where epoch = %s and size > %s order by size limit %s",
            [_or_newest(epoch), above, count],
        )
        return tuple(str(note) for (note,) in cursor.fetchall())


def tile(level: int, index: int, epoch: int | None = None) -> bytes | None:
    """Return the hashes of one tile of an epoch, by default the newest, as many as are known, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select hashes from audit_tile where epoch = %s and level = %s and index = %s",
            [_or_newest(epoch), level, index],
        )
        row = cursor.fetchone()
    return None if row is None else bytes(row[0])


def _tiles_of(epoch: int) -> Callable[[int, int], bytes]:
    def fetch(level: int, index: int) -> bytes:
        found = tile(level, index, epoch)
        if found is None:
            raise LookupError(f"the tree of epoch {epoch} has no tile {tiles.path(level, index)}")
        return found

    return fetch


def entries(start: int, count: int = ENTRY_PAGE, epoch: int | None = None) -> tuple[bytes, ...]:
    """Return an epoch's leaves from number ``start`` on, at most ``ENTRY_PAGE``; they reveal no personal data."""
    with connection.cursor() as cursor:
        cursor.execute(
            statements.ENTRIES, {"epoch": _or_newest(epoch), "start": start, "count": min(count, ENTRY_PAGE)}
        )
        return tuple(leaf_of(row).encode() for row in cursor.fetchall())


def inclusion(event_id: UUID, size: int) -> Inclusion | None:
    """Return the proof that an event is in its epoch's tree of ``size`` leaves, or None when it does not (yet)."""
    with connection.cursor() as cursor:
        cursor.execute("select epoch, seq from audit_eventsequence where event_id = %s", [event_id])
        row = cursor.fetchone()
    if row is None or row[1] >= size or size > _size_of(int(row[0])):
        return None
    epoch, seq = int(row[0]), int(row[1])
    path = inclusion_proof(seq, size, tiles.reader(_tiles_of(epoch)))
    return Inclusion(epoch, seq, size, entries(seq, 1, epoch)[0], tuple(path))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event with its details and the path to the newest signed root of its epoch; ``received`` in seconds."""

    event: UUID
    epoch: int
    seq: int
    leaf: bytes
    path: tuple[bytes, ...]
    details: str | None
    received: int


def recorded(event_ids: Iterable[UUID]) -> tuple[dict[UUID, Recorded], list[str]]:
    """Return many events with their proofs, and the signed notes that these lead to, one for each epoch.

    What has no number yet, or none that was signed, is left out.  Tiles are read once for all.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.RECORDED, {"ids": list(event_ids)})
        rows = cursor.fetchall()
    notes = {epoch: note for epoch in {row[0] for row in rows} if (note := _newest_note(epoch)) is not None}
    trees = {epoch: (int(note.split("\n")[1]), tiles.reader(cache(_tiles_of(epoch)))) for epoch, note in notes.items()}
    found = {}
    for epoch, seq, details, *row in rows:
        if epoch in trees and seq < trees[epoch][0]:
            leaf, path = leaf_of(tuple(row)), tuple(inclusion_proof(seq, *trees[epoch]))
            found[leaf.id] = Recorded(leaf.id, epoch, seq, leaf.encode(), path, details, leaf.received // 1_000_000)
    return found, list(notes.values())


def _newest_note(epoch: int) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("select note from audit_checkpoint where epoch = %s order by size desc limit 1", [epoch])
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def _size_of(epoch: int) -> int:
    """Return how many leaves an epoch's tree has."""
    with connection.cursor() as cursor:
        cursor.execute("select size from audit_ledger where epoch = %s", [epoch])
        row = cursor.fetchone()
    return 0 if row is None else int(row[0])


def _or_newest(epoch: int | None) -> int:
    return newest_epoch() if epoch is None else epoch
