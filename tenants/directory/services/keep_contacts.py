"""Keep people outside in the address book of an organization, or take them out of it."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from tenants.actor import Actor
from tenants.directory.change import Noted, note, note_each
from tenants.directory.models import Contact
from tenants.directory.selectors.contacts import contact_in
from tenants.events import DirectoryKind


@transaction.atomic
def keep_contacts(*, organization_id: UUID, contacts: Mapping[str, str], actor: Actor) -> int:
    """Keep these names under these addresses, in their normal form; return how many are new or changed.

    Each is an event of its own.  Raises nothing that has to do with accounts: nobody learns who has one.
    """
    rows = Contact.objects.within(organization_id).select_for_update().filter(address__in=contacts)
    known = dict(rows.order_by("address").values_list("address", "name"))
    differing = {address: name for address, name in contacts.items() if known.get(address) != name}
    Contact.objects.of_installation().bulk_create(
        [
            Contact(organization_id=organization_id, address=address, name=name)
            for address, name in sorted(differing.items())
        ],
        update_conflicts=True,
        unique_fields=["organization", "address"],
        update_fields=["name"],
    )
    note_each(
        kind=DirectoryKind.CONTACT_KEPT,
        organization_id=organization_id,
        actor=actor,
        noted=[
            Noted(
                title=address,
                addresses=(address,),
                changes=[{"member": "name", "before": known.get(address), "after": name}],
            )
            for address, name in sorted(differing.items())
        ],
    )
    return len(differing)


@transaction.atomic
def remove_contact(*, organization_id: UUID, contact_id: UUID, actor: Actor) -> str:
    """Take a contact out; return the address.  What was granted to it stays.  Raises NotHere."""
    found = contact_in(organization_id, contact_id)
    Contact.objects.within(organization_id).filter(id=contact_id).delete()
    note(
        kind=DirectoryKind.CONTACT_REMOVED,
        organizations=[organization_id],
        actor=actor,
        title=found.address,
        addresses=[found.address],
    )
    return found.address
