"""Sealed reports of super-user grants and read permissions: kept as a file, and verified."""

import json
from pathlib import Path
from typing import Any

from chancery.errors import InvalidObject
from chancery.sdk.grant_report import VerifiedReport, verify_report
from chancery.sdk.organization import Organization
from chancery.sealing.atomic import replacing
from chancery.sealing.streams import write_all
from chancery.texts import message


def read_report(file: Path) -> dict[str, Any]:
    """Return what a file holds.  Raises InvalidObject for what is no report."""
    try:
        found = json.loads(file.read_bytes())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidObject(message("This is no report of a super-user grant or a read permission."))
    return found


def keep_and_verify(place: Organization, found: dict[str, Any], target: Path | None) -> VerifiedReport:
    """Verify a report, and write it to a file where one is named.  Raises LedgerBroken."""
    verified = verify_report(place, found)
    if target is not None:
        with replacing(target) as written:
            write_all(written, json.dumps(found, ensure_ascii=False).encode())
    return verified


def members_of(verified: VerifiedReport) -> dict[str, Any]:
    """Return what a verified report says, for programs."""
    said = verified.report
    return {
        "number": said.number,
        "holder": said.holder,
        "reason": said.reason,
        "case": said.case,
        "approved_by": said.approved_by,
        "intact": True,
    }
