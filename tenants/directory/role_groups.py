"""What guards roles: only who may manage them changes a group that holds one, and nobody gives one to themselves.

A group that lies in one which holds a role is meant too.  Otherwise whoever manages groups, a directory application or
a provider's connection could make anybody an administrator.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.errors import NotPermitted
from tenants.directory.models import RoleAssignment
from tenants.directory.selectors.roles import held_roles

_BEFORE: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def given_by_groups(organization_id: UUID, groups: Iterable[UUID]) -> tuple[str, ...]:
    """Return the roles that the groups hold now."""
    rows = RoleAssignment.objects.within(organization_id).filter(group_id__in=list(groups))
    in_force = rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=Now()))
    return tuple(in_force.order_by("role").values_list("role", flat=True).distinct())


def giving_roles(organization_id: UUID, groups: Iterable[UUID]) -> set[UUID]:
    """Return those of the groups that hold a role now."""
    rows = RoleAssignment.objects.within(organization_id).filter(group_id__in=list(groups))
    in_force = rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=Now()))
    return {row.group_id for row in in_force if row.group_id is not None}


def require_role_manager(organization_id: UUID, groups: Iterable[UUID], actor: Actor) -> bool:
    """Let pass who may manage roles; return whether one of the groups holds one.  Raises NotPermitted.

    ``groups`` are a group and those that contain it.
    """
    gives = bool(given_by_groups(organization_id, groups))
    if gives and not actor.manages_roles:
        raise NotPermitted(
            _("The group's members hold a role by it. Only who may manage roles can change it; ask an administrator.")
        )
    return gives


@contextmanager
def refusing_own_gain(organization_id: UUID, actor: Actor) -> Iterator[None]:
    """Make the change of the block unless its actor comes to hold a role by it, or for longer.  Raises NotPermitted."""
    if actor.person_id is None:
        yield
        return
    before = _until(organization_id, actor.person_id)
    yield
    after = _until(organization_id, actor.person_id)
    if any(role not in before or before[role] < until for role, until in after.items()):
        raise NotPermitted(_("Nobody gives themselves a role. Ask another administrator to give it to you."))


def _until(organization_id: UUID, person_id: UUID) -> dict[str, datetime]:
    """Return until when somebody holds each of their roles, by whichever way lasts longest."""
    found: dict[str, datetime] = {}
    for one in held_roles([organization_id], people=[person_id]):
        found[one.role] = max(one.ends_at or _NEVER, found.get(one.role, _BEFORE))
    return found
