"""Choose to which of a person's addresses mail goes, and under which others know them."""

from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import note_of_person
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import Address, Person
from tenants.events import DirectoryKind


@transaction.atomic
def choose_main_address(*, person_id: UUID, address: str, actor: Actor, organization_id: UUID | None = None) -> bool:
    """Make the address the main one; return False where it is already.

    ``organization_id`` is whose administrator chooses, among the addresses that the organization answers for.  Codes to
    sign in go to the main address, so it is one that the person signs in with.  Raises NotHere and DirectoryRefused.
    """
    normal = naming.address(address)
    # Addresses are locked before people, as by everything that removes them.
    rows = Address.objects.select_for_update().filter(person_id=person_id)
    if normal not in [row.address for row in rows]:
        raise NotHere(_("The person does not have this address."))
    if organization_id is not None:
        address_holders.require_answerable(organization_id, person_id, normal)
    if not address_holders.signs_in_with(person_id, normal):
        raise DirectoryRefused(
            _("{address} is not confirmed by a mailed code, so it cannot be the main address.").format(address=normal)
        )
    before = Person.objects.values_list("email", flat=True).get(id=person_id)
    if before == normal:
        return False
    # Recorded first, so that the event names the person as they and their records do until then.
    note_of_person(
        kind=DirectoryKind.ADDRESS_MADE_MAIN,
        person_id=person_id,
        actor=actor,
        addresses=[normal],
        changes=[{"member": "email", "before": before, "after": normal}],
    )
    EmailAddress.objects.filter(user_id=person_id, primary=True).update(primary=False)
    EmailAddress.objects.filter(user_id=person_id, email=normal).update(primary=True)
    Person.objects.filter(id=person_id).update(email=normal)
    return True
