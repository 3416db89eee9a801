"""Owners of documents: members who may become one, and people whom an address or id means as the present one."""

from dataclasses import dataclass
from uuid import UUID

from chancery.errors import ChanceryError
from chancery.policy.policy import Principal
from chancery.texts import message
from protection.selectors.hand_overs import owner_row, owners
from tenants.directory.selectors.people import membership_at, person_known_as


class SeveralOwners(ChanceryError):
    """An address was that of several people who own documents."""

    code = "several_owners"
    remedy = message("Name the person by their id: chancery person departed --json.")


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


def person_meant(organization: UUID, named: str) -> UUID | None:
    """Return whom an id, or an address that somebody has here now, means; None where nobody has it."""
    try:
        return UUID(named)
    except ValueError:
        return person_known_as(organization, Principal.of_address(named).value)


def owner_meant(organization: UUID, named: str) -> Owner | None:
    """Return whose documents an address or a person's id means, also after they left.

    An address means who has it now, else the one person who left and whose documents name it.  None where no document
    names it.  Raises SeveralOwners.
    """
    person = person_meant(organization, named)
    if person is not None:
        row = owner_row(person)
        return Owner(person, named if row is None else row.address)
    found = owners(Principal.of_address(named).value)
    if len(found) > 1:
        raise SeveralOwners(message("Documents of several people name {address}.", address=named))
    return Owner(found[0].id, found[0].address) if found else None
