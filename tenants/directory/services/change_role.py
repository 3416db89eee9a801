"""Change what a person may do in the organization's pages: one role instead of those that they were given."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.administrators import locked_membership, require_another
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused
from tenants.directory.known_secrets import note_known_secrets
from tenants.directory.models import RoleAssignment
from tenants.directory.role_groups import refusing_own_gain
from tenants.directory.role_receipts import remember_roles
from tenants.directory.roles import ADMINISTRATOR, OF_PEOPLE, USER
from tenants.events import DirectoryKind


@transaction.atomic
def change_role(*, organization_id: UUID, person_id: UUID, role: str, reason: str = "", actor: Actor) -> bool:
    """Give the person a role without an end instead of what they were given; return whether anything changed.

    ``user`` is to hold none.  What they hold by groups stays.  Giver and moment are kept: for some days a person who
    gave a role counts as one with the person who got it (docs/protocol.md P18).
    """
    membership = locked_membership(organization_id, person_id)
    wanted = [] if role == USER else [role]
    rows = RoleAssignment.objects.within(organization_id).select_for_update().filter(person_id=person_id)
    given = list(rows.order_by("role"))
    if [one.role for one in given if one.ends_at is None] == wanted and len(given) == len(wanted):
        return False
    if membership.guest:
        raise DirectoryRefused(_("A guest holds no role."))
    if membership.person.is_service or role not in {*OF_PEOPLE, USER}:
        raise DirectoryRefused(
            _("An application cannot hold this role.")
            if membership.person.is_service
            else _("A person cannot hold this role.")
        )
    before = [one.role for one in given]
    if ADMINISTRATOR in before and role != ADMINISTRATOR:
        require_another(membership)
    rows.exclude(role__in=wanted).delete()
    whom: dict[str, Any] = {"organization_id": organization_id, "person_id": person_id, "group": None}
    values = {"given_by": actor.person_id, "reason": reason[:500], "ends_at": None, "warned_at": None}
    with refusing_own_gain(organization_id, actor):
        for one in wanted:
            RoleAssignment.objects.of_installation().update_or_create(**whom, role=one, defaults=values)
    if wanted:
        remember_roles(organization_id, [person_id], actor)
    note(
        kind=DirectoryKind.ROLE_CHANGED,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[membership.known_address],
        title=membership.known_name,
        details={"before": ",".join(before) or USER, "after": role, **({"reason": reason} if reason else {})},
    )
    if ADMINISTRATOR in before and role != ADMINISTRATOR:
        note_known_secrets(membership, actor)
    return True
