"""Mail domains: claim, prove and release."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from portal.throttle import retry_after
from portal.usecases import consequences
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, confirmed
from portal.usecases.domain_lookup import look_up
from portal.usecases.effects import Effect, effect
from portal.words.domain_checks import check_in_words
from tenants import naming
from tenants.directory.errors import DomainRefused, NotHere
from tenants.directory.selectors.domains import DomainFacts, domains_in
from tenants.directory.services.claim_domain import claim_domain as claim_domain_service
from tenants.directory.services.prove_domain import prove_domain as prove_domain_service
from tenants.directory.services.record_domain_check import record_domain_check
from tenants.directory.services.release_domain import release_domain as release_domain_service
from tenants.homes.selectors import home_of_domain
from tenants.homes.services.homes import forget_home
from tenants.organizations.selectors import OrganizationFacts

RATE: Final = 1 / 10
BURST: Final = 6.0
"""How often the DNS is asked for one organization, per second and at once: each time keeps a thread waiting."""


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


def prove_domain(*, caller: Caller, domain: str, without_dns: bool = False) -> Effect:
    """Ask the DNS for the record of a claimed domain, and take the domain over where all resolvers see it.

    Asked again for a proven domain, it says whether the record is still there.  ``without_dns`` accepts the domain as
    it is, on an installation that runs on the caller's own machine.  Raises NotHere and DomainRefused.
    """
    known = _domain(caller, domain)
    if known.proven_at is not None:
        said = "" if known.found_at is None else _check(caller, known).said
        return effect(False, "", " ".join((_("{domain} is proven already.").format(domain=known.domain), said)).strip())
    if without_dns:
        _require_own_machine()
    else:
        checked = _check(caller, known)
        if not checked.found:
            raise DomainRefused(checked.said)
    prove_domain_service(
        organization_id=caller.organization,
        domain=known.domain,
        text_records=lambda _domain: [known.challenge],
        actor=caller.directory_actor,
    )
    if home_of_domain(known.domain) is not None:
        # Its people are at home here from now on, and sign in here (docs/protocol.md P32).
        forget_home(domain=known.domain)
    done = _("{domain} is proven: your organization answers for its addresses from now on.")
    return effect(True, done.format(domain=known.domain), "")


@dataclass(frozen=True, slots=True)
class CheckedDomain:
    """What the DNS said, in words too."""

    found: bool
    said: str


def _check(caller: Caller, known: DomainFacts) -> CheckedDomain:
    """Ask the DNS and keep the answer, also where it is followed by a refusal."""
    wait = retry_after(f"domain {caller.organization}", rate=RATE, burst=BURST)
    if wait:
        raise DomainRefused(_("The DNS was asked often just now. Try again in {seconds} seconds.").format(seconds=wait))
    answer = look_up(known.domain, known.challenge)
    record_domain_check(organization_id=caller.organization, domain=known.domain, check=answer, person_id=caller.person)
    words = check_in_words(answer.result, known.domain, resolver=answer.resolver, seen=answer.seen)
    return CheckedDomain(answer.found, words)


def _domain(caller: Caller, domain: str) -> DomainFacts:
    normal = naming.mail_domain(domain)
    known = next((one for one in domains_in(caller.organization) if one.domain == normal), None)
    if known is None:
        raise NotHere(_("{domain} has not been claimed.").format(domain=normal))
    return known


def _require_own_machine() -> None:
    if not settings.CHANCERY_EMBEDDED:
        raise DomainRefused(
            _("Only an installation on your own machine accepts a domain without the DNS. Publish the record.")
        )


def release_domain(*, caller: Caller, organization: OrganizationFacts, domain: str, stated: Stated) -> Effect:
    """Release a mail domain.  Raises NotHere for one that is not the organization's."""
    normal = naming.mail_domain(domain)

    def act(reason: str) -> None:
        release_domain_service(
            organization_id=organization.id, domain=normal, reason=reason, actor=caller.directory_actor
        )

    confirmed(consequences.releasing_domain(organization, normal), stated, act)
    return effect(True, _("{domain} is released.").format(domain=normal), "")
