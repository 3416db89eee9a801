"""Finding whose an address is, and what may make it proven (docs/protocol.md P12).

The rule that keeps a hostile organization out: an address that the person has not proven never becomes a second way to
sign in as them.  A person whose only address is unproven can be entered by that mailbox alone, so such a row may be
shared; an address that administrators add later matches policies, and signs nobody in before a mailed code came back.
"""

from collections.abc import Iterable
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.directory.access import forget_sign_in
from tenants.directory.change import raise_epochs
from tenants.directory.errors import AddressTaken, DirectoryRefused, NotHere
from tenants.directory.models import (
    Address,
    FormerAddressHolder,
    FormerDomainOwner,
    Group,
    MailDomain,
    Membership,
    Person,
)
from tenants.directory.revocations import record_revocation


def lock_address(address: str) -> None:
    """Let one transaction at a time decide whom an address in its normal form belongs to; the others wait for it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [address])


def lock_addresses(addresses: Iterable[str]) -> None:
    """Do the same for many, in one order for everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(one, 0)) from unnest(%s::text[]) one", [sorted(addresses)]
        )


def lock_domain(domain: str, *, for_change: bool = False) -> None:
    """Let nobody else give a domain up or prove it until this transaction ends; ``for_change`` waits for all others.

    A service that gives somebody an address or a membership because of who owns its domain takes it first, before
    ``lock_address``: else the domain could change hands in between, and the next owner's mailbox would enter what the
    one before made.
    """
    function = "pg_advisory_xact_lock" if for_change else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}(hashtextextended(%s, 1))", [domain])


def refuse_group_address(address: str) -> None:
    """Keep people away from the address of a group, whose mail many may read.  Raises AddressTaken.

    What is granted to it is for the members: a person who proved it would open that, and be bound in their place.
    """
    if Group.objects.of_installation().filter(address=address).exists():
        raise AddressTaken(_("{address} is in use.").format(address=address))


def owns_domain(organization_id: UUID, domain: str) -> bool:
    """Tell whether the organization has proven this mail domain."""
    return MailDomain.objects.within(organization_id).filter(domain=domain, proven_at__isnull=False).exists()


def prover_of(address: str) -> Person | None:
    """Return the person who has proven the address, or for whom its domain's organization vouches."""
    row = Address.objects.exclude(proven_by="").select_related("person").filter(address=address).first()
    return None if row is None else row.person


def sole_claimant(address: str) -> Person | None:
    """Return the person that only this mailbox can become: never a proof, no other address, never signed in.

    A person who has opened something by a mailed code comes first.
    """
    claims = Address.objects.annotate(addresses=Count("person__addresses")).filter(
        address=address, proven_by="", proven_at__isnull=True, person__last_login__isnull=True, addresses=1
    )
    order = (F("coded_until").desc(nulls_last=True), "person__created_at")
    claim = claims.select_related("person").order_by(*order).first()
    return None if claim is None else claim.person


def vouches(organization_id: UUID, person_id: UUID) -> bool:
    """Tell whether the organization speaks for the person: it has proven the domain of a proven address of theirs."""
    domains = set(Address.objects.filter(person_id=person_id).exclude(proven_by="").values_list("domain", flat=True))
    return any(owns_domain(organization_id, domain) for domain in domains)


def has_proof(person_id: UUID) -> bool:
    """Tell whether any address of the person is proven."""
    return Address.objects.filter(person_id=person_id).exclude(proven_by="").exists()


def signs_in_with(person_id: UUID, address: str) -> bool:
    """Tell whether the person can sign in with an address that counts as theirs."""
    proven = Address.objects.filter(person_id=person_id, address=address).exclude(proven_by="").exists()
    return proven and EmailAddress.objects.filter(user_id=person_id, email=address, verified=True).exists()


def addresses_in_words(person_id: UUID) -> str:
    """Return the proven addresses as an event states them, before and after a change."""
    rows = Address.objects.filter(person_id=person_id).exclude(proven_by="").order_by("address")
    return ", ".join(rows.values_list("address", flat=True))


def require_answerable(organization_id: UUID, person_id: UUID, address: str) -> None:
    """Let pass what an organization may say of an address: it has proven the domain, and the person is its member.

    Raises NotHere for a person who is not in the organization, DirectoryRefused for a guest and for another domain.
    """
    domain = naming.domain_of(address)
    place = Membership.objects.within(organization_id).filter(person_id=person_id, removed_at__isnull=True).first()
    if place is None:
        raise NotHere(_("There is no such person in this organization."))
    if place.guest or place.person.is_service:
        raise DirectoryRefused(_("Only members have addresses here; a guest's addresses are not this organization's."))
    if not owns_domain(organization_id, domain):
        raise DirectoryRefused(
            _(
                "{domain} is not a proven mail domain of this organization. The person adds such addresses themselves."
            ).format(domain=domain)
        )


