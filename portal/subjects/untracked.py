"""The group whose members owners of documents do not see."""

from uuid import UUID

from tenants.directory.errors import NotHere
from tenants.directory.selectors.groups import group_in


def untracked_address(organization: UUID, group: object) -> str:
    """Return the address of the group whose members owners do not see, "" for none."""
    if not isinstance(group, UUID):
        return ""
    try:
        return group_in(organization, group).address
    except NotHere:
        return ""
