"""Decoys and their alarms at one organization: mark, list, acknowledge.

To recipients a decoy is a document like any other; who decides about it, administrators and auditors see the mark.
"""

from typing import Any, Final
from uuid import UUID

from chancery.sdk.listing import Listing
from chancery.sdk.organization import Organization

DECOYS: Final = "/api/v1/decoys"
ALARMS: Final = "/api/v1/alarms"


def mark_decoy(place: Organization, cid: UUID, *, note: str = "") -> dict[str, Any]:
    """Mark a document as a decoy; return what it changed.  Raises ServiceError for a document of others."""
    answer: dict[str, Any] = place.call("PUT", f"/api/v1/documents/{cid}/decoy", {"note": note})
    return answer


def decoys(place: Organization) -> Listing:
    """Return the decoys that the person may know of, the last marked first."""
    return place.each(DECOYS)


def alarms(place: Organization, *, state: str = "", document: UUID | None = None) -> Listing:
    """Return the alarms that the person may know of, newest first; ``state`` is "open", "acknowledged" or ""."""
    return place.each(ALARMS, state=state, document="" if document is None else str(document))


def acknowledge_alarm(place: Organization, alarm_id: UUID, *, note: str = "") -> dict[str, Any]:
    """Say that somebody looked at an alarm; what happens later raises a new one.  Raises ServiceError."""
    answer: dict[str, Any] = place.call("POST", f"{ALARMS}/{alarm_id}/acknowledge", {"note": note})
    return answer
