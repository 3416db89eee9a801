"""Take an address from a person; it matches nothing from then on and is free for its next holder."""

from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import note_of_person
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import Address
from tenants.directory.withdrawals import withdraw


@transaction.atomic
def remove_address(*, person_id: UUID, address: str, actor: Actor) -> None:
    """Remove the address, unless it is the last one."""
    normal = naming.address(address)
    rows = Address.objects.select_for_update().filter(person_id=person_id)
    if not rows.filter(address=normal).exists():
        raise NotHere(_("The person does not have this address."))
    if rows.count() == 1:
        raise DirectoryRefused(_("A person keeps at least one address."))
    rows.filter(address=normal).delete()
    EmailAddress.objects.filter(user_id=person_id, email=normal).delete()
    withdraw([person_id])
    note_of_person(kind="address.removed", person_id=person_id, actor=actor, addresses=[normal])
