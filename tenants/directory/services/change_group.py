"""Change a group: its name, its members, or whether it is archived."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import members_changed, note
from tenants.directory.errors import NotHere
from tenants.directory.members import Member, add_members, held_by, remove_members
from tenants.directory.models import Group
from tenants.directory.revocations import people_below, record_revocation
from tenants.directory.role_groups import refusing_own_gain, require_role_manager
from tenants.directory.role_receipts import remember_roles
from tenants.directory.selectors.groups import GroupFacts, MemberFacts, group_in
from tenants.events import DirectoryKind


@dataclass(frozen=True, slots=True)
class GroupChange:
    """The group before and after a change."""

    before: GroupFacts
    after: GroupFacts

    @property
    def added(self) -> tuple[MemberFacts, ...]:
        """The direct members that it had not before."""
        return tuple(one for one in self.after.members if one not in self.before.members)

    @property
    def removed(self) -> tuple[MemberFacts, ...]:
        """The direct members that it has no more."""
        return tuple(one for one in self.before.members if one not in self.after.members)

    @property
    def changed(self) -> bool:
        """Tell whether anything differs."""
        return self.before != self.after


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
) -> GroupChange:
    """Apply the given parts of the change; what is not given stays.  The address never changes: policies name it.

    A group that holds a role is changed only by who may manage roles.  Raises NotHere and NotPermitted.
    A change that makes no difference is not recorded and does not raise the version.
    """
    group = Group.objects.within(organization_id).select_for_update().filter(id=group_id).first()
    if group is None:
        raise NotHere(_("There is no such group in this organization."))
    before = group_in(organization_id, group_id)
    remove_members(group, list(remove), actor)
    add_members(group, list(add), actor)
    if not (name is None and description is None and archived is None):
        gives = require_role_manager(organization_id, held_by(group_id), actor)
        if gives and archived is False and before.archived:
            remember_roles(organization_id, people_below([group_id]), actor)
    if name is not None:
        group.name = naming.one_line(name) or group.name
    if description is not None:
        group.description = description
    if archived is not None and archived != before.archived:
        # Archiving takes what the group gave; once it is archived no more, it may shut out of something.
        record_revocation(people_below([group_id]), groups=held_by(group_id), joined=not archived)
        group.archived_at = timezone.now() if archived else None
    with refusing_own_gain(organization_id, actor):
        group.save(update_fields=["name", "description", "archived_at"])
    change = GroupChange(before, group_in(organization_id, group_id))
    if not change.changed:
        return change
    group.version += 1
    group.save(update_fields=["version"])
    _note(organization_id, change, actor)
    return GroupChange(before, group_in(organization_id, group_id))


def _note(organization_id: UUID, change: GroupChange, actor: Actor) -> None:
    """Record the change."""
    before, after = change.before, change.after
    note(
        kind=DirectoryKind.GROUP_CHANGED,
        organizations=[organization_id],
        actor=actor,
        title=after.address,
        details={
            "group": str(after.id),
            "added": len(change.added),
            "removed": len(change.removed),
            **({"archived": after.archived} if after.archived != before.archived else {}),
        },
        changes=[
            *members_changed(added=change.added, removed=change.removed),
            *(
                {"member": member, "before": getattr(before, member), "after": getattr(after, member)}
                for member in ("name", "description")
                if getattr(before, member) != getattr(after, member)
            ),
        ],
    )
