"""The group whose members owners of documents do not see."""

from uuid import UUID

from chancery.errors import NotFound
from chancery.texts import message
from protection.services.configure import NO_GROUP
from tenants.directory.errors import NotHere
from tenants.directory.revocations import people_below
from tenants.directory.selectors.groups import group_in, groups_at


def untracked_address(organization: UUID, group: object) -> str:
    """Return the address of the group whose members owners do not see, "" for none."""
    if not isinstance(group, UUID):
        return ""
    try:
        return group_in(organization, group).address
    except NotHere:
        return ""


def untracked_group_at(organization: UUID, address: str) -> UUID:
    """Return the group at an address, NO_GROUP for none.  Raises NotFound."""
    if not address:
        return NO_GROUP
    found = groups_at(organization, [address]).get(address)
    if not found:
        raise NotFound(message("There is no group {address} in this organization.", address=address))
    return found[0].id


def shows_somebody(before: UUID, after: UUID) -> bool:
    """Tell whether somebody whom a group hides would be shown by hiding the members of another one instead."""
    return bool(people_below([before]) - people_below([after]))
