"""Change what a person may do in the organization's pages."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.administrators import locked_membership, require_another
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused
from tenants.directory.known_secrets import note_known_secrets
from tenants.directory.models import Membership
from tenants.events import DirectoryKind


@transaction.atomic
def change_role(*, organization_id: UUID, person_id: UUID, role: str, reason: str = "", actor: Actor) -> bool:
    """Give the person another role; return whether anything changed.

    Moment and giver are kept: a role that changed within a day disqualifies an approver (docs/protocol.md P21), and for
    some days a person who gave a role counts as one with the person who got it (P18).
    """
    wanted = Membership.Role(role)
    membership = locked_membership(organization_id, person_id)
    if membership.role == wanted:
        return False
    if membership.guest:
        raise DirectoryRefused(_("A guest holds no role."))
    if membership.person.is_service and wanted == Membership.Role.GLOBAL_ADMINISTRATOR:
        raise DirectoryRefused(_("An application cannot be the organization's global administrator."))
    require_another(membership)
    before = membership.role
    membership.role = wanted
    membership.role_changed_at = timezone.now()
    membership.role_given_by = actor.person_id
    membership.save(update_fields=["role", "role_changed_at", "role_given_by"])
    note(
        kind=DirectoryKind.ROLE_CHANGED,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[membership.known_address],
        title=membership.known_name,
        details={"before": before, "after": str(wanted), **({"reason": reason} if reason else {})},
    )
    if before == Membership.Role.GLOBAL_ADMINISTRATOR:
        note_known_secrets(membership, actor)
    return True
