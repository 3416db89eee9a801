"""The daily look at the records of proven mail domains; administrators are mailed when one is gone for a week.

Nothing is taken away by itself: a mistake in the DNS must not shut an organization out.
"""

from typing import Final

from django.db import transaction

from portal.notifications.domains import mail_domain_record_gone
from portal.usecases.domain_lookup import look_up
from portal.usecases.self_granted_access import enabled_with_role
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.services.record_domain_check import DueDomain, due_domains, record_domain_check
from tenants.organizations.selectors import organization_by_id

AT_ONCE: Final = 10
"""How many domains are asked about in one run, so that it ends in time where no resolver answers."""


def recheck_domains() -> int:
    """Ask about the domains whose turn it is; return how many there were."""
    due = due_domains(most=AT_ONCE)
    for one in due:
        _recheck(one)
    return len(due)


def _recheck(due: DueDomain) -> None:
    check = look_up(due.domain, due.challenge)
    with transaction.atomic():
        warns = record_domain_check(organization_id=due.organization_id, domain=due.domain, check=check, person_id=None)
        organization = organization_by_id(due.organization_id) if warns else None
        if organization is not None:
            readers = [one for one in enabled_with_role(organization.id, ADMINISTRATOR) if one.email]
            mail_domain_record_gone(readers, due.domain, due.challenge, organization=organization)
