"""Create many people at once where nothing is to be weighed: nobody else has anything to do with their addresses."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from audit.services.record import record_many
from audit.statements import Personal, event_parameters
from tenants import naming
from tenants.actor import Actor
from tenants.context import in_schema
from tenants.directory import address_holders
from tenants.directory.models import Address, Group, MailDomain, Membership, Person
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization


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
    _lock(addresses)
    free = _free(organization_id, addresses)
    made = {address: uuid4() for address in free}
    names = {address: naming.one_line(people[address]) for address in free}
    _write(organization_id, made, names, actor)
    Organization.objects.filter(id=organization_id).update(directory_epoch=F("directory_epoch") + 1)
    _record(organization_id, names, actor)
    return made


def _lock(addresses: Sequence[str]) -> None:
    """Lock addresses as ``address_holders.lock_address`` does, in one order for everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(one, 0)) from unnest(%s::text[]) one", [list(addresses)]
        )


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


def _record(organization_id: UUID, names: Mapping[str, str], actor: Actor) -> None:
    schema = Organization.objects.values_list("schema_name", flat=True).get(id=organization_id)
    events = [
        event_parameters(
            event_id=uuid4(),
            kind=DirectoryKind.PERSON_CREATED.value,
            outcome="done",
            source=actor.source,
            personal=Personal(
                person_id=actor.person_id,
                name=actor.name,
                ip=actor.ip,
                addresses=(address,),
                title=name,
                actor=actor.address,
                application=actor.application,
            ),
            details={"role": "user", "guest": False},
        )
        for address, name in names.items()
    ]
    with in_schema(schema):
        record_many(events)
