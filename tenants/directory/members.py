"""Who is in a group: writing members and keeping groups free of circles."""

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import raise_epochs
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import Address, Group, GroupMember, Membership
from tenants.directory.revocations import people_below, record_revocation
from tenants.directory.role_groups import refusing_own_gain, require_role_manager
from tenants.directory.role_receipts import remember_roles
from tenants.directory.selectors.people import people_known_as

_HOLDERS = """
WITH RECURSIVE holding(id) AS (
  SELECT %(group)s::uuid
  UNION
  SELECT m.group_id FROM public.directory_groupmember m JOIN holding h ON m.member_group_id = h.id
)
SELECT id FROM holding
"""

_CONTENTS = """
WITH RECURSIVE within(id) AS (
  SELECT %(group)s::uuid
  UNION
  SELECT m.member_group_id FROM public.directory_groupmember m JOIN within w ON m.group_id = w.id
  WHERE m.member_group_id IS NOT NULL
)
SELECT id FROM within
"""


@dataclass(frozen=True, slots=True)
class Member:
    """One member to be: exactly one of the three is given."""

    person_id: UUID | None = None
    group_id: UUID | None = None
    address: str | None = None


def meant(organization: UUID, members: Iterable[Member]) -> list[Member]:
    """Return members with an address of a group of the organization as that group: people write addresses.

    Raises NameRefused for what is none.
    """
    given = list(members)
    addresses = {naming.address(one.address) for one in given if one.address is not None}
    groups = dict(Group.objects.within(organization).filter(address__in=addresses).values_list("address", "id"))
    return [one if one.address is None else _by_address(naming.address(one.address), groups) for one in given]


def leaving(organization: UUID, group: UUID, members: Iterable[Member]) -> list[Member]:
    """Return members as they are in a group that they leave.

    An address takes out the person who holds it too, however they were put in: that is what people mean by it.
    """
    named = meant(organization, members)
    rows = GroupMember.objects.within(organization).filter(group_id=group, person_id__in=_people(named))
    people = set(rows.values_list("person_id", flat=True))
    return [*named, *(Member(person_id=person) for person in people - {one.person_id for one in named})]


def _by_address(address: str, groups: Mapping[str, UUID]) -> Member:
    return Member(group_id=groups[address]) if address in groups else Member(address=address)


def add_members(group: Group, members: Sequence[Member], actor: Actor) -> None:
    """Add members, each at most once; refuse strangers, other organizations' groups and circles.

    People they hold may be shut out by what is denied to the group.  Where the group gives a role, an address stands
    for the person who is known by it here.  Raises NotPermitted where it does and the actor may not manage roles.
    """
    members = meant(group.organization_id, members)
    above = held_by(group.id)
    gives = bool(members) and require_role_manager(group.organization_id, above, actor)
    if gives:
        members = _people_meant(group.organization_id, members)
    inner = [member.group_id for member in members if member.group_id is not None]
    with refusing_own_gain(group.organization_id, actor) if gives else nullcontext():
        _require_members(group, members, above)
        GroupMember.objects.of_installation().bulk_create(
            (
                GroupMember(
                    group=group,
                    organization_id=group.organization_id,
                    person_id=member.person_id,
                    member_group_id=member.group_id,
                    address=member.address,
                )
                for member in members
            ),
            ignore_conflicts=True,
        )
        for one in inner if gives else ():
            enter_as_people(group.organization_id, one)
    joining = _people(members) | people_below(inner)
    record_revocation(joining, groups=above, joined=True)
    raise_epochs(_people(members))
    if gives:
        remember_roles(group.organization_id, joining, actor)


def remove_members(group: Group, members: Sequence[Member], actor: Actor) -> None:
    """Remove members; one that is not there is no error.  People they hold lose what the group gave.

    Raises NotPermitted where the group gives a role and the actor may not manage roles.
    """
    members = leaving(group.organization_id, group.id, members)
    if members:
        require_role_manager(group.organization_id, held_by(group.id), actor)
    lost = _people(members) | people_below([member.group_id for member in members if member.group_id is not None])
    record_revocation(lost, groups=held_by(group.id))
    rows = GroupMember.objects.within(group.organization_id).filter(group=group)
    rows.filter(
        Q(person_id__in=[one.person_id for one in members if one.person_id is not None])
        | Q(member_group_id__in=[one.group_id for one in members if one.group_id is not None])
        | Q(address__in=[one.address for one in members if one.address is not None])
    ).delete()
    raise_epochs(_people(members))


def leave_groups(organization_id: UUID, person_id: UUID) -> None:
    """Take the person out of the organization's groups, also where a group names an address of theirs.

    Otherwise the person who gets the address next would be in the group, and so would they themselves if they came
    back.
    """
    addresses = Address.objects.filter(person_id=person_id)
    theirs = addresses.exclude(proven_by="") | addresses.filter(asserted_by_id=organization_id)
    named = Q(person_id=person_id) | Q(address__in=theirs.values("address"))
    GroupMember.objects.within(organization_id).filter(named).delete()


def enter_as_people(organization_id: UUID, group_id: UUID) -> None:
    """Enter people as themselves where a group, or one in it, names them by an address by which they are known here."""
    rows = GroupMember.objects.within(organization_id).filter(group_id__in=groups_within(group_id))
    named = list(rows.filter(address__isnull=False).values_list("id", "group_id", "address"))
    known = people_known_as(organization_id, [str(address) for _, _, address in named])
    for row, group, address in named:
        if address in known:
            rows.filter(id=row).delete()
            GroupMember.objects.of_installation().get_or_create(
                organization_id=organization_id,
                group_id=group,
                person_id=known[address],
                member_group=None,
                address=None,
            )


def _people_meant(organization_id: UUID, members: Sequence[Member]) -> list[Member]:
    known = people_known_as(organization_id, [one.address for one in members if one.address is not None])
    return [Member(person_id=known[one.address]) if one.address in known else one for one in members]


def _people(members: Sequence[Member]) -> set[UUID]:
    """Return the people whom these members are, by person or by proven address."""
    addresses = [member.address for member in members if member.address is not None]
    holders = Address.objects.filter(address__in=addresses).exclude(proven_by="").values_list("person_id", flat=True)
    return {member.person_id for member in members if member.person_id is not None} | set(holders)


def _require_members(group: Group, members: Sequence[Member], above: Container[UUID]) -> None:
    """Refuse what is no member: strangers, other organizations' groups, and groups that contain this one."""
    if any(
        len([part for part in (one.person_id, one.group_id, one.address) if part is not None]) != 1 for one in members
    ):
        raise DirectoryRefused(_("A member is a person, a group or an address."))
    people = {one.person_id for one in members if one.person_id is not None}
    places = Membership.objects.within(group.organization_id).filter(person_id__in=people, removed_at__isnull=True)
    if people - set(places.values_list("person_id", flat=True)):
        raise NotHere(_("There is no such person in this organization."))
    groups = {one.group_id for one in members if one.group_id is not None}
    here = Group.objects.within(group.organization_id).filter(id__in=groups)
    if groups - set(here.values_list("id", flat=True)):
        raise NotHere(_("There is no such group in this organization."))
    if any(one in above for one in groups):
        raise DirectoryRefused(_("A group cannot contain itself, not even through other groups."))


def groups_within(group_id: UUID) -> set[UUID]:
    """Return the group itself and every group that it contains."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTENTS, {"group": group_id})
        return {row[0] for row in cursor.fetchall()}


def held_by(group_id: UUID) -> set[UUID]:
    """Return the group itself and every group that contains it."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, {"group": group_id})
        return {row[0] for row in cursor.fetchall()}
