"""Whom one organization blocks."""

from typing import Any, Final
from uuid import UUID

from chancery.sdk.listing import Listing
from chancery.sdk.organization import Organization

BLOCKS: Final = "/api/v1/blocks"


def blocks(place: Organization, *, search: str = "") -> Listing:
    """Return whom the organization blocks, in the order of the names; ``search`` is a part of the name."""
    return place.each(BLOCKS, search=search)


def block(place: Organization, *who: str, confirm: str, reason: str, **more: Any) -> dict[str, Any]:
    """Block people, mail domains or organizations; ``more`` are ``subdomains`` and ``until``, in seconds since 1970.

    ``confirm`` is the one name, or the number of several.  Raises ServiceError.
    """
    body = {"who": list(who), "confirm": confirm, "reason": reason, **more}
    answer: dict[str, Any] = place.call("POST", BLOCKS, body)
    return answer


def unblock(place: Organization, block_id: UUID, *, confirm: str) -> dict[str, Any]:
    """Let somebody in again; ``confirm`` is the name.  Raises ServiceError."""
    answer: dict[str, Any] = place.call("DELETE", f"{BLOCKS}/{block_id}", {"confirm": confirm})
    return answer
