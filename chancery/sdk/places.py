"""Which organization is meant: the person's own, and that of a file."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from chancery.sdk.errors import Misused, Refused
from chancery.sdk.organization import Organization
from chancery.texts import message


def own_organization_id(organizations: Iterable[Mapping[str, Any]], name: str | None) -> UUID:
    """Return the organization to protect for among those a person belongs to: the named one, else the only one.

    Raises Refused for a person who is a member of none, and Misused where a name is needed.
    """
    places = [place for place in organizations if not place["guest"]]
    if name is not None:
        places = [place for place in places if name in {place["id"], place["name"], place["slug"]}]
    if len(places) == 1:
        return UUID(places[0]["id"])
    if not places:
        raise Refused(
            message("You do not belong to an organization that you could protect for."),
            reason="publishing_not_allowed",
            remedy=message(
                "If your organization is here, ask an administrator to add you. If not: chancery organization start"
            ),
        )
    raise Misused(message("You belong to several organizations."), remedy=message("Name one with --organization."))


def require_signed_in_at(place: Organization, iss: str, own: str) -> None:
    """Raise Misused unless a file's installation is the one of the sign-in ``own``, under a former name maybe."""
    if iss != own and not place.statement().names(iss):
        raise Misused(
            message("This file belongs to the installation {iss}, where you are not signed in.", iss=iss),
            remedy=message("If you know and trust it, run: chancery login --host {iss}", iss=iss),
        )
