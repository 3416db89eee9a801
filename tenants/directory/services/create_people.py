"""Create many people at once where nothing is to be weighed: nobody else has anything to do with their addresses."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import Noted, note_each
from tenants.directory.models import Address, Group, MailDomain, Membership, Person
from tenants.events import DirectoryKind


@transaction.atomic
def create_people(*, organization_id: UUID, people: Mapping[str, str], actor: Actor) -> dict[str, UUID]:
    """Make members of these addresses and names; return the ids by address.

    Addresses are in their normal form.  Those are left out, for ``create_person``, that somebody has or claims, that a
    group has, or whose domain the organization has not proven.  What it does for the others is what that service does:
    nobody gets a password, the address is proven by the organization's word, and each person is an event of their own.
    """
    addresses = sorted(people)
    for domain in sorted({naming.domain_of(one) for one in addresses}):
        address_holders.lock_domain(domain)
    address_holders.lock_addresses(addresses)
    free = _free(organization_id, addresses)
    made = {address: uuid4() for address in free}
    names = {address: naming.one_line(people[address]) for address in free}
    _write(organization_id, made, names, actor)
    note_each(
        kind=DirectoryKind.PERSON_CREATED,
        organization_id=organization_id,
        actor=actor,
        noted=[
            Noted(title=name, addresses=(address,), details={"role": "user", "guest": False})
            for address, name in names.items()
        ],
    )
    return made


def _free(organization_id: UUID, addresses: Sequence[str]) -> list[str]:
    claimed = set(Address.objects.filter(address__in=addresses).values_list("address", flat=True))
    groups = Group.objects.of_installation().filter(address__in=addresses)
    places = Membership.objects.within(organization_id).filter(address__in=addresses)
    taken = claimed | {*groups.values_list("address", flat=True), *places.values_list("address", flat=True)}
    proven = MailDomain.objects.within(organization_id).filter(proven_at__isnull=False)
    domains = set(proven.values_list("domain", flat=True))
    return [one for one in addresses if one not in taken and naming.domain_of(one) in domains]


def _write(organization_id: UUID, made: Mapping[str, UUID], names: Mapping[str, str], actor: Actor) -> None:
    now = timezone.now()
    Person.objects.bulk_create(
        Person(id=person_id, email=address, name=names[address], password=make_password(None))
        for address, person_id in made.items()
    )
    Address.objects.bulk_create(
        Address(
            person_id=person_id,
            address=address,
            domain=naming.domain_of(address),
            asserted_by_id=organization_id,
            proven_by=Address.Proof.ORGANIZATION,
            proven_at=now,
        )
        for address, person_id in made.items()
    )
    Membership.objects.of_installation().bulk_create(
        Membership(
            organization_id=organization_id,
            person_id=person_id,
            address=address,
            name=names[address],
            added_by=actor.person_id,
        )
        for address, person_id in made.items()
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user_id=person_id, email=address, verified=True, primary=True)
        for address, person_id in made.items()
    )
