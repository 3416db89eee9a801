"""Reading the groups of one organization as a provisioning connection sees them: archived ones are none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from tenants.connections.condition_sql import Column, Many
from tenants.connections.listing import Table, Wanted
from tenants.connections.models import ProvisionedGroup
from tenants.directory.errors import NotHere

_FROM: Final = """
from public.directory_group g
left join public.connections_provisionedgroup p on p.organization_id = g.organization_id and p.group_id = g.id
where g.organization_id = %s and g.archived_at is null
"""
_SELECT: Final = """
select g.id, g.name, g.address, coalesce(p.external_id, ''), g.version, g.created_at,
  coalesce(p.modified_at, g.created_at)
"""
_MEMBER: Final = """
(select coalesce(gm.person_id, gm.member_group_id)::text as value,
  case when gm.person_id is null then 'Group' else 'User' end as type
 from public.directory_groupmember gm where gm.group_id = g.id and gm.address is null) e
"""
_MEMBERS: Final = """
select gm.group_id, coalesce(gm.person_id, gm.member_group_id), gm.person_id is not null, coalesce(u.name, ig.name, '')
from public.directory_groupmember gm
left join public.directory_person u on u.id = gm.person_id
left join public.directory_group ig on ig.id = gm.member_group_id
where gm.organization_id = %s and gm.group_id = any(%s) and gm.address is null
order by gm.id
"""
_COLUMNS: Final[Mapping[str, Column | Many]] = {
    "id": Column("g.id::text", "exact"),
    "displayName": Column("g.name"),
    "externalId": Column("p.external_id", "exact"),
    "meta.created": Column("g.created_at", "moment"),
    "meta.lastModified": Column("coalesce(p.modified_at, g.created_at)", "moment"),
    "members": Many(_MEMBER, {"value": Column("e.value", "exact"), "type": Column("e.type")}),
}
_TABLE: Final = Table(_SELECT, _FROM, _COLUMNS, "g.id")


@dataclass(frozen=True, slots=True)
class GroupMemberRecord:
    """One direct member: a person, or else a group."""

    id: UUID
    is_person: bool
    name: str


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One group as a connection sees it, without its members."""

    id: UUID
    name: str
    address: str
    external_id: str
    version: int
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class GroupsPage:
    """Part of a list and how many there are in all."""

    rows: tuple[GroupRecord, ...]
    total: int


def groups_page(organization_id: UUID, wanted: Wanted) -> GroupsPage:
    """Return groups for which the condition holds.  Raises UnknownAttribute."""
    rows, total = _TABLE.read(organization_id, wanted)
    return GroupsPage(tuple(GroupRecord(*row) for row in rows), total)


def group_record(organization_id: UUID, group_id: UUID) -> GroupRecord:
    """Return one group.  Raises NotHere."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT} {_FROM} and g.id = %s", [organization_id, group_id])
        row = cursor.fetchone()
    if row is None:
        raise NotHere(_("There is no such group in this organization."))
    return GroupRecord(*row)


def members_of(organization_id: UUID, groups: Iterable[UUID]) -> Mapping[UUID, tuple[GroupMemberRecord, ...]]:
    """Return the direct members of groups; bare addresses are not among them, since a provider knows none."""
    found: dict[UUID, list[GroupMemberRecord]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [organization_id, list(groups)])
        for group, member, is_person, name in cursor.fetchall():
            found.setdefault(group, []).append(GroupMemberRecord(member, is_person, name))
    return {group: tuple(members) for group, members in found.items()}


def kinds_of(organization_id: UUID, ids: Iterable[UUID]) -> Mapping[UUID, bool]:
    """Return for those of the ids that are members or groups here whether they are people."""
    wanted = list(ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "select person_id, true from public.directory_membership"
            " where organization_id = %s and person_id = any(%s) and removed_at is null and not guest"
            " union select id, false from public.directory_group where organization_id = %s and id = any(%s)",
            [organization_id, wanted, organization_id, wanted],
        )
        return dict(cursor.fetchall())


def is_provisioned(group_id: UUID) -> bool:
    """Tell whether a connection says who is in the group."""
    return ProvisionedGroup.objects.of_installation().filter(group_id=group_id, connection__isnull=False).exists()
