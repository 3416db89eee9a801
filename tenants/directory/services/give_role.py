"""Give a role to a person, an application or a group."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.administrators import locked_membership, require_another
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.members import enter_as_people
from tenants.directory.models import Group, Membership, RoleAssignment
from tenants.directory.revocations import people_below
from tenants.directory.role_groups import refusing_own_gain
from tenants.directory.role_receipts import remember_roles
from tenants.directory.roles import ADMINISTRATOR, FOR_A_GROUP, ROLES
from tenants.directory.selectors.roles import AssignmentFacts, assignment_in
from tenants.events import DirectoryKind


@transaction.atomic
def give_role(
    *,
    organization_id: UUID,
    role: str,
    person_id: UUID | None = None,
    group_id: UUID | None = None,
    for_group: UUID | None = None,
    ends_at: datetime | None = None,
    reason: str = "",
    actor: Actor,
) -> AssignmentFacts | None:
    """Give a person (or the person of an application) or a group a role; None when they hold it so already.

    Giving it again with another end, or for the members of another group alone, changes that.  Raises NotHere,
    LastAdministrator, and DirectoryRefused for whom the role is not for and for an end that has passed.
    """
    if ends_at is not None and ends_at <= timezone.now():
        raise DirectoryRefused(_("The role would have ended already; name a later moment."))
    place, address, name = _holder(organization_id, person_id, group_id, role)
    whom: dict[str, Any] = {"organization_id": organization_id, "person_id": person_id, "group_id": group_id}
    whom |= {"role": role}
    held = RoleAssignment.objects.of_installation().select_for_update().filter(**whom).first()
    if held is not None and (held.ends_at, held.for_group_id) == (ends_at, for_group):
        return None
    if place is not None and role == ADMINISTRATOR and held is not None and ends_at is not None:
        require_another(place)
    scope = None if for_group is None else _scope(organization_id, for_group, role)
    values = {
        "ends_at": ends_at,
        "for_group_id": for_group,
        "given_by": actor.person_id,
        "reason": reason[:500],
        "warned_at": None,
    }
    with refusing_own_gain(organization_id, actor):
        row, _made = RoleAssignment.objects.of_installation().update_or_create(**whom, defaults=values)
    remember_roles(organization_id, people_below([group_id]) if group_id else {person_id}, actor)
    note(
        kind=DirectoryKind.ROLE_GIVEN,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[address],
        title=name,
        details=_details(row),
        changes=_changes(scope),
    )
    return assignment_in(organization_id, row.id)


def _holder(
    organization_id: UUID, person_id: UUID | None, group_id: UUID | None, role: str
) -> tuple[Membership | None, str, str]:
    """Return the place of a person who is to hold a role, None for a group, with address and name of either."""
    if group_id is not None:
        group = _group(organization_id, group_id, role)
        return None, group.address, group.name
    assert person_id is not None
    place = _place(organization_id, person_id, role)
    return place, place.known_address, place.known_name


def _scope(organization_id: UUID, group_id: UUID, role: str) -> Group:
    """Return the group for whose members alone a role is to be."""
    if role not in FOR_A_GROUP:
        raise DirectoryRefused(_("This role is not for the members of a group alone."))
    group = Group.objects.within(organization_id).filter(id=group_id).first()
    if group is None:
        raise NotHere(_("There is no such group in this organization."))
    return group


def _changes(scope: Group | None) -> list[dict[str, Any]]:
    return [] if scope is None else [{"member": "for_group", "before": None, "after": scope.address}]


def _details(row: RoleAssignment) -> dict[str, object]:
    return {
        "role": row.role,
        **({} if row.ends_at is None else {"until": int(row.ends_at.timestamp())}),
        **({} if row.group_id is None else {"group": str(row.group_id)}),
        **({} if row.for_group_id is None else {"for_group": str(row.for_group_id)}),
        **({"reason": row.reason} if row.reason else {}),
    }


def _place(organization_id: UUID, person_id: UUID, role: str) -> Membership:
    place = locked_membership(organization_id, person_id)
    if place.guest:
        raise DirectoryRefused(_("A guest holds no role."))
    known = ROLES.get(role)
    if place.person.is_service and not (known is not None and known.applications):
        raise DirectoryRefused(_("An application cannot hold this role."))
    if not place.person.is_service and not (known is not None and known.people):
        raise DirectoryRefused(_("A person cannot hold this role."))
    return place


def _group(organization_id: UUID, group_id: UUID, role: str) -> Group:
    """Return the group, with its members entered as people where they are known here: an address holds no role."""
    group = Group.objects.within(organization_id).select_for_update().filter(id=group_id).first()
    if group is None:
        raise NotHere(_("There is no such group in this organization."))
    if role not in ROLES or not ROLES[role].people:
        raise DirectoryRefused(_("A group cannot hold this role."))
    enter_as_people(organization_id, group_id)
    return group
