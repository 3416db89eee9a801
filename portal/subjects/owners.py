"""Owners of documents: members who may become one, and people whom an address or id means as the present one."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.errors import ChanceryError
from chancery.policy.policy import Principal
from chancery.texts import message
from portal.subjects.subject import is_active
from protection.selectors.hand_overs import owner_row, owners
from protection.selectors.protecting import protecting_limits
from tenants.directory.errors import NotPermitted
from tenants.directory.selectors.people import membership_at, person_known_as
from tenants.directory.selectors.roles import WritesFor, writes_for
from tenants.directory.selectors.subject import subject_row


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


def require_owner(organization: UUID, owner: Owner, *, application: UUID | None) -> None:
    """Let pass a future owner whom an application may protect for; of people nothing is asked.  Raises NotPermitted."""
    if application is None or writes_for_owner(organization, writes_for(organization, application), owner.id):
        return
    raise NotPermitted(
        _("This application may not protect documents for {address}: for members of other groups alone.").format(
            address=owner.address
        )
    )


def writes_for_owner(organization: UUID, writes: WritesFor, owner: UUID) -> bool:
    """Tell whether an application may protect documents that this person then owns: they are here, and it is for them.

    Their own limits count as well as the application's: who is kept out, disabled, or in none of the groups that may
    protect here gets no document by way of an application.
    """
    row = subject_row(owner, organization)
    if row is None or row.is_service or not is_active(row, organization) or row.blocks:
        return False
    if not any(one.organization_id == organization and not one.guest for one in row.places):
        return False
    groups = {one.id for one in row.groups if one.live and one.organization_id == organization}
    protectors = protecting_limits().groups
    if protectors and groups.isdisjoint(protectors):
        return False
    return writes.everyone or not groups.isdisjoint(writes.groups)


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
