"""Delete a group that no policy denies anything to."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.members import held_by
from tenants.directory.models import Group
from tenants.directory.revocations import people_below, record_revocation
from tenants.directory.role_groups import require_role_manager
from tenants.events import DirectoryKind


@transaction.atomic
def delete_group(*, organization_id: UUID, group_id: UUID, named_by_a_denial: bool, actor: Actor) -> None:
    """Delete the group, or refuse when a deny entry names it: then it can only be archived (docs/protocol.md P19).

    This package knows no policies, so the interface asks the protection package and passes the answer.
    """
    group = Group.objects.within(organization_id).select_for_update().filter(id=group_id).first()
    if group is None:
        raise NotHere(_("There is no such group in this organization."))
    require_role_manager(organization_id, held_by(group_id), actor)
    if named_by_a_denial:
        raise DirectoryRefused(_("A policy denies something to this group; it can be archived, not deleted."))
    record_revocation(people_below([group_id]), groups=held_by(group_id))
    address_holders.unlink_address(group.address, group.id)
    group.delete()
    note(
        kind=DirectoryKind.GROUP_DELETED,
        organizations=[organization_id],
        actor=actor,
        title=group.address,
        details={"group": str(group_id)},
    )
