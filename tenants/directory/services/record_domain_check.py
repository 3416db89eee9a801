"""Keep what the DNS said of a mail domain, and find the domains that are to be asked about again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants import naming
from tenants.directory.domain_checks import DomainCheck
from tenants.directory.models import MailDomain

EVERY: Final = timedelta(days=1)
"""How often a proven domain is asked about."""
WARNED_AFTER: Final = timedelta(days=7)
"""How long the record has to be gone before administrators are warned."""


@dataclass(frozen=True, slots=True)
class DueDomain:
    """A domain that is to be asked about again, and the text that its record should hold."""

    organization_id: UUID
    domain: str
    challenge: str


@transaction.atomic
def record_domain_check(*, organization_id: UUID, domain: str, check: DomainCheck, person_id: UUID | None) -> bool:
    """Write the answer; return whether administrators are to be warned now that the record is gone for a week.

    ``person_id`` is who asked, None for the daily check.  Nothing is recorded in the ledger: nothing changes by it.
    """
    now = timezone.now()
    rows = MailDomain.objects.within(organization_id).select_for_update()
    row = rows.filter(domain=naming.mail_domain(domain)).first()
    if row is None:
        return False
    row.checked_at, row.checked_by = now, person_id
    row.check_result, row.check_resolver, row.check_seen = check.result.value, check.resolver[:80], list(check.seen)
    if check.found:
        row.found_at, row.missing_since, row.warned_at = now, None, None
    elif check.missing and row.missing_since is None:
        row.missing_since = now
    gone = row.missing_since is not None and now - row.missing_since >= WARNED_AFTER
    warns = bool(gone and row.proven_at and row.found_at and row.warned_at is None and check.missing)
    if warns:
        row.warned_at = now
    row.save(
        update_fields=[
            *("checked_at", "checked_by", "check_result", "check_resolver", "check_seen"),
            *("found_at", "missing_since", "warned_at"),
        ]
    )
    return warns


def due_domains(*, most: int) -> tuple[DueDomain, ...]:
    """Return proven domains whose record was seen once and not looked for since yesterday, the longest ago first.

    A domain that was accepted without the DNS has no record that could be missed.
    """
    rows = MailDomain.objects.of_installation().filter(
        proven_at__isnull=False, found_at__isnull=False, checked_at__lt=timezone.now() - EVERY
    )
    return tuple(
        DueDomain(row.organization_id, row.domain, row.record_text) for row in rows.order_by("checked_at")[:most]
    )
