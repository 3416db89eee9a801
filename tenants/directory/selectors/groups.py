"""Reading the groups of one organization."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from tenants.directory.errors import NotHere
from tenants.directory.models import Address, Group, GroupMember, Membership
from tenants.directory.revocations import people_below
from tenants.directory.selectors.handovers import changed_hands, last_handover
from tenants.directory.selectors.subject import GroupOf

ORDERS: Final[Mapping[str, tuple[str, ...]]] = {"address": ("address",), "name": ("name", "address")}
"""By what a list of groups can be sorted; an address is a group's alone, so that it decides between equal names."""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """One direct member: ``kind`` is person, group or address.

    ``changed_hands`` is true for an address that was added for a holder, or a domain's owner, of before: it gives its
    present holder nothing until it is removed and added again.
    """

    kind: str
    id: UUID | None
    label: str
    address: str
    changed_hands: bool = False


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
        raise NotHere(_("There is no such group in this organization."))
    rows = (
        GroupMember.objects.within(organization_id)
        .filter(group_id=group_id)
        .select_related("member_group")
        .order_by("id")
    )
    return GroupFacts(
        id=group.id,
        address=group.address,
        name=group.name,
        description=group.description,
        version=group.version,
        archived=group.archived_at is not None,
        members=_members(organization_id, list(rows)),
    )


def addresses_of(organization_id: UUID, groups: Iterable[UUID]) -> dict[UUID, str]:
    """Return the addresses of those of the groups that the organization has."""
    rows = Group.objects.within(organization_id).filter(id__in=list(groups))
    return dict(rows.values_list("id", "address"))


def group_at(organization_id: UUID, address: str) -> UUID | None:
    """Return the organization's group with a normal address."""
    return Group.objects.within(organization_id).filter(address=address).values_list("id", flat=True).first()


def groups_in(
    organization_id: UUID,
    *,
    search: str = "",
    sort: str = "address",
    after: str = "",
    limit: int = 50,
    archived: bool = True,
) -> tuple[GroupLine, ...]:
    """Return groups of the organization, with or without those that are archived.

    They are sorted by one of ``ORDERS``, with ``-`` before it downwards; ``after`` is the ``place_of`` of the last one
    seen in this order.
    """
    rows = _found(organization_id, search).annotate(size=Count("members"))
    if not archived:
        rows = rows.filter(archived_at=None)
    down = "-" if sort.startswith("-") else ""
    if after:
        rows = rows.filter(_behind(sort, after))
    return tuple(
        GroupLine(
            id=row.id,
            address=row.address,
            name=row.name,
            archived=row.archived_at is not None,
            members=row.size,
        )
        for row in rows.order_by(*(f"{down}{order}" for order in ORDERS[sort.removeprefix("-")]))[:limit]
    )


def place_of(last: GroupLine, sort: str = "address") -> str:
    """Return where ``groups_in`` goes on after this group, in the same order."""
    return " ".join(getattr(last, order) for order in ORDERS[sort.removeprefix("-")])


def _behind(sort: str, place: str) -> Q:
    beyond = "lt" if sort.startswith("-") else "gt"
    name, _, address = place.rpartition(" ")
    behind = Q(**{f"address__{beyond}": address})
    if sort.removeprefix("-") == "address":
        return behind
    return Q(**{f"name__{beyond}": name}) | Q(name=name) & behind


def count_groups(organization_id: UUID, *, search: str = "") -> int:
    """Return how many groups the organization has, or a search finds."""
    return _found(organization_id, search).count()


def _found(organization_id: UUID, search: str) -> QuerySet[Group]:
    rows = Group.objects.within(organization_id)
    return rows.filter(Q(address__icontains=search) | Q(name__icontains=search)) if search else rows


_HOLDING: Final = """
with recursive up (named, id, live) as (
  select g.id, g.id, g.archived_at is null from public.directory_group g
  where g.organization_id = %s and g.address = any(%s)
  union
  select up.named, g.id, up.live and g.archived_at is null
  from up join public.directory_groupmember m on m.member_group_id = up.id
  join public.directory_group g on g.id = m.group_id
)
select named.address, up.id, outer_group.address, bool_or(up.live)
from up join public.directory_group named on named.id = up.named
join public.directory_group outer_group on outer_group.id = up.id
group by named.address, up.named, up.id, outer_group.address
order by named.address, up.id <> up.named, outer_group.address
"""


