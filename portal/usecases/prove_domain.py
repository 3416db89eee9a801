"""Prove a mail domain by asking the DNS; in the embedded mode, which has no DNS, the claim is enough.

See docs/protocol.md P30.
"""

from collections.abc import Iterable
from uuid import UUID

import dns.exception
import dns.resolver
from django.conf import settings
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.errors import DomainRefused
from tenants.directory.selectors.domains import domains_in
from tenants.directory.services.prove_domain import prove_domain as directory_prove

LOOKUP_SECONDS = 5.0


def prove_domain(*, organization_id: UUID, domain: str, actor: Actor) -> None:
    """Take the domain over when its TXT records hold the organization's text.  Raises DirectoryRefused."""
    if settings.CHANCERY_EMBEDDED:
        known = {facts.domain: facts.challenge for facts in domains_in(organization_id)}
        text = known.get(domain, "")
        directory_prove(organization_id=organization_id, domain=domain, text_records=lambda _: [text], actor=actor)
        return
    directory_prove(organization_id=organization_id, domain=domain, text_records=text_records, actor=actor)


def text_records(domain: str) -> Iterable[str]:
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
