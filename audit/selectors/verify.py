"""Check the whole ledger of the current organization against its own tree and checkpoints."""

import json
from dataclasses import dataclass, field

from django.db import connection

from audit import statements
from audit.selectors.proofs import ENTRY_PAGE, checkpoints, entries
from audit.services.sequence import Head, add_to_tiles, heads
from chancery.ledger.checkpoint import Checkpoint, InvalidCheckpoint, parse_verifier_key, verifier_key
from chancery.ledger.checkpoint import verify as verify_note
from chancery.ledger.leaf import columns_agree, details_digest, personal_commitment
from chancery.ledger.merkle import Frontier, leaf_hash
from chancery.ledger.tiles import path as tile_path


@dataclass(slots=True)
class Report:
    """What was checked and every fault found, in words; no fault means the record is whole."""

    epochs: int = 0
    leaves: int = 0
    checkpoints: int = 0
    personal: int = 0
    erased: int = 0
    gaps: list[str] = field(default_factory=list)
    """Events that were signed for and lost with a restore, and that an operator has confirmed: no fault."""
    faults: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether nothing was found at fault."""
        return not self.faults


def verify(*, vkey: str) -> Report:
    """Recompute every leaf, the trees of all epochs, every checkpoint and personal commitment; return what was found.

    ``vkey`` is the verifier key of the log, taken from somewhere the database cannot change.  Each epoch has an origin
    of its own, the key is the same for all.
    """
    report = Report()
    _, public = parse_verifier_key(vkey)
    before: dict[int, bytes] = {}
    for tree in heads():
        if tree.epoch > 1:
            _check_link(report, tree, before, public)
        before = _check_epoch(report, tree, public)
    _check_numbered(report)
    _check_details(report)
    _check_personal(report)
    return report


def _check_epoch(report: Report, tree: Head, public: bytes) -> dict[int, bytes]:
    """Check one epoch; return the root at each of its sizes that matters: those signed, and the last."""
    signed: list[Checkpoint] = []
    for note in checkpoints(tree.epoch):
        report.checkpoints += 1
        try:
            signed.append(verify_note(note, vkey=verifier_key(tree.origin, public)))
        except InvalidCheckpoint as error:
            report.faults.append(f"A checkpoint does not verify: {error}.")
    roots = _recompute(report, tree, {stated.size for stated in signed})
    for stated in signed:
        if roots.get(stated.size) != stated.root:
            report.faults.append(f"The record no longer matches the checkpoint of size {stated.size}.")
    return roots


def _recompute(report: Report, tree: Head, wanted: set[int]) -> dict[int, bytes]:
    """Return an epoch's root at the wanted sizes and at its last, computed from the event rows alone."""
    with connection.cursor() as cursor:
        cursor.execute("select seq, leaf_hash from audit_eventsequence where epoch = %s order by seq", [tree.epoch])
        stored = {int(seq): bytes(leaf) for seq, leaf in cursor.fetchall()}
    frontier, roots = Frontier(), {}
    computed: dict[tuple[int, int], list[bytes]] = {}
    while page := entries(frontier.size, ENTRY_PAGE, tree.epoch):
        for encoded in page:
            leaf = leaf_hash(encoded)
            if stored.get(frontier.size) != leaf:
                report.faults.append(f"Event number {frontier.size} was changed after it was numbered.")
            add_to_tiles(computed, frontier.append(leaf))
            if frontier.size in wanted:
                roots[frontier.size] = frontier.root()
    report.epochs += 1
    report.leaves += frontier.size
    if len(stored) != frontier.size:
        report.faults.append(f"{len(stored)} events were numbered, {frontier.size} are still there.")
    if tree.size != frontier.size:
        report.faults.append(f"The tree counts {tree.size} events, the record holds {frontier.size}.")
    _check_tree(report, tree, frontier, computed)
    return roots | {frontier.size: frontier.root()}


def _check_tree(report: Report, tree: Head, frontier: Frontier, computed: dict[tuple[int, int], list[bytes]]) -> None:
    """Compare what is kept of the tree, from which proofs are made, with what the events give."""
    if tree.root != frontier.root() or tree.frontier != b"".join(frontier.nodes):
        report.faults.append(f"The head of epoch {tree.epoch} is not the one that its events give.")
    with connection.cursor() as cursor:
        cursor.execute("select level, index, hashes from audit_tile where epoch = %s", [tree.epoch])
        kept = {(level, index): bytes(hashes) for level, index, hashes in cursor.fetchall()}
    for place in sorted(kept.keys() | computed.keys()):
        if kept.get(place) != b"".join(computed.get(place, ())):
            report.faults.append(f"The tile {tile_path(*place)} of epoch {tree.epoch} is not the one its events give.")


def _check_numbered(report: Report) -> None:
    """Find events that should have a number and have none: rows that nobody recorded."""
    with connection.cursor() as cursor:
        cursor.execute(statements.UNNUMBERED)
        report.faults += [f"Event {identity} was never numbered; it was not recorded." for (identity,) in cursor]


def _check_details(report: Report) -> None:
    """Compare the details of each event with the digest in its leaf."""
    with connection.cursor() as cursor:
        cursor.execute(statements.DETAILS)
        for identity, digest, body in cursor:
            if body is None:
                report.faults.append(f"The details of event {identity} are missing.")
            elif details_digest(body.encode()) != bytes(digest):
                report.faults.append(f"The details of event {identity} were changed.")


def _check_link(report: Report, tree: Head, before: dict[int, bytes], public: bytes) -> None:
    """Check that an epoch begins with the checkpoint that was known when the database was restored.

    ``before`` are the roots of the epoch before.  A checkpoint that the restored record reaches must match it; one that
    goes beyond states how much was lost.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.FIRST_DETAILS, {"epoch": tree.epoch})
        row = cursor.fetchone()
    note = json.loads(row[0]).get("checkpoint") if row and row[0] else None
    if note is None or details_digest(row[0].encode()) != bytes(row[1]):
        report.faults.append(f"Epoch {tree.epoch} does not say where the one before it ended.")
        return
    if not note:
        return
    try:
        last = verify_note(note, vkey=verifier_key(note.partition("\n")[0], public))
    except InvalidCheckpoint as error:
        report.faults.append(f"Epoch {tree.epoch} begins with a checkpoint that does not verify: {error}.")
        return
    reached = max(before, default=0)
    if last.size > reached:
        report.gaps.append(f"At least {last.size - reached} events were lost when epoch {tree.epoch} began.")
    elif before.get(last.size) != last.root:
        report.faults.append(f"Epoch {tree.epoch} does not follow the one before it.")


def _check_personal(report: Report) -> None:
    """Compare personal records with their commitments, and the columns that are searched with the records.

    A record may be missing only where an event says that it was erased.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.PERSONAL)
        for identity, commitment, record, salt, person, device, erased in cursor:
            if record is None:
                report.erased += 1 if erased else 0
                if not erased:
                    report.faults.append(f"The personal record of event {identity} is missing, and no event says why.")
            elif commitment is None or personal_commitment(bytes(salt), record.encode()) != bytes(commitment):
                report.faults.append(f"The personal record of event {identity} was changed.")
            elif not columns_agree(record, person, device):
                report.faults.append(f"The person or device by which event {identity} is found was changed.")
            else:
                report.personal += 1
