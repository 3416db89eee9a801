"""Let people come into many groups and leave them at once, where nothing is to be weighed: no group gives a role."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.change import Noted, members_changed, note_each, raise_epochs
from tenants.directory.errors import NotHere
from tenants.directory.models import Group, GroupMember, Membership
from tenants.directory.revocations import record_revocation
from tenants.directory.role_groups import giving_roles
from tenants.directory.selectors.groups import MemberFacts
from tenants.events import DirectoryKind

_HOLDERS = """
WITH RECURSIVE holding(named, id) AS (
  SELECT one, one FROM unnest(%s::uuid[]) one
  UNION
  SELECT h.named, m.group_id FROM public.directory_groupmember m JOIN holding h ON m.member_group_id = h.id
)
SELECT named, id FROM holding
"""


@dataclass(frozen=True, slots=True)
class MembersChange:
    """Who comes into a group and who leaves it; all of them are people."""

    group_id: UUID
    add: frozenset[UUID] = frozenset()
    remove: frozenset[UUID] = frozenset()


@transaction.atomic
def change_members(*, organization_id: UUID, changes: Iterable[MembersChange], actor: Actor) -> set[UUID]:
    """Change members; return the groups that could be changed like this, whether or not anything differed.

    Groups are left out, for ``change_group``, that give a role, by themselves or by one that holds them, and those that
    are not there.  What it does for the others is what that service does.  Raises NotHere for somebody who is no member
    of the organization.
    """
    asked = {one.group_id: one for one in changes}
    groups = Group.objects.within(organization_id).select_for_update().filter(id__in=asked).order_by("id")
    above = _above([group.id for group in groups])
    roles = giving_roles(organization_id, {one for holders in above.values() for one in holders})
    free = {group.id: group for group in groups if not above[group.id] & roles}
    differing = _differing(organization_id, [asked[one] for one in free])
    places = _places(organization_id, differing)
    _write(organization_id, differing)
    added = {person for one in differing for person in one.add}
    removed = {person for one in differing for person in one.remove}
    # One note for all: who joined one of the groups and was refused by another asks anew once, and gets the same.
    record_revocation(removed, groups={up for one in differing if one.remove for up in above[one.group_id]})
    record_revocation(added, groups={up for one in differing if one.add for up in above[one.group_id]}, joined=True)
    raise_epochs(added | removed)
    Group.objects.within(organization_id).filter(id__in=[one.group_id for one in differing]).update(
        version=F("version") + 1
    )
    note_each(
        kind=DirectoryKind.GROUP_CHANGED,
        organization_id=organization_id,
        actor=actor,
        noted=[_noted(free[one.group_id], one, places) for one in differing],
    )
    return set(free)


def _above(groups: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Return for each group itself and the groups that hold it."""
    above: dict[UUID, set[UUID]] = {one: set() for one in groups}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [list(groups)])
        for named, holder in cursor.fetchall():
            above[named].add(holder)
    return above


def _differing(organization_id: UUID, changes: Sequence[MembersChange]) -> list[MembersChange]:
    """Return what differs from what is there, without the groups in which nothing does."""
    rows = GroupMember.objects.within(organization_id).filter(
        group_id__in=[one.group_id for one in changes],
        person_id__in={person for one in changes for person in one.add | one.remove},
    )
    there: dict[UUID, set[UUID]] = {}
    for group, person in rows.values_list("group_id", "person_id"):
        there.setdefault(group, set()).add(person)
    found = [
        MembersChange(
            one.group_id,
            add=one.add - there.get(one.group_id, set()),
            remove=one.remove & there.get(one.group_id, set()),
        )
        for one in changes
    ]
    return [one for one in found if one.add or one.remove]


def _places(organization_id: UUID, changes: Sequence[MembersChange]) -> Mapping[UUID, Membership]:
    """Return the places of everybody concerned.  Raises NotHere where somebody who comes has none."""
    people = {person for one in changes for person in one.add | one.remove}
    rows = Membership.objects.within(organization_id).filter(person_id__in=people).select_related("person")
    places = {row.person_id: row for row in rows}
    if any(person not in places or places[person].removed_at for one in changes for person in one.add):
        raise NotHere(_("There is no such person in this organization."))
    return places


def _write(organization_id: UUID, changes: Sequence[MembersChange]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from public.directory_groupmember m using unnest(%s::uuid[], %s::uuid[]) gone (group_id, person_id)"
            " where m.organization_id = %s and m.group_id = gone.group_id and m.person_id = gone.person_id",
            [
                [one.group_id for one in changes for _person in one.remove],
                [person for one in changes for person in one.remove],
                organization_id,
            ],
        )
    GroupMember.objects.of_installation().bulk_create(
        (
            GroupMember(organization_id=organization_id, group_id=one.group_id, person_id=person)
            for one in changes
            for person in sorted(one.add)
        ),
        ignore_conflicts=True,
    )


def _noted(group: Group, change: MembersChange, places: Mapping[UUID, Membership]) -> Noted:
    added, removed = (_facts(people, places) for people in (change.add, change.remove))
    return Noted(
        title=group.address,
        details={"group": str(group.id), "added": len(added), "removed": len(removed)},
        changes=members_changed(added=added, removed=removed),
    )


def _facts(people: Iterable[UUID], places: Mapping[UUID, Membership]) -> list[MemberFacts]:
    found = [(person, places.get(person)) for person in sorted(people)]
    return [
        MemberFacts("person", person, place.known_name or place.known_address, place.known_address)
        if place is not None
        else MemberFacts("person", person, "", "")
        for person, place in found
    ]
