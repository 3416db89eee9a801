"""Finding whose an address is, and what may make it proven (PROTOCOL P12).

The rule that keeps a hostile organization out: an address that nobody has proven never becomes a second way to sign in
as somebody.  A person whose only address is unproven can be entered by that mailbox alone, so such a row may be shared;
an organization adds addresses only to people all of whose addresses lie in domains it has proven.
"""

from uuid import UUID

from django.utils import timezone

from tenants import naming
from tenants.directory.models import Address, MailDomain, Person


def owns_domain(organization_id: UUID, domain: str) -> bool:
    """Tell whether the organization has proven this mail domain."""
    return MailDomain.objects.within(organization_id).filter(domain=domain, proven_at__isnull=False).exists()


def prover_of(address: str) -> Person | None:
    """Return the person who has proven the address, or for whom its domain's organization vouches."""
    row = Address.objects.exclude(proven_by="").select_related("person").filter(address=address).first()
    return None if row is None else row.person


def sole_claimant(address: str) -> Person | None:
    """Return the person that only this mailbox can become: no proof, no other address, never signed in."""
    claims = Address.objects.filter(address=address, proven_by="", person__last_login__isnull=True)
    for claim in claims.select_related("person").order_by("person__created_at"):
        if Address.objects.filter(person_id=claim.person_id).count() == 1:
            return claim.person
    return None


def is_ours(organization_id: UUID, person_id: UUID) -> bool:
    """Tell whether every address of the person lies in a domain that the organization has proven."""
    domains = set(Address.objects.filter(person_id=person_id).values_list("domain", flat=True))
    return bool(domains) and all(owns_domain(organization_id, domain) for domain in domains)


def vouches(organization_id: UUID, person_id: UUID) -> bool:
    """Tell whether the organization speaks for the person: it has proven the domain of a proven address of his."""
    domains = set(Address.objects.filter(person_id=person_id).exclude(proven_by="").values_list("domain", flat=True))
    return any(owns_domain(organization_id, domain) for domain in domains)


def assert_address(*, person: Person, address: str, organization_id: UUID | None) -> Address:
    """Write that the organization says so; it is proof where the organization has proven the domain."""
    domain = naming.domain_of(address)
    row, _created = Address.objects.get_or_create(
        person=person, address=address, defaults={"domain": domain, "asserted_by_id": organization_id}
    )
    if row.proven_by or organization_id is None or not owns_domain(organization_id, domain):
        return row
    if prover_of(address) is None:
        row.asserted_by_id = organization_id
        row.proven_by = Address.Proof.ORGANIZATION
        row.proven_at = timezone.now()
        row.save(update_fields=["asserted_by", "proven_by", "proven_at"])
    return row
