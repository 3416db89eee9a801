"""Whom a connection means, many at a time: by their id at the provider, or else by their address."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from tenants.connections.people import PersonRecord

_PEOPLE: Final = """
select m.person_id, coalesce(p.user_name, u.email), not m.disabled and u.is_active, coalesce(p.external_id, ''),
  u.name, m.created_at, coalesce(p.modified_at, m.created_at), p.attributes, u.email, p.connection_id, p.shut_out_at,
  p.removed_at is not null and m.disabled
from public.directory_membership m
join public.directory_person u on u.id = m.person_id
left join public.connections_provisionedperson p on p.organization_id = m.organization_id and p.person_id = m.person_id
where m.organization_id = %(organization)s and not m.guest and m.removed_at is null and not u.is_service
  and m.person_id in (
    select person_id from public.connections_provisionedperson
    where organization_id = %(organization)s and (external_id = any(%(ids)s) or user_name = any(%(addresses)s))
    union select person_id from public.directory_address where address = any(%(addresses)s))
"""
_MISSING: Final = """
select m.person_id, p.external_id, p.user_name, not m.disabled
from public.connections_provisionedperson p
join public.directory_membership m on m.organization_id = p.organization_id and m.person_id = p.person_id
where p.organization_id = %(organization)s and p.connection_id = %(connection)s and p.removed_at is null
  and m.removed_at is null
"""
_GROUPS: Final = """
select p.external_id, g.id, g.name, g.address from public.connections_provisionedgroup p
join public.directory_group g on g.id = p.group_id
where p.organization_id = %(organization)s and p.connection_id = %(connection)s and g.archived_at is null
"""


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """One member, by which address they sign in, which connection spoke of them last, and whether it deleted them."""

    record: PersonRecord
    email: str
    connection_id: UUID | None
    shut_out_at: datetime | None
    removed: bool


@dataclass(frozen=True, slots=True)
class Provided:
    """A person or group that came from a connection; ``active`` is always true of a group."""

    id: UUID
    external_id: str
    label: str
    address: str
    active: bool = True


def people_meant(
    organization_id: UUID, external_ids: Collection[str], addresses: Collection[str]
) -> tuple[KnownPerson, ...]:
    """Return the members who have one of the ids or addresses, in one statement for all."""
    values: dict[str, Any] = {"organization": organization_id, "ids": list(external_ids), "addresses": list(addresses)}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, values)
        rows = cursor.fetchall()
    return tuple(
        KnownPerson(PersonRecord(*[*row[:7], _read(row[7])]), row[8], row[9], row[10], bool(row[11])) for row in rows
    )


def people_of_connection(organization_id: UUID, connection_id: UUID) -> tuple[Provided, ...]:
    """Return the people who came from a connection and whom it has not deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, {"organization": organization_id, "connection": connection_id})
        return tuple(Provided(row[0], row[1], row[2], row[2], row[3]) for row in cursor.fetchall())


def groups_of_connection(
    organization_id: UUID, connection_id: UUID, external_ids: Iterable[str] | None = None
) -> Mapping[str, Provided]:
    """Return the groups that came from a connection by their ids there, all or those of the ids."""
    sql = _GROUPS
    values: dict[str, Any] = {"organization": organization_id, "connection": connection_id}
    if external_ids is not None:
        sql, values["ids"] = f"{_GROUPS} and p.external_id = any(%(ids)s)", list(external_ids)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {row[0]: Provided(row[1], row[0], row[2], row[3]) for row in cursor.fetchall()}


def _read(attributes: Any) -> Any:
    return json.loads(attributes) if isinstance(attributes, str) else attributes
