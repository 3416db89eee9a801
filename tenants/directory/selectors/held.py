"""Whom groups hold and give something: enabled members of the organization, in nested groups too."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db import connection

from tenants.directory.models import Membership

_HELD: Final = """
with recursive below (id) as (
  select g.id from public.directory_group g
  where g.organization_id = %(organization)s and g.id = any(%(groups)s::uuid[]) and g.archived_at is null
  union
  select g.id from below b join public.directory_groupmember m on m.group_id = b.id
  join public.directory_group g on g.id = m.member_group_id where g.archived_at is null
)
select m.person_id from public.directory_groupmember m join below b on m.group_id = b.id where m.person_id is not null
union
select a.person_id from public.directory_groupmember m join below b on m.group_id = b.id
join public.directory_address a on a.address = m.address and a.proven_by <> ''
"""


def enabled_members(organization_id: UUID) -> frozenset[UUID]:
    """Return the people who are members of the organization and not disabled; no guests and no programs."""
    rows = Membership.objects.within(organization_id).filter(removed_at__isnull=True, disabled=False, guest=False)
    return frozenset(rows.filter(person__is_service=False).values_list("person_id", flat=True))


def held_through_groups(organization_id: UUID, groups: Iterable[UUID]) -> frozenset[UUID]:
    """Return everybody whom the organization's groups hold through none that is archived."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"organization": organization_id, "groups": list(groups)})
        return frozenset(row[0] for row in cursor.fetchall())
