"""A provider gives a member another address: what is granted to it is theirs, and it signs nobody in."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import note
from tenants.directory.errors import AddressTaken, DirectoryRefused
from tenants.directory.models import Address, Person
from tenants.events import DirectoryKind


@transaction.atomic
def give_address(*, organization_id: UUID, person_id: UUID, address: str, actor: Actor) -> bool:
    """Let the organization say that an address in a domain of its own is the person's; return False where it is.

    The account suite does not get to know it: whoever reads that mailbox would sign in as the person otherwise, which
    takes no more than a token of a connection.  A person who also has an address elsewhere speaks for themselves.
    Raises AddressTaken and DirectoryRefused.
    """
    normal = naming.address(address)
    address_holders.lock_domain(naming.domain_of(normal))
    address_holders.lock_address(normal)
    address_holders.refuse_group_address(normal)
    prover = address_holders.prover_of(normal)
    if prover is not None and prover.id == person_id:
        return False
    if prover is not None:
        raise AddressTaken(_("{address} is in use.").format(address=normal))
    proven = Address.objects.filter(person_id=person_id).exclude(proven_by="").values_list("domain", flat=True)
    if not all(address_holders.owns_domain(organization_id, domain) for domain in {*proven, naming.domain_of(normal)}):
        raise DirectoryRefused(
            _("They also have an address outside your mail domains, so they add {address} themselves.").format(
                address=normal
            )
        )
    person = Person.objects.get(id=person_id)
    address_holders.assert_address(person=person, address=normal, organization_id=organization_id)
    note(
        kind=DirectoryKind.PROVISIONING_ADDRESS_GIVEN,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[normal],
        title=person.name,
        recipient=person.email,
    )
    return True
