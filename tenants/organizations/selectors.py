"""Reading organizations: always values, never querysets, so that nothing lazy crosses from one schema to another."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet

from tenants.organizations.models import Host, OperatorRecord, Organization

KEPT_SECONDS = 5.0
_MOST_HOSTS = 10_000


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """What the interfaces need to know about an organization."""

    id: UUID
    schema_name: str
    slug: str
    name: str
    state: str
    service_active: bool
    host: str
    origin: str
    """Where its pages and calls are: host, scheme and port, in the one spelling that tokens and proofs use (P13)."""
    individuals_domain: str = ""
    """The mail domain whose people protect here on their own; "" where an organization is meant by the name."""
    individuals_person: UUID | None = None
    """Whose personal organization it is."""

    @property
    def is_active(self) -> bool:
        """Tell whether the organization may act at all."""
        return self.state == Organization.State.ACTIVE

    @property
    def is_unmanaged(self) -> bool:
        """Tell whether people who know nothing of each other share it, and nobody administers it."""
        return bool(self.individuals_domain) and self.individuals_person is None


@dataclass(frozen=True, slots=True)
class Switches:
    """Whether an organization may act, and whether its protection service is on."""

    active: bool
    service_active: bool


@dataclass(frozen=True, slots=True)
class ListedOrganization:
    """An organization as operators see it in the list: no content, only how large it is."""

    facts: OrganizationFacts
    created_at: datetime
    people: int


@dataclass(frozen=True, slots=True)
class OperatorEntry:
    """One entry of the operators' record; ``slug`` names the organization that it concerns, if any."""

    at: datetime
    kind: str
    actor: str
    slug: str
    details: Mapping[str, Any]


_kept: dict[str, tuple[float, OrganizationFacts | None]] = {}


def held_switches(organization_id: UUID) -> Switches:
    """Return the switches as they stay until the transaction ends: a person who turns one waits for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select state, service_active from public.organizations_organization where id = %s for share",
            [organization_id],
        )
        row = cursor.fetchone()
    return Switches(active=row is not None and row[0] == Organization.State.ACTIVE, service_active=bool(row and row[1]))


def organization_at(host: str) -> OrganizationFacts | None:
    """Return the organization at a host in its normal form, whatever its state; remembered for seconds, also for none.

    Looking it up costs a query for each request otherwise.  What is remembered is only which organization a host names;
    a decision reads the organization's state in its own statement (docs/protocol.md P25).
    """
    now = time.monotonic()
    entry = _kept.get(host)
    if entry is not None and entry[0] > now:
        return entry[1]
    found = _organization_at(host)
    if len(_kept) >= _MOST_HOSTS:
        _kept.clear()
    _kept[host] = (now + KEPT_SECONDS, found)
    return found


def forget_hosts() -> None:
    """Forget the hosts that this process remembers; called after a change to organizations or hosts has committed."""
    _kept.clear()


def _organization_at(host: str) -> OrganizationFacts | None:
    row = Host.objects.select_related("organization").filter(name=host).first()
    return None if row is None else facts_of(row.organization, host)


def organization_by_id(organization_id: UUID) -> OrganizationFacts | None:
    """Return one organization with its primary host."""
    return _first(Organization.objects.filter(id=organization_id))


def organization_by_slug(slug: str) -> OrganizationFacts | None:
    """Return the organization with this short name."""
    return _first(Organization.objects.filter(slug=slug))


def individuals_of(domain: str, person_id: UUID | None = None) -> OrganizationFacts | None:
    """Return the organization of a mail domain that nobody administers, or somebody's personal one."""
    if person_id is not None:
        return _first(Organization.objects.filter(individuals_person=person_id))
    return _first(Organization.objects.filter(individuals_domain=domain, individuals_person__isnull=True))


def count_individuals() -> tuple[int, int]:
    """Return how many organizations there are that nobody administers, and how many personal ones; for operators."""
    rows = Organization.objects.exclude(individuals_domain="")
    return (
        rows.filter(individuals_person__isnull=True).count(),
        rows.filter(individuals_person__isnull=False).count(),
    )


def organizations() -> tuple[OrganizationFacts, ...]:
    """Return every organization of the installation that has not been erased, by short name; for operators."""
    rows = Organization.objects.exclude(state=Organization.State.ERASED).order_by("slug")
    primary = dict(Host.objects.filter(is_primary=True).values_list("organization_id", "name"))
    return tuple(facts_of(row, primary.get(row.id, "")) for row in rows)


def count_organizations() -> int:
    """Return how many organizations there are or were, the erased ones included; for operators."""
    return Organization.objects.count()


def listed_organizations(first: int, number: int) -> tuple[ListedOrganization, ...]:
    """Return a part of all organizations by short name, the erased ones included; for operators."""
    people = Count("memberships", filter=Q(memberships__removed_at__isnull=True))
    rows = Organization.objects.annotate(people=people).order_by("slug")[first : first + number]
    primary = dict(Host.objects.filter(is_primary=True).values_list("organization_id", "name"))
    return tuple(ListedOrganization(facts_of(row, primary.get(row.id, "")), row.created_at, row.people) for row in rows)


def operator_record(first: int, number: int, organization_id: UUID | None = None) -> tuple[OperatorEntry, ...]:
    """Return a part of the operators' record, the newest first; perhaps what concerns one organization only."""
    rows = _record(organization_id).order_by("-at", "id")[first : first + number]
    slugs = dict(Organization.objects.filter(id__in={row.organization_id for row in rows}).values_list("id", "slug"))
    return tuple(
        OperatorEntry(
            at=row.at,
            kind=row.kind,
            actor=row.actor,
            slug="" if row.organization_id is None else slugs.get(row.organization_id, ""),
            details=dict(row.details),
        )
        for row in rows
    )


def count_operator_record(organization_id: UUID | None = None) -> int:
    """Return how many entries the operators' record has."""
    return _record(organization_id).count()


def _record(organization_id: UUID | None) -> QuerySet[OperatorRecord]:
    rows = OperatorRecord.objects.all()
    return rows if organization_id is None else rows.filter(organization_id=organization_id)


def hosts_of(organization_id: UUID) -> tuple[str, ...]:
    """Return the hosts of one organization, the primary one first."""
    rows = Host.objects.filter(organization_id=organization_id).order_by("-is_primary", "name")
    return tuple(rows.values_list("name", flat=True))


def _first(rows: QuerySet[Organization]) -> OrganizationFacts | None:
    organization = rows.first()
    if organization is None:
        return None
    primary = Host.objects.filter(organization=organization, is_primary=True).values_list("name", flat=True).first()
    return facts_of(organization, primary or "")


def facts_of(organization: Organization, host: str) -> OrganizationFacts:
    """Return an organization's row as a value, at one of its hosts."""
    return OrganizationFacts(
        id=organization.id,
        schema_name=organization.schema_name,
        slug=organization.slug,
        name=organization.name,
        state=organization.state,
        service_active=organization.service_active,
        host=host,
        origin=settings.CHANCERY_BASE.origin_of(host),
        individuals_domain=organization.individuals_domain,
        individuals_person=organization.individuals_person,
    )
