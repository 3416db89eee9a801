"""What a role may do: one table.

Whatever is not in the table is refused.  No permission here opens content: reading a document is decided by its policy
or a super-user grant, and an administrator's role narrows and restores but never widens (docs/protocol.md P18).  Who
approves a grant never holds it (P21).
"""

from collections.abc import Mapping
from types import MappingProxyType

from chancery.policy.permission import Permission
from tenants.directory.errors import NotPermitted

ADMINISTRATIVE: frozenset[Permission] = frozenset(Permission) - {
    Permission.FILES_PROTECT,
    Permission.FILES_PROTECT_FOR_OTHERS,
    Permission.TEMPLATES_READ,
}
"""Those of administrators and auditors: trying something without them is an event."""


class PermissionMissing(NotPermitted):
    """What somebody asked for takes a permission that they do not have, beside the one that the interface asks for."""

    def __init__(self, permission: Permission, why: str) -> None:
        super().__init__(why)
        self.permission = permission


_GUEST: frozenset[Permission] = frozenset()
_USER = _GUEST | {Permission.FILES_PROTECT, Permission.TEMPLATES_READ}
_AUDITOR = _USER | {
    Permission.AUDIT_READ,
    Permission.DOCUMENTS_READ_ALL,
    Permission.GROUPS_READ,
    Permission.KEYS_READ,
    Permission.PEOPLE_READ,
    Permission.SETTINGS_READ,
}

ROLES: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        "auditor": frozenset(_AUDITOR),
        "global_administrator": frozenset(Permission),
        "guest": frozenset(_GUEST),
        "user": frozenset(_USER),
    }
)

APPLICATION_ROLES: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        "connector": frozenset(
            {Permission.FILES_PROTECT, Permission.FILES_PROTECT_FOR_OTHERS, Permission.TEMPLATES_READ}
        ),
        "directory": frozenset(
            {Permission.GROUPS_MANAGE, Permission.GROUPS_READ, Permission.PEOPLE_MANAGE, Permission.PEOPLE_READ}
        ),
        "groups": frozenset({Permission.GROUPS_MANAGE, Permission.GROUPS_READ, Permission.PEOPLE_READ}),
        "people": frozenset({Permission.PEOPLE_MANAGE, Permission.PEOPLE_READ}),
        "reporter": frozenset({Permission.AUDIT_READ, Permission.DOCUMENTS_READ_ALL}),
        "roles": frozenset({Permission.PEOPLE_READ, Permission.ROLES_MANAGE}),
    }
)


def of_place(*, role: str, guest: bool, disabled: bool) -> frozenset[Permission]:
    """Return what a person may do by their place in an organization; an unknown role may nothing."""
    if disabled:
        return frozenset()
    return ROLES["guest"] if guest else ROLES.get(role, frozenset())


def of_application(roles: tuple[str, ...]) -> frozenset[Permission]:
    """Return what an application may do; without a role it may nothing but be granted documents like anybody."""
    return frozenset().union(*(APPLICATION_ROLES.get(role, frozenset()) for role in roles))
