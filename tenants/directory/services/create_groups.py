"""Create many groups at once where nothing is to be weighed: nobody has anything to do with their addresses."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from django.db import transaction

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import Noted, note_each
from tenants.directory.models import Address, Group
from tenants.directory.selectors.domains import domains_in
from tenants.events import DirectoryKind


@transaction.atomic
def create_groups(*, organization_id: UUID, groups: Mapping[str, str], actor: Actor) -> dict[str, UUID]:
    """Make groups without members under these addresses, with these names; return the ids by address.

    Addresses are in their normal form.  Those are left out, for ``create_group``, that a group has or anybody claims,
    or whose domain the organization has not proven.  What it does for the others is what that service does.
    """
    addresses = sorted(groups)
    for domain in sorted({naming.domain_of(one) for one in addresses}):
        address_holders.lock_domain(domain)
    address_holders.lock_addresses(addresses)
    taken = set(Group.objects.of_installation().filter(address__in=addresses).values_list("address", flat=True))
    taken |= set(Address.objects.filter(address__in=addresses).values_list("address", flat=True))
    proven = {one.domain for one in domains_in(organization_id) if one.proven_at is not None}
    made = {one: uuid4() for one in addresses if one not in taken and naming.domain_of(one) in proven}
    names = {address: naming.one_line(groups[address]) or address for address in made}
    Group.objects.of_installation().bulk_create(
        Group(id=group_id, organization_id=organization_id, address=address, name=names[address])
        for address, group_id in made.items()
    )
    note_each(
        kind=DirectoryKind.GROUP_CREATED,
        organization_id=organization_id,
        actor=actor,
        noted=[
            Noted(
                title=address,
                details={"group": str(group_id)},
                changes=[{"member": "name", "before": None, "after": names[address]}],
            )
            for address, group_id in made.items()
        ],
    )
    return made
