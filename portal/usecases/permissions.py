"""What is refused for want of a permission, and which permissions are administrative."""

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
