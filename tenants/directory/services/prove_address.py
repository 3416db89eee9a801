"""A person has shown that a mailbox is theirs: from now on the address matches policies."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import note_of_person
from tenants.directory.errors import AddressTaken, DirectoryRefused
from tenants.directory.fresh_start import start_afresh
from tenants.directory.models import Address, MailDomain, Membership
from tenants.events import DirectoryKind


@transaction.atomic
def prove_address(
    *,
    person_id: UUID,
    address: str,
    actor: Actor,
    except_session: str | None = None,
    keep_password: bool = False,
) -> None:
    """Mark the address as proven by the person; called when a mailed code has come back.

    Where an organization has proven the domain, its new people become its members: the domain speaks for them.  With
    the first proof of an account ``start_afresh`` ends what was there before, as the two last parameters say.
    """
    normal = naming.address(address)
    address_holders.lock_domain(naming.domain_of(normal))
    address_holders.lock_address(normal)
    address_holders.refuse_group_address(normal)
    prover = address_holders.prover_of(normal)
    if prover is not None and prover.id != person_id:
        raise AddressTaken(_("{address} is proven by another person.").format(address=normal))
    row, _created = Address.objects.get_or_create(
        person_id=person_id, address=normal, defaults={"domain": naming.domain_of(normal)}
    )
    if row.proven_by == Address.Proof.PERSON:
        return
    owner = MailDomain.objects.of_installation().filter(domain=row.domain, proven_at__isnull=False).first()
    refuse_of_former_place(person_id, normal)
    known = address_holders.has_proof(person_id)
    row.proven_by = Address.Proof.PERSON
    row.proven_at = timezone.now()
    row.coded_until = None
    row.save(update_fields=["proven_by", "proven_at", "coded_until"])
    address_holders.part_from_outsiders(Address.objects.filter(address=normal))
    if owner is not None:
        place, _created = Membership.objects.of_installation().get_or_create(
            organization_id=owner.organization_id, person_id=person_id, defaults={"added_by": person_id}
        )
        if place.guest and place.added_by == person_id:
            # They were a member by themselves until the organization was taken over (``take_over``).
            place.guest = False
            place.save(update_fields=["guest"])
    note_of_person(kind=DirectoryKind.ADDRESS_PROVEN, person_id=person_id, actor=actor, addresses=[normal])
    if not known:
        start_afresh(person_id, address=normal, actor=actor, except_session=except_session, keep_password=keep_password)


def refuse_of_former_place(person_id: UUID, address: str) -> None:
    """Refuse an address of an organization that the person left, whether or not they came back: it is a successor's.

    Raises DirectoryRefused.
    """
    owners = MailDomain.objects.of_installation().filter(domain=naming.domain_of(address), proven_at__isnull=False)
    places = Membership.objects.of_person(person_id).filter(organization_id__in=owners.values("organization_id"))
    if places.filter(Q(removed_at__isnull=False) | Q(returned_at__isnull=False)).exists():
        raise DirectoryRefused(_("{address} belongs to an organization that you have left.").format(address=address))
