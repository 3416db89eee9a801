"""Organizations: founded with everything their first page needs, and ended for good."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from protection.actor import Actor as ProtectionActor
from protection.keys.root import root_store
from protection.services.activate import NewOrganization, activate
from tenants.actor import Actor
from tenants.context import in_schema
from tenants.directory.roles import ADMINISTRATOR, ROLES
from tenants.directory.selectors.people import PersonFacts
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.create_person import create_person
from tenants.directory.services.prove_domain import prove_domain
from tenants.organizations.selectors import OrganizationFacts, organization_by_id
from tenants.organizations.services.activate_service import activate_service
from tenants.organizations.services.create_organization import create_organization as create_organization_service
from tenants.organizations.services.erase_organization import erase_organization as erase_organization_service
from tenants.sign_on.services.connections import forget_sign_on


@dataclass(frozen=True, slots=True)
class CreatedOrganization:
    """The new organization, its first administrator, and the text that its mail domain's DNS must publish."""

    organization: OrganizationFacts
    administrator: PersonFacts
    domain_text: str


@transaction.atomic
def create_organization(
    *,
    name: str,
    slug: str,
    administrator: str,
    administrator_name: str = "",
    mail_domain: str = "",
    suite: str = "hybrid",
    actor: Actor,
) -> CreatedOrganization:
    """Create the organization with its first administrator, its keys, its default templates and its ledger.

    The mail domain is claimed; in the embedded mode it is proven at once, since a machine on its own has no DNS to ask.
    All or nothing: keys that were made for an organization that failed are unreadable files and nothing else.
    """
    made = create_organization_service(name=name, slug=slug, actor=actor)
    text = _claim(made.id, mail_domain, actor) if mail_domain else ""
    first = create_person(
        organization_id=made.id,
        address=administrator,
        name=administrator_name,
        role=ADMINISTRATOR,
        founder=True,
        actor=actor,
    )
    begin_service(made, first, contact=first.email, suite=suite, actor=actor)
    organization = organization_by_id(made.id)
    if organization is None:
        raise RuntimeError("The organization that was just created is not there.")
    return CreatedOrganization(organization=organization, administrator=first, domain_text=text)


def begin_service(
    made: OrganizationFacts, first: PersonFacts, *, contact: str, suite: str = "hybrid", actor: Actor
) -> None:
    """Make keys, ledger and default templates of a new organization, and let it protect and open."""
    protection = NewOrganization(
        id=made.id,
        name=made.name,
        base_domain=settings.CHANCERY_BASE.host,
        contact=contact,
        suite=suite,
        default_templates=not made.individuals_domain,
    )
    with in_schema(made.schema_name):
        activate(organization=protection, actor=_protection_actor(actor, first))
    activate_service(organization_id=made.id, actor=actor)


def _claim(organization_id: UUID, domain: str, actor: Actor) -> str:
    text = claim_domain(organization_id=organization_id, domain=domain, actor=actor)
    if settings.CHANCERY_EMBEDDED:
        prove_domain(organization_id=organization_id, domain=domain, text_records=lambda _domain: [text], actor=actor)
    return text


def _protection_actor(actor: Actor, first: PersonFacts) -> ProtectionActor | None:
    """Name the person who founds, when it is the first administrator themselves; an operator's command names nobody."""
    if actor.person_id != first.id:
        return None
    return ProtectionActor(
        person=first.id,
        address=first.email,
        name=first.name,
        permissions=ROLES[ADMINISTRATOR].permissions,
        ip=actor.ip,
        source=actor.source,
    )


def erase_organization(*, organization_id: UUID, reason: str, actor: Actor) -> None:
    """Erase a suspended organization; its key-encryption key goes first and cannot be brought back.

    See docs/protocol.md P30.
    """
    erase_organization_service(
        organization_id=organization_id,
        reason=reason,
        shred_keys=root_store().destroy_organization_key,
        actor=actor,
    )
    forget_sign_on(organization_id=organization_id)
