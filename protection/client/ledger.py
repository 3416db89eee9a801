"""Verify an organization's ledger with nothing but its public key and what it publishes (PROTOCOL P27, P28)."""

from dataclasses import dataclass

from audit.tree.checkpoint import Checkpoint, InvalidCheckpoint, verify
from audit.tree.leaf import InvalidLeaf, decode
from audit.tree.merkle import Frontier, leaf_hash
from protection.client.home import Home
from protection.client.organization import Organization
from protection.errors import InvalidObject


class LedgerBroken(InvalidObject):
    """The record does not match what was signed: something was changed, removed or signed twice."""

    code = "ledger_broken"
    remedy = "Keep this device's data and tell the auditors of the organization; the record cannot be relied on."


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was verified."""

    entries: int
    checkpoints: int


def verify_ledger(home: Home, place: Organization) -> Verified:
    """Recompute the tree from all entries and compare it with every checkpoint, published now or kept from before.

    The newest checkpoint is kept for the next time, so that a server which forgets something later is found out.
    Raises LedgerBroken.
    """
    vkey = place.statement().log_key
    record = f"organizations/{place.id}-checkpoints"
    kept = list((home.read(record) or {"notes": []})["notes"])
    published = list(place.call("GET", "/api/v1/audit/checkpoint")["all"])
    stated: dict[int, Checkpoint] = {}
    for note in [*kept, *published]:
        checkpoint = _checked(note, vkey)
        other = stated.setdefault(checkpoint.size, checkpoint)
        if other.root != checkpoint.root:
            raise LedgerBroken(f"Two different trees of size {checkpoint.size} were signed.")
    entries = _recompute(place, stated)
    if published:
        home.write(record, {"notes": [*kept[-200:], published[-1]]})
    return Verified(entries, len(stated))


def _checked(note: str, vkey: str) -> Checkpoint:
    try:
        return verify(note, vkey=vkey)
    except InvalidCheckpoint as error:
        raise LedgerBroken(f"A checkpoint does not verify: {error}.") from error


def _recompute(place: Organization, stated: dict[int, Checkpoint]) -> int:
    frontier = Frontier()
    cursor = "0"
    while cursor:
        page = place.call("GET", f"/api/v1/audit/entries?start={cursor}")
        for entry in page["results"]:
            try:
                decode(entry.encode())
            except InvalidLeaf as error:
                raise LedgerBroken(f"Entry {frontier.size} is malformed: {error}.") from error
            frontier.append(leaf_hash(entry.encode()))
            checkpoint = stated.get(frontier.size)
            if checkpoint is not None and checkpoint.root != frontier.root():
                raise LedgerBroken(f"The first {frontier.size} entries are not the ones that were signed.")
        cursor = page["next"]
    longest = max(stated, default=0)
    if longest > frontier.size:
        raise LedgerBroken(f"{longest} entries were signed, {frontier.size} are still there.")
    return frontier.size
