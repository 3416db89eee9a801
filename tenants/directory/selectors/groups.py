"""Reading the groups of one organization."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from tenants.directory.errors import NotHere
from tenants.directory.models import Group, GroupMember


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """One direct member: ``kind`` is person, group or address."""

    kind: str
    id: UUID | None
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """One group with its direct members."""

    id: UUID
    address: str
    name: str
    description: str
    version: int
    archived: bool
    members: tuple[MemberFacts, ...]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group in a list."""

    id: UUID
    address: str
    name: str
    archived: bool
    members: int


def group_in(organization_id: UUID, group_id: UUID) -> GroupFacts:
    """Return one group of the organization, or raise."""
    group = Group.objects.within(organization_id).filter(id=group_id).first()
    if group is None:
        raise NotHere("There is no such group in this organization.")
    rows = (
        GroupMember.objects.within(organization_id)
        .filter(group_id=group_id)
        .select_related("person", "member_group")
        .order_by("id")
    )
    return GroupFacts(
        id=group.id,
        address=group.address,
        name=group.name,
        description=group.description,
        version=group.version,
        archived=group.archived_at is not None,
        members=tuple(_member(row) for row in rows),
    )


def groups_in(organization_id: UUID, *, search: str = "", after: str = "", limit: int = 50) -> tuple[GroupLine, ...]:
    """Return groups of the organization in the order of their address."""
    rows = Group.objects.within(organization_id).annotate(size=Count("members"))
    if search:
        rows = rows.filter(Q(address__icontains=search) | Q(name__icontains=search))
    if after:
        rows = rows.filter(address__gt=after)
    return tuple(
        GroupLine(
            id=row.id,
            address=row.address,
            name=row.name,
            archived=row.archived_at is not None,
            members=row.size,
        )
        for row in rows.order_by("address")[:limit]
    )


def _member(row: GroupMember) -> MemberFacts:
    if row.person is not None:
        return MemberFacts("person", row.person_id, str(row.person), row.person.email)
    if row.member_group is not None:
        return MemberFacts("group", row.member_group_id, row.member_group.name, row.member_group.address)
    return MemberFacts("address", None, row.address or "", row.address or "")
