"""Other installations at which an organization's members sign in."""

from typing import Any, Final

from chancery.sdk.listing import Listing
from chancery.sdk.organization import Organization

INSTALLATIONS: Final = "/api/v1/installations"


def installations(place: Organization) -> Listing:
    """Return where members signed in and where they may not, in the order of the hosts."""
    return place.each(INSTALLATIONS)


def home_records(place: Organization) -> list[dict[str, Any]]:
    """Return the TXT records by which the organization's mail domains name this installation as their people's home."""
    found: list[dict[str, Any]] = place.call("GET", f"{INSTALLATIONS}?limit=1")["records"]
    return found


def forbid_installation(place: Organization, host: str, *, confirm: str, reason: str) -> dict[str, Any]:
    """Let members sign in there no more; ``confirm`` is the host.  Raises ServiceError."""
    body = {"host": host, "confirm": confirm, "reason": reason}
    answer: dict[str, Any] = place.call("POST", f"{INSTALLATIONS}/forbid", body)
    return answer


def allow_installation(place: Organization, host: str) -> dict[str, Any]:
    """Let members sign in there again.  Raises ServiceError."""
    answer: dict[str, Any] = place.call("POST", f"{INSTALLATIONS}/allow", {"host": host})
    return answer
