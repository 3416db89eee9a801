"""Give a person another address: proven where the organization owns the domain, else a contact that matches nothing."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.access import let_sign_in
from tenants.directory.change import note_of_person
from tenants.directory.errors import AddressTaken, DirectoryRefused, NotHere
from tenants.directory.fresh_start import start_afresh
from tenants.directory.models import Membership
from tenants.events import DirectoryKind


@transaction.atomic
def add_address(*, organization_id: UUID, person_id: UUID, address: str, actor: Actor) -> bool:
    """Assert the address for a person of the organization; return whether it counts as proven.

    Only for people who are the organization's own: for anybody else a second proven address would be a second way to
    sign in, which the person never asked for.
    """
    normal = naming.address(address)
    address_holders.lock_domain(naming.domain_of(normal))
    address_holders.lock_address(normal)
    membership = Membership.objects.within(organization_id).select_related("person").filter(person_id=person_id).first()
    if membership is None or membership.removed_at is not None:
        raise NotHere(_("There is no such person in this organization."))
    if membership.guest or not address_holders.is_ours(organization_id, person_id):
        raise DirectoryRefused(
            _("Addresses can be added only to people whose own mail domain the organization has proven.")
        )
    if address_holders.owns_domain(organization_id, naming.domain_of(normal)):
        address_holders.refuse_group_address(normal)
    prover = address_holders.prover_of(normal)
    if (
        prover is not None
        and prover.id != person_id
        and address_holders.owns_domain(organization_id, naming.domain_of(normal))
    ):
        # In other domains the address stays a contact, no matter who has it: the answer must not tell.
        raise AddressTaken(_("{address} is proven by another person.").format(address=normal))
    known = address_holders.has_proof(person_id)
    if address_holders.assert_address(person=membership.person, address=normal, organization_id=organization_id):
        let_sign_in(person_id, normal, proven=True)
        if not known:
            start_afresh(person_id, address=normal, actor=actor)
    proven = address_holders.prover_of(normal) == membership.person
    note_of_person(
        kind=DirectoryKind.ADDRESS_ADDED,
        person_id=person_id,
        actor=actor,
        addresses=[normal],
        details={"proven": proven},
    )
    return proven
