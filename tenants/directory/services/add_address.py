"""An organization adds an address of its own to one of its members: it matches policies from then on."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import note_of_person
from tenants.directory.errors import AddressTaken, DirectoryRefused
from tenants.directory.models import Person
from tenants.events import DirectoryKind


@transaction.atomic
def add_address(*, organization_id: UUID, person_id: UUID, address: str, actor: Actor) -> bool:
    """Let the organization say that the address is the person's; return False where it is proven as theirs already.

    Nobody signs in with it before they have proven it themselves: else an administrator could enter the account by a
    mailbox of their own.  Raises NameRefused, AddressTaken for an address of another person or of a group, and what
    ``require_answerable`` raises.
    """
    normal = naming.address(address)
    address_holders.lock_domain(naming.domain_of(normal))
    address_holders.lock_address(normal)
    address_holders.require_answerable(organization_id, person_id, normal)
    address_holders.refuse_group_address(normal)
    prover = address_holders.prover_of(normal)
    if prover is not None and prover.id == person_id:
        return False
    if prover is not None:
        raise AddressTaken(
            _("{address} is another person's. Take it from them first, or remove them if they left.").format(
                address=normal
            )
        )
    before = address_holders.addresses_in_words(person_id)
    if not before:
        raise DirectoryRefused(_("They have no confirmed address yet. Invite them again, and add others afterwards."))
    person = Person.objects.get(id=person_id)
    address_holders.assert_address(person=person, address=normal, organization_id=organization_id)
    changes = [{"member": "addresses", "before": before, "after": address_holders.addresses_in_words(person_id)}]
    note_of_person(
        kind=DirectoryKind.ADDRESS_ADDED, person_id=person_id, actor=actor, addresses=[normal], changes=changes
    )
    return True
