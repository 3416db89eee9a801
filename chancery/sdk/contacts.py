"""The address book of one organization."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from chancery.sdk.listing import Listing
from chancery.sdk.organization import Organization

CONTACTS: Final = "/api/v1/contacts"


def contacts(place: Organization, *, search: str = "") -> Listing:
    """Return contacts in the order of their addresses; ``search`` is a part of a name or an address."""
    return place.each(CONTACTS, search=search)


def keep_contacts(place: Organization, names: Mapping[str, str]) -> dict[str, Any]:
    """Keep these names by address, all of them or none; a known address gets the new name.  Raises ServiceError."""
    body = {"contacts": [{"address": address, "name": name} for address, name in names.items()]}
    answer: dict[str, Any] = place.call("POST", CONTACTS, body)
    return answer


def remove_contact(place: Organization, contact_id: UUID) -> dict[str, Any]:
    """Take a contact out; what was granted to the address stays.  Raises ServiceError."""
    answer: dict[str, Any] = place.call("DELETE", f"{CONTACTS}/{contact_id}")
    return answer
