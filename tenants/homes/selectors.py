"""Reading other installations: the home of a mail domain or a person, and where an organization's members sign in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.db.models import Count, Max, Min

from tenants.directory.models import Address, MailDomain, Membership
from tenants.directory.selectors.subject import subject_row
from tenants.homes.models import ForbiddenInstallation, Home, Visit
from tenants.organizations.models import Organization

PROVIDER: Final = "home-"
MOST_GROUPS: Final = 500
"""Groups of one person that are told to another installation."""


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """The installation at which a foreign mail domain's people have their accounts."""

    id: UUID
    domain: str
    issuer: str
    metadata: Mapping[str, Any] = field(hash=False)
    keys: Mapping[str, Any] = field(hash=False)
    provider: str
    found_at: datetime
    rival: str
    rival_since: datetime | None
    forbidden: bool


@dataclass(frozen=True, slots=True)
class Assertion:
    """What this installation says about one of its people at another one: addresses and groups in proven domains."""

    address: str
    addresses: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VisitedInstallation:
    """An installation at which members signed in, or at which the organization forbids it (or both)."""

    host: str
    people: int
    first_at: datetime | None
    last_at: datetime | None
    forbidden: bool
    reason: str = ""
    by: str = ""
    since: datetime | None = None


def homes() -> tuple[HomeFacts, ...]:
    """Return all homes that are known, by their domains."""
    return tuple(_facts(row) for row in Home.objects.order_by("domain"))


def home_of_domain(domain: str) -> HomeFacts | None:
    """Return the home of a mail domain in its normal form, if its people have been here or it is forbidden."""
    return _first(Home.objects.filter(domain=domain))


def home_by_id(home_id: UUID) -> HomeFacts | None:
    """Return one home."""
    return _first(Home.objects.filter(id=home_id))


def home_of_person(person_id: UUID) -> HomeFacts | None:
    """Return the home by which a person signs in here, if their account belongs to one that is not forbidden."""
    rows = SocialAccount.objects.filter(user_id=person_id, provider__startswith=PROVIDER)
    ids = [provider.removeprefix(PROVIDER) for provider in rows.values_list("provider", flat=True)]
    return _first(Home.objects.filter(id__in=ids, forbidden_at__isnull=True).order_by("domain")) if ids else None


def person_of_home(home: HomeFacts, subject: str) -> UUID | None:
    """Return the person whom the home knows under this subject."""
    rows = SocialAccount.objects.filter(provider=home.provider, uid=subject)
    found: UUID | None = rows.values_list("user_id", flat=True).first()
    return found


def assertion_of(person_id: UUID) -> Assertion | None:
    """Return what this installation says of a person elsewhere; None for one for whom no organization here speaks.

    An organization speaks for its members, not for guests, and of addresses and groups in the domains that it has
    proven.  What anybody proved by a mailed code under another domain is that domain's own to say.
    """
    places = Membership.objects.of_person(person_id).filter(
        guest=False, disabled=False, removed_at__isnull=True, organization__state=Organization.State.ACTIVE
    )
    organizations = list(places.values_list("organization_id", flat=True))
    domains = set(
        MailDomain.objects.of_installation()
        .filter(organization_id__in=organizations, proven_at__isnull=False)
        .values_list("domain", flat=True)
    )
    rows = Address.objects.filter(person_id=person_id, domain__in=domains).exclude(proven_by="").order_by("address")
    addresses = list(rows.values_list("address", flat=True))
    row = subject_row(person_id, organizations[0]) if addresses else None
    if row is None or not row.is_active or row.is_service:
        return None
    groups = sorted(
        group.address
        for group in row.groups
        if group.live and group.organization_id in organizations and group.address.rpartition("@")[2] in domains
    )
    main = row.email if row.email in addresses else addresses[0]
    return Assertion(main, tuple(addresses), tuple(groups[:MOST_GROUPS]))


def forbidden_by(person_id: UUID, host: str) -> str:
    """Return the name of an organization that lets its members not sign in at this host or one above it, or ""."""
    labels = host.partition(":")[0].split(".")
    names = [host, *(".".join(labels[first:]) for first in range(len(labels)))]
    places = Membership.objects.of_person(person_id).filter(guest=False, removed_at__isnull=True)
    rows = ForbiddenInstallation.objects.of_installation().filter(
        organization_id__in=places.values("organization_id"), host__in=names
    )
    return rows.order_by("organization__name").values_list("organization__name", flat=True).first() or ""


def installations_of(organization_id: UUID) -> tuple[VisitedInstallation, ...]:
    """Return where members signed in and where they may not, by host."""
    members = Membership.objects.within(organization_id).filter(guest=False)
    visits = Visit.objects.filter(person_id__in=members.values("person_id")).values("installation")
    seen = {
        row["installation"].partition("://")[2]: row
        for row in visits.annotate(people=Count("person_id"), first=Min("first_at"), last=Max("last_at"))
    }
    forbidden = {one.host: one for one in ForbiddenInstallation.objects.within(organization_id)}
    return tuple(_installation(host, seen.get(host), forbidden.get(host)) for host in sorted({*seen, *forbidden}))


def _installation(host: str, seen: Mapping[str, Any] | None, ban: ForbiddenInstallation | None) -> VisitedInstallation:
    return VisitedInstallation(
        host=host,
        people=0 if seen is None else seen["people"],
        first_at=None if seen is None else seen["first"],
        last_at=None if seen is None else seen["last"],
        forbidden=ban is not None,
        reason="" if ban is None else ban.reason,
        by="" if ban is None else ban.made_by_address,
        since=None if ban is None else ban.made_at,
    )


def _first(rows: Iterable[Home]) -> HomeFacts | None:
    return next((_facts(row) for row in rows), None)


def _facts(row: Home) -> HomeFacts:
    return HomeFacts(
        id=row.id,
        domain=row.domain,
        issuer=row.issuer,
        metadata=row.metadata,
        keys=row.keys,
        provider=row.provider,
        found_at=row.found_at,
        rival=row.rival,
        rival_since=row.rival_since,
        forbidden=row.forbidden_at is not None,
    )
