"""Budgets of openings and pauses at one organization."""

from typing import Any, Final
from uuid import UUID

from chancery.sdk.listing import Listing
from chancery.sdk.organization import Organization

BUDGETS: Final = "/api/v1/budgets"
PAUSES: Final = "/api/v1/pauses"


def budgets(place: Organization) -> Listing:
    """Return the budgets that the person may see, oldest first, each with who is nearest to it."""
    return place.each(BUDGETS)


def make_budget(place: Organization, *, openings: int, seconds: int, **terms: Any) -> dict[str, Any]:
    """Make a budget; ``terms`` are ``who``, ``name``, ``owner``, ``counts_grants`` and ``forgets_copies``.

    Raises ServiceError for terms that are refused.
    """
    answer: dict[str, Any] = place.call("POST", BUDGETS, {"openings": openings, "seconds": seconds, **terms})
    return answer


def pauses(place: Organization, *, state: str = "") -> Listing:
    """Return the pauses that the person may see, newest first; ``state`` is "open", "ended" or ""."""
    return place.each(PAUSES, state=state)


def own_pause(place: Organization) -> dict[str, Any]:
    """Return the person's own pause, or None as ``pause``, and whether they end it by their second factor."""
    answer: dict[str, Any] = place.call("GET", "/api/v1/pause")
    return answer


def release(place: Organization, pause_id: UUID, *, confirm: str, reason: str) -> dict[str, Any]:
    """Release a paused person; ``confirm`` is the pause's number.  Raises ServiceError."""
    answer: dict[str, Any] = place.call("POST", f"{PAUSES}/{pause_id}/release", {"confirm": confirm, "reason": reason})
    return answer
