"""Mail domains: claim, prove and release."""

from collections.abc import Iterable
from uuid import UUID

import dns.exception
import dns.resolver
from django.conf import settings
from django.utils.translation import gettext as _

from portal.usecases import consequences
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, confirmed
from portal.usecases.effects import Effect, effect
from tenants import naming
from tenants.actor import Actor
from tenants.directory.errors import DomainRefused
from tenants.directory.selectors.domains import domains_in
from tenants.directory.services.claim_domain import claim_domain as claim_domain_service
from tenants.directory.services.prove_domain import prove_domain as prove_domain_service
from tenants.directory.services.release_domain import release_domain as release_domain_service
from tenants.organizations.selectors import OrganizationFacts

LOOKUP_SECONDS = 5.0


def claim_domain(*, caller: Caller, domain: str) -> Effect:
    """Claim a mail domain; asking again answers with the same text for the DNS."""
    normal = naming.mail_domain(domain)
    known = next((one for one in domains_in(caller.organization) if one.domain == normal), None)
    challenge = claim_domain_service(organization_id=caller.organization, domain=domain, actor=caller.directory_actor)
    done = _("{domain} is claimed. Put this into its DNS as a TXT record, then prove it: {challenge}")
    state = (
        _("{domain} is proven already.")
        if known is not None and known.proven_at
        else _("{domain} is claimed already. Its TXT record is: {challenge}")
    )
    words = {"domain": normal, "challenge": challenge}
    return effect(known is None, done.format(**words), state.format(**words), domain=normal, challenge=challenge)


def prove_domain(*, caller: Caller, domain: str) -> Effect:
    """Prove a claimed mail domain by its TXT record."""
    normal = naming.mail_domain(domain)
    proven = any(one.domain == normal and one.proven_at for one in domains_in(caller.organization))
    if not proven:
        _prove(caller.organization, normal, caller.directory_actor)
    return effect(
        not proven,
        _("{domain} is proven: your organization answers for its addresses from now on.").format(domain=normal),
        _("{domain} is proven already.").format(domain=normal),
    )


def _prove(organization_id: UUID, domain: str, actor: Actor) -> None:
    """Take the domain over when its TXT records hold the organization's text.  Raises DirectoryRefused."""
    if settings.CHANCERY_EMBEDDED:
        known = {facts.domain: facts.challenge for facts in domains_in(organization_id)}
        text = known.get(domain, "")
        prove_domain_service(organization_id=organization_id, domain=domain, text_records=lambda _: [text], actor=actor)
        return
    prove_domain_service(organization_id=organization_id, domain=domain, text_records=_text_records, actor=actor)


def _text_records(domain: str) -> Iterable[str]:
    """Return the TXT records of a domain, none when it has none.

    Raises DomainRefused when the DNS does not answer: then nothing is known, which is not the same.
    """
    try:
        answer = dns.resolver.resolve(domain, "TXT", lifetime=LOOKUP_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise DomainRefused(_("The DNS does not answer for this domain at the moment. Try again soon.")) from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def release_domain(*, caller: Caller, organization: OrganizationFacts, domain: str, stated: Stated) -> Effect:
    """Release a mail domain.  Raises NotHere for one that is not the organization's."""
    normal = naming.mail_domain(domain)

    def act(reason: str) -> None:
        release_domain_service(
            organization_id=organization.id, domain=normal, reason=reason, actor=caller.directory_actor
        )

    confirmed(consequences.releasing_domain(organization, normal), stated, act)
    return effect(True, _("{domain} is released.").format(domain=normal), "")
