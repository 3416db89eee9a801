"""Reading the provisioning connections of one organization, and what they said about people and groups."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.connections.models import Connection, ConnectionToken, DryRun, ProvisionedPerson
from tenants.directory.errors import NotHere
from tenants.directory.models import ApiClient, Membership

PREFIX: Final = "chancery-scim-"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """One bearer token of a connection; never its secret."""

    id: UUID
    hint: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def valid(self) -> bool:
        """Tell whether it is accepted now."""
        return self.revoked_at is None and self.expires_at > timezone.now()


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """One connection; ``person_id`` is the application that it acts as, ``ended`` whether that is disabled."""

    id: UUID
    organization_id: UUID
    client_id: str
    person_id: UUID
    name: str
    may: tuple[str, ...]
    group_domain: str
    dry_run: bool
    stopped_at: datetime | None
    unguarded_until: datetime | None
    created_at: datetime
    ended: bool
    asks: bool
    tokens: tuple[TokenFacts, ...]

    @property
    def valid_tokens(self) -> tuple[TokenFacts, ...]:
        """Return the tokens that are accepted now."""
        return tuple(one for one in self.tokens if one.valid)

    @property
    def last_used_at(self) -> datetime | None:
        """Return when any of its tokens was used last."""
        return max((one.last_used_at for one in self.tokens if one.last_used_at), default=None)


@dataclass(frozen=True, slots=True)
class TokenShown:
    """A token that a request shows, and whether and why it is refused: "", ``expired`` or ``revoked``."""

    id: UUID
    connection_id: UUID
    organization_id: UUID
    hint: str
    refused: str
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class RemovedPerson:
    """A person whom a connection has deleted and who is still in the directory, disabled."""

    person_id: UUID
    address: str
    name: str
    removed_at: datetime
    connection_id: UUID | None


@dataclass(frozen=True, slots=True)
class DryRunFacts:
    """One request that was judged and not carried out; ``changes`` are lines that people read."""

    at: datetime
    method: str
    what: str
    status: int
    changes: tuple[str, ...]


def connections_in(organization_id: UUID) -> tuple[ConnectionFacts, ...]:
    """Return the connections that ask this service, by name, ended ones last; directory servers are none of them."""
    rows = list(Connection.objects.within(organization_id).filter(asks=False).prefetch_related("tokens"))
    found = _facts(organization_id, rows)
    return tuple(sorted(found, key=lambda one: (one.ended, one.name, str(one.id))))


def connection_in(organization_id: UUID, connection_id: UUID) -> ConnectionFacts:
    """Return one connection.  Raises NotHere."""
    rows = list(Connection.objects.within(organization_id).filter(id=connection_id).prefetch_related("tokens"))
    if not rows:
        raise NotHere(_("There is no such connection in this organization."))
    return _facts(organization_id, rows)[0]


def token_shown(value: str) -> TokenShown | None:
    """Return what is known of a token that a request shows; None where it was never one."""
    row = ConnectionToken.objects.select_related("connection").filter(token_hash=token_hash(value)).first()
    if row is None:
        return None
    refused = "revoked" if row.revoked_at is not None else "expired" if row.expires_at <= timezone.now() else ""
    return TokenShown(row.id, row.connection_id, row.connection.organization_id, row.hint, refused, row.last_used_at)


def token_hash(value: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(b"chancery/v1/provisioning-token\0" + value.encode()).hexdigest()


def removed_by_provisioning(organization_id: UUID) -> tuple[RemovedPerson, ...]:
    """Return the people whom connections have deleted and who still have a place, the latest first."""
    rows = ProvisionedPerson.objects.within(organization_id).filter(removed_at__isnull=False).order_by("-removed_at")
    rows_by_person = {row.person_id: row for row in rows}
    places = Membership.objects.within(organization_id).filter(
        person_id__in=list(rows_by_person), removed_at__isnull=True, disabled=True
    )
    named = {place.person_id: place.known_name for place in places.select_related("person")}
    return tuple(
        RemovedPerson(person, row.user_name, named[person], row.removed_at, row.connection_id)
        for person, row in rows_by_person.items()
        if person in named and row.removed_at is not None
    )


def dry_runs_of(connection_id: UUID, *, organization_id: UUID, limit: int) -> tuple[DryRunFacts, ...]:
    """Return what a connection asked for while it was only judged, the latest first."""
    rows = DryRun.objects.within(organization_id).filter(connection_id=connection_id).order_by("-id")[:limit]
    return tuple(DryRunFacts(row.at, row.method, row.what, row.status, tuple(row.changes)) for row in rows)


def _facts(organization_id: UUID, rows: list[Connection]) -> tuple[ConnectionFacts, ...]:
    clients = {
        one.client_id: one
        for one in ApiClient.objects.within(organization_id).filter(client_id__in=[row.client_id for row in rows])
    }
    return tuple(
        ConnectionFacts(
            id=row.id,
            organization_id=organization_id,
            client_id=row.client_id,
            person_id=clients[row.client_id].person_id,
            name=clients[row.client_id].name,
            may=tuple(row.may),
            group_domain=row.group_domain,
            dry_run=row.dry_run,
            stopped_at=row.stopped_at,
            unguarded_until=row.unguarded_until,
            created_at=clients[row.client_id].created_at,
            ended=clients[row.client_id].disabled_at is not None,
            asks=row.asks,
            tokens=tuple(
                TokenFacts(one.id, one.hint, one.created_at, one.expires_at, one.last_used_at, one.revoked_at)
                for one in sorted(row.tokens.all(), key=lambda one: one.created_at, reverse=True)
            ),
        )
        for row in rows
        if row.client_id in clients
    )
