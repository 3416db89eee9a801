"""Create an organization: its row, its host and its schema, all or nothing."""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from tenants import naming
from tenants.actor import Actor
from tenants.backend.base import new_schema_name
from tenants.events import OperatorKind
from tenants.organizations.models import Host, Organization
from tenants.organizations.selectors import OrganizationFacts, facts_of, forget_hosts
from tenants.organizations.services.record_operator import record_operator
from tenants.provisioning import create_schema


@transaction.atomic
def create_organization(
    *,
    name: str,
    slug: str,
    individuals_domain: str = "",
    individuals_person: UUID | None = None,
    actor: Actor,
) -> OrganizationFacts:
    """Create the organization and return it; ``found_individuals`` says for which individuals it is.

    A short name that is taken ends in ``IntegrityError`` and leaves nothing behind, also when several ask at once.
    What an organization needs inside its schema (keys, templates, its ledger) is made by the portal's operation that
    calls this.
    """
    normal = naming.slug(slug)
    organization = Organization.objects.create(
        schema_name=new_schema_name(),
        slug=normal,
        name=naming.one_line(name) or normal,
        individuals_domain=individuals_domain,
        individuals_person=individuals_person,
    )
    host = naming.host(f"{normal}.{settings.CHANCERY_BASE.host}")
    Host.objects.create(name=host, organization=organization, is_primary=True)
    create_schema(organization.schema_name)
    record_operator(
        kind=OperatorKind.ORGANIZATION_CREATED,
        actor=actor,
        organization_id=organization.id,
        details={"slug": normal},
    )
    transaction.on_commit(forget_hosts)
    return facts_of(organization, host)