def groups_at(organization_id: UUID, addresses: Iterable[str]) -> dict[str, tuple[GroupOf, ...]]:
    """Return each group of the organization that has one of the addresses, followed by the groups that hold it."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDING, [organization_id, list(addresses)])
        rows = cursor.fetchall()
    found: dict[str, tuple[GroupOf, ...]] = {}
    for named, group, address, live in rows:
        found[named] = (*found.get(named, ()), GroupOf(group, organization_id, address, live))
    return found


def _members(organization_id: UUID, rows: list[GroupMember]) -> tuple[MemberFacts, ...]:
    people = [row.person_id for row in rows if row.person_id is not None]
    places = Membership.objects.within(organization_id).filter(person_id__in=people).select_related("person")
    by_person = {place.person_id: place for place in places}
    handovers = changed_hands([row.address for row in rows if row.address])
    return tuple(
        _member(row, None if row.person_id is None else by_person.get(row.person_id), handovers) for row in rows
    )


def _member(row: GroupMember, place: Membership | None, handovers: Mapping[str, float]) -> MemberFacts:
    if row.person_id is not None:
        label = "" if place is None else place.known_name or place.known_address
        return MemberFacts("person", row.person_id, label, "" if place is None else place.known_address)
    if row.member_group is not None:
        return MemberFacts("group", row.member_group_id, row.member_group.name, row.member_group.address)
    address = row.address or ""
    ended = last_handover(address, handovers) if address else 0
    return MemberFacts("address", None, address, address, row.added_at.timestamp() <= ended)


def people_held(members: Iterable[MemberFacts]) -> list[UUID]:
    """Return everybody whom these members are or hold: by person, by proven address, through other groups."""
    known = list(members)
    people = {one.id for one in known if one.kind == "person" and one.id is not None}
    groups = [one.id for one in known if one.kind == "group" and one.id is not None]
    bare = [one.address for one in known if one.kind == "address"]
    holders = Address.objects.filter(address__in=bare).exclude(proven_by="").values_list("person_id", flat=True)
    return sorted(people | people_below(groups) | set(holders))


def group_path(organization_id: UUID, person_id: UUID, group_id: UUID) -> tuple[str, ...]:
    """Return the names of the groups by which a group of the organization holds a person, the direct one first.

    Of several ways the shortest; empty when the group does not hold them.
    """
    proven = Address.objects.filter(person_id=person_id).exclude(proven_by="").values("address")
    edges = GroupMember.objects.within(organization_id).filter(group__archived_at__isnull=True)
    direct = edges.filter(Q(person_id=person_id) | Q(address__in=proven)).values_list("group_id", flat=True)
    above: dict[UUID, list[UUID]] = {}
    for inner, outer in edges.filter(member_group__isnull=False).values_list("member_group_id", "group_id"):
        above.setdefault(inner, []).append(outer)
    ways: deque[tuple[UUID, ...]] = deque((group,) for group in sorted(set(direct)))
    seen: set[UUID] = set()
    while ways:
        way = ways.popleft()
        if way[-1] == group_id:
            names = {
                group.id: group.name or group.address
                for group in Group.objects.within(organization_id).filter(id__in=way)
            }
            return tuple(names[group] for group in way)
        if way[-1] not in seen:
            seen.add(way[-1])
            ways.extend((*way, outer) for outer in sorted(above.get(way[-1], ())))
    return ()


def groups_holding(organization_id: UUID, person_id: UUID) -> tuple[str, ...]:
    """Return the names of the groups of the organization that hold the person directly."""
    proven = Address.objects.filter(person_id=person_id).exclude(proven_by="").values("address")
    rows = GroupMember.objects.within(organization_id).filter(Q(person_id=person_id) | Q(address__in=proven))
    found = {row.group.name or row.group.address for row in rows.select_related("group")}
    return tuple(sorted(found))


def direct_groups_of(organization_id: UUID, person_id: UUID, among: Iterable[UUID]) -> set[UUID]:
    """Return which of the groups hold the person themselves, by id."""
    rows = GroupMember.objects.within(organization_id).filter(person_id=person_id, group_id__in=list(among))
    return set(rows.values_list("group_id", flat=True))
