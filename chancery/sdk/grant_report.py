"""Verify the report of a grant or a read permission: its signature, and that all its entries are in the ledger."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chancery.crypto.signatures import VerifyKey
from chancery.crypto.suites import ED25519
from chancery.errors import InvalidObject
from chancery.ledger.checkpoint import Checkpoint, parse_verifier_key
from chancery.ledger.leaf import InvalidLeaf, Leaf, canonical, decode, details_digest
from chancery.ledger.merkle import InvalidProof, leaf_hash, verify_inclusion
from chancery.objects.report import GrantReport
from chancery.sdk.ledger import LedgerBroken, checked_note
from chancery.sdk.organization import Organization
from chancery.texts import message

_NAME_IT: Final = frozenset({"opened", "read", "asked", "approved", "ended", "withdrawn"})
"""What is recorded with the grant or permission; what a client reports is not."""


@dataclass(frozen=True, slots=True)
class VerifiedReport:
    """A report that verifies; ``opened`` are its entries about documents."""

    report: GrantReport
    opened: tuple[Mapping[str, Any], ...]


def verify_report(place: Organization, file: Mapping[str, Any]) -> VerifiedReport:
    """Verify a report with nothing but the public key of the organization's log.  Raises LedgerBroken."""
    _, public = parse_verifier_key(place.statement().log_key)
    try:
        report = GrantReport.verify(file["report"], key=VerifyKey(ED25519, public), org=place.id)
        entries = list(file["entries"])
        notes = [checked_note(note, public, place) for note in file["checkpoints"]]
        signed = {int(note.origin.rpartition("/")[2]): note for note in notes}
        if not report.covers(entries):
            raise LedgerBroken(message("The entries are not the ones that the report was signed for."))
        opened = tuple(entry for entry in entries if _proven(entry, report, signed))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidObject(message("This is no report of a super-user grant or a read permission.")) from error
    return VerifiedReport(report, opened)


def _proven(entry: Mapping[str, Any], report: GrantReport, signed: Mapping[int, Checkpoint]) -> bool:
    """Prove one entry; tell whether it is about a document.  Raises LedgerBroken."""
    leaf = _leaf(entry, signed)
    details = entry["details"]
    if leaf.details != details_digest(canonical(details)).hex() or leaf.id != UUID(entry["event"]):
        raise LedgerBroken(message("The ledger says something else about an entry of the report."))
    about = None if entry["cid"] is None else UUID(entry["cid"])
    named = details.get("super_user_grant") or details.get("read_permission")
    same_grant = entry["act"] not in _NAME_IT or named == str(report.grant)
    if leaf.content != about or not same_grant:
        raise LedgerBroken(message("The ledger says something else about an entry of the report."))
    return about is not None


def _leaf(entry: Mapping[str, Any], signed: Mapping[int, Checkpoint]) -> Leaf:
    encoded, path = entry["leaf"].encode(), [base64.b64decode(node) for node in entry["path"]]
    checkpoint = signed[entry["epoch"]]
    try:
        verify_inclusion(leaf_hash(encoded), entry["seq"], checkpoint.size, path, checkpoint.root)
        return decode(encoded)
    except (InvalidLeaf, InvalidProof) as error:
        raise LedgerBroken(message("The proof of this event does not verify: {error}.", error=str(error))) from error
