"""Organizations and people for tests, made by the same services as in life."""

from uuid import UUID

from tenants.actor import Actor
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.people import PersonFacts
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.create_person import create_person
from tenants.directory.services.prove_domain import prove_domain
from tenants.organizations.selectors import OrganizationFacts
from tenants.organizations.services.create_organization import create_organization

ACTOR = Actor(person_id=None, name="a test", source="test")


def organization(slug: str, domain: str | None = None) -> OrganizationFacts:
    """Create an organization; with a domain it has proven that domain."""
    made = create_organization(name=slug.capitalize(), slug=slug, actor=ACTOR)
    if domain is not None:
        own_domain(made.id, domain)
    return made


def own_domain(organization_id: UUID, domain: str) -> None:
    """Claim and prove a mail domain."""
    text = claim_domain(organization_id=organization_id, domain=domain, actor=ACTOR)
    prove_domain(organization_id=organization_id, domain=domain, text_records=lambda _domain: [text], actor=ACTOR)


def person(organization_id: UUID, address: str, **more: object) -> PersonFacts:
    """Create a person in an organization."""
    return create_person(organization_id=organization_id, address=address, actor=ACTOR, **more)  # type: ignore[arg-type]


def proven_domains(organization_id: UUID) -> set[str]:
    """Return the domains that the organization has proven."""
    return {row.domain for row in domains_in(organization_id) if row.proven_at is not None}
