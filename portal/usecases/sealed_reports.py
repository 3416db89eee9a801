"""Sealed reports: what super-user grants and read permissions have in common."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from audit.selectors.proofs import Recorded
from chancery.errors import Conflict
from chancery.texts import message


class NoReportYet(Conflict):
    """There is nothing to report yet, or the ledger has not numbered its last events."""

    code = "no_report_yet"
    remedy = message("Wait for its end, or end it; then try again in a few seconds.")


@dataclass(frozen=True, slots=True)
class SealedReport:
    """A report as a file; ``members`` are what it holds."""

    number: int
    members: dict[str, Any]


def entry_of(proof: Recorded, *, act: str) -> dict[str, Any]:
    """Return an event as an entry of a report: what happened, with the proof that the ledger says so."""
    return {
        "event": str(proof.event),
        "act": act,
        "at": proof.received,
        "cid": None,
        "epoch": proof.epoch,
        "seq": proof.seq,
        "leaf": proof.leaf.decode(),
        "path": [base64.b64encode(node).decode() for node in proof.path],
        "details": {} if proof.details is None else json.loads(proof.details),
    }
