"""Take an address from a person; it matches nothing from then on and is free for its next holder."""

from collections.abc import Iterable
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
def remove_address(
    *, person_id: UUID, address: str, actor: Actor, organization_id: UUID | None = None, reason: str = ""
) -> None:
    """Remove the address, unless the person signs in with no other; ``organization_id`` is whose administrator does it.

    What was granted under an address that an organization manages ends with it, so it is not the person's to remove.
    Raises NotHere and DirectoryRefused.
    """
    normal = naming.address(address)
    rows = Address.objects.select_for_update().filter(person_id=person_id)
    found = {row.address: bool(row.proven_by) for row in rows}
    if normal not in found:
        raise NotHere(_("The person does not have this address."))
    if organization_id is not None:
        address_holders.require_answerable(organization_id, person_id, normal)
    else:
        _refuse_managed(person_id, normal)
    if len(found) == 1 or (found[normal] and not _signs_in_without(person_id, found, normal)):
        raise DirectoryRefused(
            _("{address} is the only address that signs in to this account, so it stays.").format(address=normal)
        )
    before = address_holders.addresses_in_words(person_id)
    address_holders.unlink_addresses(rows.filter(address=normal))
    rows.filter(address=normal).delete()
    forget_sign_in(person_id, normal)
    record_revocation([person_id])
    note_of_person(
        kind=DirectoryKind.ADDRESS_REMOVED,
        person_id=person_id,
        actor=actor,
        addresses=[normal],
        details={"reason": reason} if reason else None,
        changes=[{"member": "addresses", "before": before, "after": address_holders.addresses_in_words(person_id)}],
    )


def _signs_in_without(person_id: UUID, addresses: Iterable[str], address: str) -> bool:
    return any(address_holders.signs_in_with(person_id, one) for one in addresses if one != address)


def _refuse_managed(person_id: UUID, address: str) -> None:
    manager = address_holders.manager_of(person_id, address)
    if manager:
        raise DirectoryRefused(
            _("{address} is managed by {organization}. Its administrators can take it away.").format(
                address=address, organization=manager
            )
        )
