"""Claim a mail domain: the organization gets a text to publish in the domain's DNS."""

import secrets
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import note
from tenants.directory.errors import DomainRefused
from tenants.directory.models import MailDomain
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization
from tenants.public_mail import is_public_mail_domain


@transaction.atomic
def claim_domain(*, organization_id: UUID, domain: str, actor: Actor) -> str:
    """Return the text that a TXT record of the domain must hold; asking again returns the same text."""
    normal = naming.mail_domain(domain)
    if is_public_mail_domain(normal):
        raise DomainRefused(
            _("{domain} is a public mail domain: anyone can have an address there.").format(domain=normal)
        )
    if Organization.objects.filter(id=organization_id, individuals_person__isnull=False).exists():
        raise DomainRefused(_("A personal organization has no mail domain. Create an organization for it."))
    row, created = MailDomain.objects.of_installation().get_or_create(
        organization_id=organization_id, domain=normal, defaults={"challenge": secrets.token_urlsafe(24)}
    )
    if created:
        note(
            kind=DirectoryKind.DOMAIN_CLAIMED, organizations=[organization_id], actor=actor, details={"domain": normal}
        )
    return row.record_text
