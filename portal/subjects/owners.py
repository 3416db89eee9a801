"""Who else than the publisher may own a document: a member of the organization that protects it."""

from dataclasses import dataclass
from uuid import UUID

from chancery.policy.policy import Principal
from tenants.directory.selectors.people import membership_at, person_known_as


@dataclass(frozen=True, slots=True)
class Owner:
    """A member as the owner of documents."""

    id: UUID
    address: str


def owner_known_as(organization: UUID, address: str) -> Owner | None:
    """Return the enabled member with an address.  Raises InvalidPolicy for what is no address."""
    normal = Principal.of_address(address).value
    person = person_known_as(organization, normal)
    place = None if person is None else membership_at(organization, person)
    return None if person is None or place is None or place.guest or place.disabled else Owner(person, normal)
