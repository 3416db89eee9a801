"""Change a group: its name, its members, or whether it is archived."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import note
from tenants.directory.errors import NotHere
from tenants.directory.members import Member, add_members, held_by, remove_members
from tenants.directory.models import Group
from tenants.directory.selectors.groups import GroupFacts, group_in
from tenants.directory.withdrawals import people_below, withdraw


@transaction.atomic
def change_group(
    *,
    organization_id: UUID,
    group_id: UUID,
    name: str | None = None,
    description: str | None = None,
    add: Iterable[Member] = (),
    remove: Iterable[Member] = (),
    archived: bool | None = None,
    actor: Actor,
) -> GroupFacts:
    """Apply the given parts of the change; what is not given stays.  The address never changes: policies name it."""
    group = Group.objects.within(organization_id).select_for_update().filter(id=group_id).first()
    if group is None:
        raise NotHere(_("There is no such group in this organization."))
    adding, removing = list(add), list(remove)
    remove_members(group, removing)
    add_members(group, adding)
    if name is not None:
        group.name = naming.one_line(name) or group.name
    if description is not None:
        group.description = description
    if archived is not None:
        # Archiving takes what the group gave; once it is archived no more, it may shut out of something.
        withdraw(people_below([group_id]), groups=held_by(group_id), joined=not archived)
        group.archived_at = timezone.now() if archived else None
    group.version += 1
    group.save(update_fields=["name", "description", "archived_at", "version"])
    note(
        kind="group.changed",
        organizations=[organization_id],
        actor=actor,
        title=group.address,
        details={
            "group": str(group_id),
            "added": len(adding),
            "removed": len(removing),
            "archived": group.archived_at is not None,
        },
    )
    return group_in(organization_id, group_id)
