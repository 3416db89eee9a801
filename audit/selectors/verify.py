"""Check the whole ledger of the current organization against its own tree and checkpoints."""

from dataclasses import dataclass, field

from django.db import connection

from audit.selectors.proofs import ENTRY_PAGE, checkpoints, entries
from audit.services.sequence import head
from audit.tree.checkpoint import InvalidCheckpoint
from audit.tree.checkpoint import verify as verify_note
from audit.tree.leaf import personal_commitment
from audit.tree.merkle import Frontier, leaf_hash


@dataclass(slots=True)
class Report:
    """What was checked and every fault found, in words; no fault means the record is whole."""

    leaves: int = 0
    checkpoints: int = 0
    personal: int = 0
    erased: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether nothing was found at fault."""
        return not self.faults


def verify(*, vkey: str) -> Report:
    """Recompute every leaf, the tree, every checkpoint and every personal commitment; return what was found.

    ``vkey`` is the verifier key of the log, taken from somewhere the database cannot change.
    """
    report = Report()
    roots = _recompute(report)
    for note in checkpoints():
        report.checkpoints += 1
        try:
            stated = verify_note(note, vkey=vkey)
        except InvalidCheckpoint as error:
            report.faults.append(f"A checkpoint does not verify: {error}.")
            continue
        if roots.get(stated.size) != stated.root:
            report.faults.append(f"The record no longer matches the checkpoint of size {stated.size}.")
    newest = head()
    if newest is not None and newest.size != report.leaves:
        report.faults.append(f"The tree counts {newest.size} events, the record holds {report.leaves}.")
    _check_personal(report)
    return report


def _recompute(report: Report) -> dict[int, bytes]:
    """Return the root at every size that a checkpoint names, computed from the event rows alone."""
    with connection.cursor() as cursor:
        cursor.execute("select size from audit_checkpoint where epoch = (select max(epoch) from audit_ledger)")
        wanted = {int(size) for (size,) in cursor.fetchall()}
        cursor.execute("select seq, leaf_hash from audit_eventsequence order by seq")
        stored = {int(seq): bytes(leaf) for seq, leaf in cursor.fetchall()}
    frontier, roots = Frontier(), {}
    while page := entries(frontier.size, ENTRY_PAGE):
        for encoded in page:
            leaf = leaf_hash(encoded)
            if stored.get(frontier.size) != leaf:
                report.faults.append(f"Event number {frontier.size} was changed after it was numbered.")
            frontier.append(leaf)
            if frontier.size in wanted:
                roots[frontier.size] = frontier.root()
    report.leaves = frontier.size
    if len(stored) != frontier.size:
        report.faults.append(f"{len(stored)} events were numbered, {frontier.size} are still there.")
    return roots


def _check_personal(report: Report) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.id, e.personal_commitment, p.record, p.salt from audit_event e"
            " left join audit_eventpersonal p on p.event_id = e.id where e.personal_commitment is not null"
        )
        for identity, commitment, record, salt in cursor:
            if record is None:
                report.erased += 1
            elif personal_commitment(bytes(salt), record.encode()) == bytes(commitment):
                report.personal += 1
            else:
                report.faults.append(f"The personal record of event {identity} was changed.")
