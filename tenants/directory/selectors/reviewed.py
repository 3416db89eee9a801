"""Who is in which group directly, since when: what an access review looks at."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from tenants.directory.models import GroupMember, Membership


@dataclass(frozen=True, slots=True)
class MemberSince:
    """One direct member of a group: a person, a group or an address."""

    group_id: UUID
    group_address: str
    person_id: UUID | None
    member_group_id: UUID | None
    address: str
    called: str
    added_at: datetime


def members_since(
    organization_id: UUID, *, groups: Collection[UUID] | None = None, guests: bool = False, limit: int
) -> tuple[MemberSince, ...]:
    """Return direct members of groups that are not archived, at most ``limit``.

    Of some groups where they are named, with ``guests`` only those who are guests.
    """
    rows = GroupMember.objects.within(organization_id).filter(group__archived_at__isnull=True)
    if groups is not None:
        rows = rows.filter(group_id__in=list(groups))
    places = Membership.objects.within(organization_id).filter(removed_at__isnull=True)
    if guests:
        those = places.filter(guest=True)
        rows = rows.filter(Q(person_id__in=those.values("person_id")) | Q(address__in=those.values("address")))
    found = list(rows.select_related("group", "member_group").order_by("group__address", "id")[:limit])
    people = places.filter(person_id__in={row.person_id for row in found}).select_related("person")
    called = {place.person_id: place.known_address or place.known_name for place in people}
    return tuple(
        MemberSince(
            group_id=row.group_id,
            group_address=row.group.address,
            person_id=row.person_id,
            member_group_id=row.member_group_id,
            address=row.address or "",
            called=_called(row, called),
            added_at=row.added_at,
        )
        for row in found
    )


def _called(row: GroupMember, called: Mapping[UUID, str]) -> str:
    if row.person_id is not None:
        return called.get(row.person_id, "")
    return row.address or ("" if row.member_group is None else row.member_group.address)
