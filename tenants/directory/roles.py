"""What roles there are, what each permits, and who can hold it: the one table behind every judgement.

Whatever is not in the table is refused.  Several roles at once unite.  No role opens content (docs/protocol.md P18),
and who approves a grant never holds it (P21).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from chancery.policy.permission import Permission

ADMINISTRATOR: Final = "global_administrator"
AUDITOR: Final = "auditor"
SUPER_USER_APPROVER: Final = "super_user_approver"
USER: Final = "user"
GUEST: Final = "guest"
PLACES: Final = (GUEST, USER)
"""Roles that nobody is given: a guest and a member have them by their place."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a role permits, and whether people (also by a group) and applications can be given it."""

    permissions: frozenset[Permission]
    people: bool = False
    applications: bool = False


_USER: Final = frozenset({Permission.FILES_PROTECT, Permission.TEMPLATES_READ})
_READS: Final = frozenset(
    {Permission.DOCUMENTS_READ_ALL, Permission.GROUPS_READ, Permission.PEOPLE_READ, Permission.SETTINGS_READ}
)

ROLES: Final[Mapping[str, Role]] = MappingProxyType(
    {
        ADMINISTRATOR: Role(frozenset(Permission) - {Permission.NAMES_ANSWER}, people=True),
        "key_manager": Role(_USER | {Permission.KEYS_MANAGE, Permission.KEYS_READ}, people=True),
        "template_editor": Role(
            _USER | {Permission.TEMPLATES_MANAGE, Permission.GROUPS_READ, Permission.PEOPLE_READ}, people=True
        ),
        AUDITOR: Role(
            _USER | _READS | {Permission.AUDIT_READ, Permission.KEYS_READ, Permission.NAMES_ANSWER}, people=True
        ),
        SUPER_USER_APPROVER: Role(_USER | {Permission.SUPER_USERS_APPROVE}, people=True),
        "support_reader": Role(_USER | _READS, people=True, applications=True),
        "connector": Role(_USER | {Permission.FILES_PROTECT_FOR_OTHERS}, applications=True),
        "writer": Role(_USER, applications=True),
        "directory": Role(
            frozenset(
                {Permission.GROUPS_MANAGE, Permission.GROUPS_READ, Permission.PEOPLE_MANAGE, Permission.PEOPLE_READ}
            ),
            applications=True,
        ),
        "groups": Role(
            frozenset({Permission.GROUPS_MANAGE, Permission.GROUPS_READ, Permission.PEOPLE_READ}), applications=True
        ),
        "people": Role(frozenset({Permission.PEOPLE_MANAGE, Permission.PEOPLE_READ}), applications=True),
        "reporter": Role(frozenset({Permission.AUDIT_READ, Permission.DOCUMENTS_READ_ALL}), applications=True),
        "roles": Role(frozenset({Permission.PEOPLE_READ, Permission.ROLES_MANAGE}), applications=True),
        USER: Role(_USER),
        GUEST: Role(frozenset()),
    }
)
OF_PEOPLE: Final = tuple(name for name, role in ROLES.items() if role.people)
OF_APPLICATIONS: Final = tuple(name for name, role in ROLES.items() if role.applications)


FOR_A_GROUP: Final = ("connector",)
"""Roles that an application can be given for the members of one group alone."""


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """Return what roles permit together; an unknown one permits nothing.

    An auditor answers for those who are not administrators, so an administrator is never the independent one.
    """
    held = set(roles)
    found = frozenset[Permission]().union(*(ROLES[role].permissions for role in held if role in ROLES))
    return found - {Permission.NAMES_ANSWER} if ADMINISTRATOR in held else found


def roles_with(permission: Permission) -> frozenset[str]:
    """Return the roles that permit something."""
    return frozenset(name for name, role in ROLES.items() if permission in role.permissions)
