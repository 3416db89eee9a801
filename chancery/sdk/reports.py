"""What is done with a document on this device, reported to its organization (docs/protocol.md P29)."""

from typing import Any
from uuid import UUID, uuid4

from chancery.sdk.organization import Organization


def report(place: Organization, action: str, cid: UUID, *, license: UUID | None, allowed: bool = True) -> None:
    """Report an act, now or at the next contact; ``allowed`` tells whether it was done."""
    event: dict[str, Any] = {
        "id": str(uuid4()),
        "cid": str(cid),
        "action": action,
        "at": place.now(),
        "allowed": allowed,
    }
    if license is not None:
        event |= {"license": str(license), "kept": True}
    place.later("event", event)
    place.try_send_waiting()
