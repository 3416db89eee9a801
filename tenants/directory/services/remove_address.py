"""Take an address from a person; it matches nothing from then on and is free for its next holder."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.access import forget_sign_in
from tenants.directory.change import note_of_person
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import Address
from tenants.directory.revocations import record_revocation
from tenants.events import DirectoryKind


@transaction.atomic
def remove_address(*, person_id: UUID, address: str, actor: Actor, organization_id: UUID | None = None) -> None:
    """Remove the address, unless it is the last one; ``organization_id`` is whose administrator takes it.

    What was granted under an address that an organization manages ends with it, so it is not the person's to remove.
    """
    normal = naming.address(address)
    rows = Address.objects.select_for_update().filter(person_id=person_id)
    if not rows.filter(address=normal).exists():
        raise NotHere(_("The person does not have this address."))
    manager = address_holders.manager_of(person_id, normal)
    taken = organization_id is not None and address_holders.owns_domain(organization_id, naming.domain_of(normal))
    if manager and not taken:
        raise DirectoryRefused(
            _("{address} is managed by {organization}. Its administrators can take it away.").format(
                address=normal, organization=manager
            )
        )
    if rows.count() == 1:
        raise DirectoryRefused(_("A person keeps at least one address."))
    address_holders.unlink_addresses(rows.filter(address=normal))
    rows.filter(address=normal).delete()
    forget_sign_in(person_id, normal)
    record_revocation([person_id])
    note_of_person(kind=DirectoryKind.ADDRESS_REMOVED, person_id=person_id, actor=actor, addresses=[normal])
