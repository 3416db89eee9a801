"""Proofs and raw material of the ledger: what an outsider needs to verify it (C2SP tlog-tiles)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection

from audit.services.sequence import leaf_of
from audit.tree import tiles
from audit.tree.merkle import consistency_proof, inclusion_proof

ENTRY_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where an event stands and the path to the root of ``size`` leaves."""

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


def checkpoints() -> tuple[str, ...]:
    """Return all signed notes of the newest epoch, smallest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select note from audit_checkpoint where epoch = (select max(epoch) from audit_ledger) order by size"
        )
        return tuple(str(note) for (note,) in cursor.fetchall())


def tile(level: int, index: int) -> bytes | None:
    """Return the hashes of one tile of the newest epoch, as many as are known, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select hashes from audit_tile where epoch = (select max(epoch) from audit_ledger)"
            " and level = %s and index = %s",
            [level, index],
        )
        row = cursor.fetchone()
    return None if row is None else bytes(row[0])


def _tile_or_fail(level: int, index: int) -> bytes:
    found = tile(level, index)
    if found is None:
        raise LookupError(f"the tree has no tile {tiles.path(level, index)}")
    return found


def entries(start: int, count: int = ENTRY_PAGE) -> tuple[bytes, ...]:
    """Return the leaves from number ``start`` on, at most ``ENTRY_PAGE``; they reveal no personal data."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.id, (extract(epoch from e.received_at) * 1000000)::bigint, e.kind, e.outcome, e.reason,"
            " e.content_id, e.source, e.details_digest, e.personal_commitment"
            " from audit_eventsequence s join audit_event e on e.id = s.event_id"
            " where s.seq >= %s order by s.seq limit %s",
            [start, min(count, ENTRY_PAGE)],
        )
        return tuple(leaf_of(row).encode() for row in cursor.fetchall())


def inclusion(event_id: UUID, size: int) -> Inclusion | None:
    """Return the proof that an event stands in the tree of ``size`` leaves, or None when it does not (yet)."""
    with connection.cursor() as cursor:
        cursor.execute("select seq from audit_eventsequence where event_id = %s", [event_id])
        row = cursor.fetchone()
    if row is None or row[0] >= size:
        return None
    seq = int(row[0])
    path = inclusion_proof(seq, size, tiles.reader(_tile_or_fail))
    return Inclusion(seq, size, entries(seq, 1)[0], tuple(path))


def consistency(old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of ``new`` leaves extends the tree of ``old``."""
    return tuple(consistency_proof(old, new, tiles.reader(_tile_or_fail)))
