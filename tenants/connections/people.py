"""Reading the members of one organization as a provisioning connection sees them.

Guests, applications and people whom a connection has deleted are none of them.  A member whom no connection ever
changed is there too, with what the directory itself knows, so that a provider can take them over.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from tenants.connections.condition_sql import Column, Many
from tenants.connections.listing import Table, Wanted
from tenants.connections.models import ProvisionedPerson
from tenants.directory.errors import NotHere

_FROM: Final = """
from public.directory_membership m
join public.directory_person u on u.id = m.person_id
left join public.connections_provisionedperson p on p.organization_id = m.organization_id and p.person_id = m.person_id
where m.organization_id = %s and not m.guest and m.removed_at is null and not u.is_service
  and (p.removed_at is null or not m.disabled)
"""
_SELECT: Final = """
select m.person_id, coalesce(p.user_name, u.email), not m.disabled and u.is_active, coalesce(p.external_id, ''),
  u.name, m.created_at, coalesce(p.modified_at, m.created_at), p.attributes
"""
_EMAILS: Final = """
jsonb_array_elements(case when p.id is not null then coalesce(p.attributes->'emails', '[]'::jsonb) else
  jsonb_build_array(jsonb_build_object('value', u.email, 'type', 'work', 'primary', true)) end) e
"""
_COLUMNS: Final[Mapping[str, Column | Many]] = {
    "id": Column("m.person_id::text", "exact"),
    "userName": Column("coalesce(p.user_name, u.email)"),
    "externalId": Column("p.external_id", "exact"),
    "active": Column("not m.disabled and u.is_active", "truth"),
    "displayName": Column("case when p.id is null then nullif(u.name, '') else p.attributes->>'displayName' end"),
    "title": Column("p.attributes->>'title'"),
    "name.givenName": Column("p.attributes->'name'->>'givenName'"),
    "name.familyName": Column("p.attributes->'name'->>'familyName'"),
    "name.formatted": Column("p.attributes->'name'->>'formatted'"),
    "department": Column("p.attributes->>'department'"),
    "meta.created": Column("m.created_at", "moment"),
    "meta.lastModified": Column("coalesce(p.modified_at, m.created_at)", "moment"),
    "emails": Many(
        _EMAILS,
        {
            "value": Column("e->>'value'"),
            "type": Column("e->>'type'"),
            "primary": Column("(e->>'primary')::boolean", "truth"),
        },
    ),
}
_TABLE: Final = Table(_SELECT, _FROM, _COLUMNS, "m.person_id")


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """One member as a connection sees them.

    ``name`` is how the directory calls them; ``attributes`` are what a connection gave, None where none ever did.
    """

    id: UUID
    user_name: str
    active: bool
    external_id: str
    name: str
    created_at: datetime
    modified_at: datetime
    attributes: Mapping[str, Any] | None = field(hash=False)


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Part of a list and how many there are in all."""

    rows: tuple[PersonRecord, ...]
    total: int


def people_page(organization_id: UUID, wanted: Wanted) -> PeoplePage:
    """Return members for whom the condition holds.  Raises UnknownAttribute."""
    rows, total = _TABLE.read(organization_id, wanted)
    return PeoplePage(tuple(PersonRecord(*_read(row)) for row in rows), total)


def person_record(organization_id: UUID, person_id: UUID) -> PersonRecord:
    """Return one member.  Raises NotHere."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT} {_FROM} and m.person_id = %s", [organization_id, person_id])
        row = cursor.fetchone()
    if row is None:
        raise NotHere(_("There is no such person in this organization."))
    return PersonRecord(*_read(row))


def _read(row: Sequence[Any]) -> Sequence[Any]:
    """Return the columns with the attributes read; a cursor of Django's own gives JSON as text."""
    *columns, attributes = row
    return [*columns, json.loads(attributes) if isinstance(attributes, str) else attributes]


def is_provisioned_person(person_id: UUID) -> bool:
    """Tell whether a connection says who the person is, in any organization."""
    rows = ProvisionedPerson.objects.of_installation()
    return rows.filter(person_id=person_id, connection__isnull=False, removed_at__isnull=True).exists()
