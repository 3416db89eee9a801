"""Create a group under an address of the organization's own."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import members_changed, note
from tenants.directory.errors import AddressTaken, DomainRefused
from tenants.directory.members import Member, add_members
from tenants.directory.models import Address, Group
from tenants.directory.selectors.groups import GroupFacts, group_in
from tenants.events import DirectoryKind


@transaction.atomic
def create_group(
    *,
    organization_id: UUID,
    address: str,
    name: str,
    description: str = "",
    members: Iterable[Member] = (),
    actor: Actor,
) -> GroupFacts:
    """Create the group; its address must lie in a mail domain that the organization has proven."""
    normal = naming.address(address)
    domain = naming.domain_of(normal)
    address_holders.lock_domain(domain)
    address_holders.lock_address(normal)
    if not address_holders.owns_domain(organization_id, domain):
        raise DomainRefused(_("The organization has not proven {domain}.").format(domain=domain))
    address_holders.refuse_group_address(normal)
    if address_holders.prover_of(normal) is not None or _is_ours(organization_id, normal):
        raise AddressTaken(_("{address} is in use.").format(address=normal))
    group = Group.objects.create(
        organization_id=organization_id, address=normal, name=naming.one_line(name) or normal, description=description
    )
    add_members(group, list(members), actor)
    made = group_in(organization_id, group.id)
    note(
        kind=DirectoryKind.GROUP_CREATED,
        organizations=[organization_id],
        actor=actor,
        title=normal,
        details={"group": str(group.id)},
        changes=[{"member": "name", "before": None, "after": made.name}, *members_changed(added=made.members)],
    )
    return made


def _is_ours(organization_id: UUID, address: str) -> bool:
    """Tell whether the organization has entered the address for a person; what strangers claim counts for nothing."""
    return Address.objects.filter(address=address, asserted_by_id=organization_id).exists()
