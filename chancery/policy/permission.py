"""What somebody may be permitted to do in an organization: one list with one grammar, ``objects:verb``.

It stands at the bottom, since the packages that judge permissions do not know each other.  No permission opens content:
reading a document is decided by its policy or a super-user grant (docs/protocol.md P18).
"""

from enum import StrEnum


class Permission(StrEnum):
    """Every permission, in the order of the alphabet."""

    APPLICATIONS_MANAGE = "applications:manage"
    AUDIT_READ = "audit:read"
    DOCUMENTS_HAND_OVER = "documents:hand-over"
    DOCUMENTS_READ_ALL = "documents:read-all"
    DOCUMENTS_REVOKE = "documents:revoke"
    DOMAINS_MANAGE = "domains:manage"
    FILES_PROTECT = "files:protect"
    FILES_PROTECT_FOR_OTHERS = "files:protect-for-others"
    GROUPS_MANAGE = "groups:manage"
    GROUPS_READ = "groups:read"
    KEYS_MANAGE = "keys:manage"
    KEYS_READ = "keys:read"
    NAMES_ANSWER = "names:answer"
    PEOPLE_MANAGE = "people:manage"
    PEOPLE_READ = "people:read"
    ROLES_MANAGE = "roles:manage"
    SERVICE_SWITCH = "service:switch"
    SETTINGS_MANAGE = "settings:manage"
    SETTINGS_READ = "settings:read"
    SUPER_USERS_APPROVE = "super-users:approve"
    SUPER_USERS_MANAGE = "super-users:manage"
    TEMPLATES_MANAGE = "templates:manage"
    TEMPLATES_READ = "templates:read"
