"""Which read permissions somebody sees, with what was read by each."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal import clock
from portal.usecases.caller import Caller
from portal.usecases.read_permissions.answer import may_approve, may_withdraw, sees, sees_all
from protection.selectors.read_permissions import (
    PermissionFacts,
    ReadDocument,
    documents_read,
    last_used,
    permission_facts,
    permissions,
    read_by,
)


@dataclass(frozen=True, slots=True)
class VisiblePermission:
    """One permission in a list; ``used_at`` is when something was last read by it, None for never."""

    facts: PermissionFacts
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class VisiblePermissions:
    """Permissions that the caller sees, newest first; ``all`` tells whether these are everybody's."""

    rows: tuple[VisiblePermission, ...]
    all: bool


@dataclass(frozen=True, slots=True)
class ShownPermission:
    """One permission with a page of what was read by it, and what the reader may do with it now.

    ``next_place`` continues the list of documents, 0 at its end.
    """

    facts: PermissionFacts
    read: tuple[ReadDocument, ...]
    next_place: int
    documents: int
    used_at: datetime | None
    active: bool
    approves: bool
    declines: bool
    withdraws: bool
    renews: bool
    reports: bool


def visible_permissions(
    *, caller: Caller, state: str = "", limit: int = 50, before: int | None = None
) -> VisiblePermissions:
    """Return permissions, newest first: all by role, else those of the application that asks."""
    holder = None if sees_all(caller) else caller.person
    found = permissions(holder=holder, state=state, limit=limit, before=before)
    used = last_used([one.id for one in found])
    return VisiblePermissions(tuple(VisiblePermission(one, used.get(one.id)) for one in found), holder is None)


def visible_permission(*, caller: Caller, permission_id: UUID, limit: int = 50, after: int = 0) -> ShownPermission:
    """Return one permission to administrators, auditors and the application.  Raises NotFound for everybody else."""
    found = permission_facts(permission_id)
    if not sees(caller, found):
        raise NotFound(message("There is no such read permission, or you may not see it."))
    read = read_by(permission_id, limit=limit, after=after)
    waits, now = found.state == "waiting", clock.now()
    return ShownPermission(
        facts=found,
        read=tuple(one for _, one in read),
        next_place=read[-1][0] if len(read) == limit else 0,
        documents=documents_read(permission_id),
        used_at=last_used([permission_id]).get(permission_id),
        active=found.is_active(now),
        approves=waits and may_approve(caller, found),
        declines=waits and caller.may(Permission.SUPER_USERS_APPROVE) and caller.person != found.asked_by,
        withdraws=may_withdraw(caller, found, now),
        renews=not waits and caller.may(Permission.APPLICATIONS_MANAGE),
        reports=found.starts is not None and sees_all(caller),
    )