def manager_of(person_id: UUID, address: str) -> str:
    """Return the name of the organization whose administrators alone may take an address from the person, or ""."""
    places = Membership.objects.of_person(person_id).filter(
        guest=False,
        removed_at__isnull=True,
        organization__mail_domains__domain=naming.domain_of(address),
        organization__mail_domains__proven_at__isnull=False,
    )
    return places.values_list("organization__name", flat=True).first() or ""


def assert_address(*, person: Person, address: str, organization_id: UUID | None) -> bool:
    """Write that the organization says so; return whether this has just proven the address.

    It is proof where the organization has proven the domain, unless somebody has proven the address already.
    """
    domain = naming.domain_of(address)
    row, _created = Address.objects.get_or_create(person=person, address=address, defaults={"domain": domain})
    if organization_id is not None and row.asserted_by_id is None:
        row.asserted_by_id = organization_id
        row.save(update_fields=["asserted_by"])
    if row.proven_by or organization_id is None or not owns_domain(organization_id, domain):
        return False
    if prover_of(address) is not None:
        return False
    row.asserted_by_id = organization_id
    row.proven_by = Address.Proof.ORGANIZATION
    row.proven_at = timezone.now()
    row.save(update_fields=["asserted_by", "proven_by", "proven_at"])
    part_from_outsiders(Address.objects.filter(address=address).exclude(person=person))
    return True


def part_from_outsiders(rows: QuerySet[Address]) -> None:
    """Take addresses from the people who opened something by a mailed code to them, and remember that they had them.

    What was granted to the address and they have not used is not for its next holder; what they used stays theirs.
    """
    outsiders = rows.filter(proven_by="", coded_until__isnull=False)
    people = set()
    for row in outsiders:
        unlink_address(row.address, row.person_id)
        people.add(row.person_id)
    outsiders.delete()
    raise_epochs(people)
    record_revocation(people)


def part_from(rows: QuerySet[Address]) -> None:
    """Take proven addresses from the accounts that hold them, and remember that they had them."""
    unlink_addresses(rows)
    held = list(rows.values_list("person_id", "address"))
    rows.delete()
    for person_id, address in held:
        forget_sign_in(person_id, address)


def proven_outside(person_id: UUID, domain: str) -> bool:
    """Tell whether the person has a proven address in another domain, and so another way to sign in."""
    return Address.objects.filter(person_id=person_id).exclude(proven_by="").exclude(domain=domain).exists()


def spoken_for(organization_id: UUID, domain: str) -> QuerySet[Address]:
    """Return the proven addresses in a domain that are its members' or rest on the organization's word."""
    places = Membership.objects.within(organization_id).filter(guest=False, removed_at__isnull=True)
    vouched = Q(asserted_by_id=organization_id, proven_by=Address.Proof.ORGANIZATION)
    proven = Address.objects.filter(domain=domain).exclude(proven_by="")
    return proven.filter(vouched | Q(person_id__in=places.values("person_id")))


def unlink_domains(organization_id: UUID, domains: Iterable[str]) -> None:
    """Remember that the organization, which had proven these domains, speaks for them no more."""
    now = timezone.now()
    for domain in domains:
        FormerDomainOwner.objects.update_or_create(
            domain=domain, organization_id=organization_id, defaults={"ended_at": now}
        )


def unlink_addresses(rows: QuerySet[Address]) -> None:
    """Remember that people lose these addresses where proven: what they have not used is not for the next holder."""
    for person_id, address in rows.exclude(proven_by="").values_list("person_id", "address"):
        unlink_address(address, person_id)


def unlink_address(address: str, holder_id: UUID) -> None:
    """Remember that a person or group has an address no more."""
    FormerAddressHolder.objects.update_or_create(
        address=address, holder_id=holder_id, defaults={"ended_at": timezone.now()}
    )


def revoke_proof(rows: QuerySet[Address]) -> list[UUID]:
    """Let addresses match nothing from now on, and return whose they are; signing in with one proves it anew.

    The rows keep when they were proven last: the accounts have a past, which is not for the person who owns the domain
    next.

    That is for accounts with nothing else proven, which start afresh then.  From others the address is taken: a person
    who has the mailbox by now would sign in as the holder of before, and prove it for them.
    """
    found = list(rows.values_list("person_id", "address"))
    unlink_addresses(rows)
    rows.update(proven_by=Address.Proof.NOBODY)
    for person_id, address in found:
        if has_proof(person_id):
            Address.objects.filter(person_id=person_id, address=address).delete()
            forget_sign_in(person_id, address)
        else:
            EmailAddress.objects.filter(user_id=person_id, email=address).update(verified=False)
    return [person_id for person_id, _address in found]
