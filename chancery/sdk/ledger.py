"""Verify an organization's ledger with nothing but its public key and what it publishes (docs/protocol.md P27, P28)."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from chancery.errors import InvalidObject, NotFound
from chancery.ledger.checkpoint import Checkpoint, InvalidCheckpoint, parse_verifier_key, verifier_key, verify
from chancery.ledger.leaf import InvalidLeaf, Leaf, decode
from chancery.ledger.merkle import Frontier, InvalidProof, leaf_hash, verify_inclusion
from chancery.sdk.errors import ServiceError
from chancery.sdk.home import Home
from chancery.sdk.organization import Organization
from chancery.texts import message


class LedgerBroken(InvalidObject):
    """The record does not match what was signed: something was changed, removed or signed twice."""

    code = "ledger_broken"
    remedy = message(
        "Keep this device's data and notify the auditors of the organization; the audit log cannot be relied on."
    )


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was verified; ``lost`` events were signed for and went with a restore that an operator confirmed."""

    entries: int
    checkpoints: int
    lost: int = 0


def verify_ledger(home: Home, place: Organization) -> Verified:
    """Recompute the trees of all epochs and compare them with every checkpoint, published now or kept from before.

    The newest checkpoint is kept for the next time, so that a server which forgets something later is found out.
    Raises LedgerBroken.
    """
    _, public = parse_verifier_key(place.statement().log_key)
    record = f"checkpoints/{place.installation}-{place.id}"
    notes = list((home.read(record) or {"notes": []})["notes"])
    kept = [checked_note(note, public, place) for note in notes]
    newest, found = int(place.call("GET", "/api/v1/audit/checkpoint")["epoch"]), Verified(0, 0)
    published: list[str] = []
    if any(_epoch_of(checkpoint) > newest for checkpoint in kept):
        raise LedgerBroken(message("The ledger has gone back to before its last restore."))
    for epoch in range(1, newest + 1):
        published = _published(place, epoch)
        theirs = [checked_note(note, public, place) for note in published]
        stated = _by_size([one for one in [*kept, *theirs] if _epoch_of(one) == epoch])
        entries = _recompute(place, stated, epoch)
        lost = max(0, max(stated, default=0) - entries)
        if lost and epoch == newest:
            raise LedgerBroken(
                message(
                    "{signed} entries were signed, {entries} are still there.", signed=entries + lost, entries=entries
                )
            )
        found = Verified(found.entries + entries, found.checkpoints + len(stated), found.lost + lost)
    if published:
        home.write(record, {"notes": [*notes[-200:], published[-1]]})
    return found


@dataclass(frozen=True, slots=True)
class Proven:
    """One event as the ledger holds it: entry ``seq`` of ``size``, under a checkpoint that was verified."""

    leaf: Leaf
    epoch: int
    seq: int
    size: int


def verify_event(place: Organization, event: UUID) -> Proven:
    """Prove that one event is in the tree that the newest checkpoint of its epoch signs, without fetching the others.

    Raises NotFound for an event that has no number yet or never was one, and LedgerBroken.
    """
    _, public = parse_verifier_key(place.statement().log_key)
    for epoch in range(int(place.call("GET", "/api/v1/audit/checkpoint")["epoch"]), 0, -1):
        notes = _published(place, epoch)
        if not notes:
            continue
        signed = checked_note(notes[-1], public, place)
        try:
            answer = place.call("GET", f"/api/v1/audit/proof/{event}?size={signed.size}")
        except ServiceError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
        else:
            if answer["epoch"] == epoch:
                return _proven(event, epoch, signed, answer)
    raise NotFound(
        message("The ledger holds no event with this id yet."),
        remedy=message("Check the id. A new event gets its number within seconds."),
    )


def _proven(event: UUID, epoch: int, signed: Checkpoint, answer: Mapping[str, Any]) -> Proven:
    encoded, path = answer["leaf"].encode(), [base64.b64decode(node) for node in answer["path"]]
    try:
        leaf = decode(encoded)
        verify_inclusion(leaf_hash(encoded), answer["seq"], signed.size, path, signed.root)
    except (InvalidLeaf, InvalidProof) as error:
        raise LedgerBroken(message("The proof of this event does not verify: {error}.", error=str(error))) from error
    if leaf.id != event:
        raise LedgerBroken(message("The proof is of another event."))
    return Proven(leaf, epoch, answer["seq"], signed.size)


def _published(place: Organization, epoch: int) -> list[str]:
    """Return every note that the service has signed in an epoch."""
    notes: list[str] = []
    above = "0"
    while above:
        answer = place.call("GET", f"/api/v1/audit/checkpoints?epoch={epoch}&above={above}")
        notes += answer["results"]
        above = answer["next"]
    return notes


def checked_note(note: str, public: bytes, place: Organization) -> Checkpoint:
    """Verify one note: each epoch has an origin of its own, which ends with the organization and the epoch."""
    origin = note.partition("\n")[0]
    try:
        checkpoint = verify(note, vkey=verifier_key(origin, public))
    except InvalidCheckpoint as error:
        raise LedgerBroken(message("A checkpoint does not verify: {error}.", error=str(error))) from error
    if not re.search(rf"/ledger/{place.id}/[0-9]+$", origin):
        raise LedgerBroken(message("A checkpoint is of another organization's ledger."))
    return checkpoint


def _epoch_of(checkpoint: Checkpoint) -> int:
    return int(checkpoint.origin.rpartition("/")[2])


def _by_size(checkpoints: Sequence[Checkpoint]) -> dict[int, Checkpoint]:
    stated: dict[int, Checkpoint] = {}
    for checkpoint in checkpoints:
        if stated.setdefault(checkpoint.size, checkpoint).root != checkpoint.root:
            raise LedgerBroken(message("Two different trees of size {size} were signed.", size=checkpoint.size))
    return stated


def _recompute(place: Organization, stated: Mapping[int, Checkpoint], epoch: int) -> int:
    """Compare the entries of one epoch with what was signed; return how many there are."""
    frontier = Frontier()
    cursor = "0"
    while cursor:
        page = place.call("GET", f"/api/v1/audit/entries?start={cursor}&epoch={epoch}")
        for entry in page["results"]:
            try:
                decode(entry.encode())
            except InvalidLeaf as error:
                raise LedgerBroken(
                    message("Entry {size} is malformed: {error}.", size=frontier.size, error=str(error))
                ) from error
            frontier.append(leaf_hash(entry.encode()))
            checkpoint = stated.get(frontier.size)
            if checkpoint is not None and checkpoint.root != frontier.root():
                raise LedgerBroken(
                    message("The first {size} entries are not the ones that were signed.", size=frontier.size)
                )
        cursor = page["next"]
    return frontier.size
