"""Give up a mail domain; addresses of its members, and others it vouched for, match nothing from then on."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import note, raise_epochs
from tenants.directory.errors import DomainRefused, NotHere
from tenants.directory.models import Address, Group, MailDomain
from tenants.directory.revocations import record_revocation
from tenants.events import DirectoryKind


@transaction.atomic
def release_domain(*, organization_id: UUID, domain: str, reason: str = "", actor: Actor) -> None:
    """Remove the claim or proof; refused while groups have addresses there.

    Also members who had proven their own mailbox prove it anew: it may be the next owner's by then.
    """
    normal = naming.mail_domain(domain)
    address_holders.lock_domain(normal, for_change=True)
    row = MailDomain.objects.within(organization_id).filter(domain=normal).first()
    if row is None:
        raise NotHere(_("{domain} is not a mail domain of this organization.").format(domain=normal))
    if Group.objects.within(organization_id).filter(address__endswith=f"@{normal}").exists():
        raise DomainRefused(_("Groups have addresses in {domain}.").format(domain=normal))
    people: list[UUID] = []
    if row.proven_at is not None:
        vouched = address_holders.spoken_for(organization_id, normal)
        # Proven again, the domain brings its people back: the organization has spoken for all of them.
        vouched.update(asserted_by=organization_id)
        people = address_holders.revoke_proof(vouched)
        address_holders.unlink_domains(organization_id, [normal])
    row.delete()
    raise_epochs(people)
    record_revocation(Address.objects.filter(domain=normal).values_list("person_id", flat=True))
    details = {"domain": normal, **({"reason": reason} if reason else {})}
    note(kind=DirectoryKind.DOMAIN_RELEASED, organizations=[organization_id], actor=actor, details=details)
