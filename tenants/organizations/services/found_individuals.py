"""Make the organization in which people protect whose own organization is unknown; few at a time."""

import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from tenants.actor import Actor
from tenants.organizations.models import Organization
from tenants.organizations.selectors import OrganizationFacts, individuals_of
from tenants.organizations.services.create_organization import create_organization

IN_A_DAY: Final = 100
"""Organizations of individuals that the installation makes within a day."""
OF_A_SITE_IN_A_DAY: Final = 10
"""How many of them below one domain, however deep: whoever has a domain has as many names below it as they like."""
OF_A_SUFFIX_IN_A_DAY: Final = 50
"""How many of them where names of two labels may be given away to anybody, as under co.uk (decision 45)."""
PREFIX: Final = "individuals"
_ONE_AT_A_TIME: Final = 0x696E646976
_SUFFIX: Final = re.compile(r"[a-z]{2,3}\.[a-z]{2}")


class TooManyIndividuals(Exception):
    """No more organizations of individuals are made now; ``for_good`` says that tomorrow changes nothing."""

    def __init__(self, *, for_good: bool) -> None:
        super().__init__("No more organizations of individuals are made now.")
        self.for_good = for_good


@transaction.atomic
def found_individuals(
    *, domain: str, person_id: UUID | None, name: str, actor: Actor
) -> tuple[OrganizationFacts, bool]:
    """Return the organization of a mail domain, or a person's own one, and whether it was made now.

    A random short name takes none that an organization may want.  Whoever asks holds the lock of the domain.  Raises
    TooManyIndividuals.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
    found = individuals_of(domain, person_id)
    if found is not None:
        return found, False
    _require_room(domain)
    made = create_organization(
        name=name,
        slug=f"{PREFIX}-{secrets.token_hex(6)}",
        individuals_domain=domain,
        individuals_person=person_id,
        actor=actor,
    )
    return made, True


def end_individuals(organization_id: UUID) -> None:
    """Let an organization be one like any other from now on: somebody administers it, or it is erased."""
    Organization.objects.filter(id=organization_id).update(individuals_domain="", individuals_person=None)


def _require_room(domain: str) -> None:
    rows = Organization.objects.exclude(individuals_domain="")
    if rows.count() >= settings.CHANCERY_INDIVIDUALS:
        raise TooManyIndividuals(for_good=True)
    since = timezone.now() - timedelta(days=1)
    # Also those that were ended since: their schemas were made.
    lately = Organization.objects.filter(created_at__gt=since, slug__startswith=f"{PREFIX}-")
    if lately.count() >= IN_A_DAY:
        raise TooManyIndividuals(for_good=False)
    beside = list(
        rows.filter(created_at__gt=since, individuals_person__isnull=True).values_list("individuals_domain", flat=True)
    )
    for parent in _parents(domain):
        most = OF_A_SUFFIX_IN_A_DAY if _SUFFIX.fullmatch(parent) else OF_A_SITE_IN_A_DAY
        if sum(one.endswith(f".{parent}") for one in beside) >= most:
            raise TooManyIndividuals(for_good=False)


def _parents(domain: str) -> Iterator[str]:
    """Yield every domain above one that has a dot itself: who owns any of them has all names below it."""
    parent = domain.partition(".")[2]
    while "." in parent:
        yield parent
        parent = parent.partition(".")[2]
