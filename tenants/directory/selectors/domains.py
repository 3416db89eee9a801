"""Reading mail domains and applications of one organization."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants import naming
from tenants.directory.known_secrets import knowing, managers_among
from tenants.directory.models import ApiClient, MailDomain
from tenants.directory.selectors.credentials import last_uses
from tenants.directory.selectors.roles import roles_in


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """One mail domain; ``challenge`` is the text for the DNS, the others are as in ``MailDomain``."""

    domain: str
    challenge: str
    proven_at: datetime | None
    checked_at: datetime | None = None
    checked_by: UUID | None = None
    check_result: str = ""
    check_resolver: str = ""
    check_seen: tuple[str, ...] = ()
    found_at: datetime | None = None
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """One application of an organization."""

    client_id: str
    organization_id: UUID
    person_id: UUID
    name: str
    roles: tuple[str, ...]
    created_at: datetime
    disabled: bool
    known_outside: bool = False
    """Whether somebody has seen its secret who may not manage applications now."""
    used_at: datetime | None = None
    """When it last signed in by a secret or key, to the minute."""


def domains_in(organization_id: UUID) -> tuple[DomainFacts, ...]:
    """Return the organization's mail domains, claimed and proven."""
    rows = MailDomain.objects.within(organization_id).order_by("domain")
    return tuple(
        DomainFacts(
            domain=row.domain,
            challenge=row.record_text,
            proven_at=row.proven_at,
            checked_at=row.checked_at,
            checked_by=row.checked_by,
            check_result=row.check_result,
            check_resolver=row.check_resolver,
            check_seen=tuple(row.check_seen),
            found_at=row.found_at,
            missing_since=row.missing_since,
        )
        for row in rows
    )


def organization_of_domain(domain: str) -> UUID | None:
    """Return the organization that has proven the mail domain; for discovery."""
    rows = MailDomain.objects.of_installation().filter(domain=naming.mail_domain(domain), proven_at__isnull=False)
    return rows.values_list("organization_id", flat=True).first()


def applications_in(organization_id: UUID) -> tuple[ApplicationFacts, ...]:
    """Return the organization's applications by name."""
    rows = list(ApiClient.objects.within(organization_id).order_by("name", "client_id"))
    return _applications(organization_id, rows)


def application_of_client(client_id: str) -> ApplicationFacts | None:
    """Return the application that a client at the issuer stands for; for the token check."""
    row = ApiClient.objects.of_installation().filter(client_id=client_id).first()
    return None if row is None else _applications(row.organization_id, [row])[0]


def application_in_use(organization_id: UUID, person_id: UUID) -> bool:
    """Tell whether an application of the organization that is not disabled acts as this person."""
    return ApiClient.objects.within(organization_id).filter(person_id=person_id, disabled_at__isnull=True).exists()


def _applications(organization_id: UUID, rows: Sequence[ApiClient]) -> tuple[ApplicationFacts, ...]:
    knows = knowing(organization_id, rows)
    known = {person for people in knows.values() for person in people}
    managers = managers_among(organization_id, known) if known else set()
    held = roles_in(organization_id, [row.person_id for row in rows])
    used = last_uses(organization_id, [row.client_id for row in rows])
    return tuple(
        _application(
            row,
            held.get(row.person_id, ()),
            outside=not managers.issuperset(knows[row.client_id]),
            used_at=used.get(row.client_id),
        )
        for row in rows
    )


def _application(
    row: ApiClient, roles: tuple[str, ...], *, outside: bool, used_at: datetime | None
) -> ApplicationFacts:
    return ApplicationFacts(
        client_id=row.client_id,
        organization_id=row.organization_id,
        person_id=row.person_id,
        name=row.name,
        roles=roles,
        created_at=row.created_at,
        disabled=row.disabled_at is not None,
        known_outside=row.disabled_at is None and outside,
        used_at=used_at,
    )
