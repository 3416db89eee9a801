"""Roles and permissions in words: the names, and what each lets people do, as screens, commands and handbook say it."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chancery.policy.permission import Permission
from tenants.directory.roles import ADMINISTRATOR, AUDITOR, GUEST, SUPER_USER_APPROVER, USER

NAMES: Final[Mapping[str, Promise]] = {
    USER: gettext_lazy("user"),
    GUEST: gettext_lazy("guest"),
    AUDITOR: gettext_lazy("auditor"),
    ADMINISTRATOR: gettext_lazy("administrator"),
    "key_manager": gettext_lazy("key manager"),
    "template_editor": gettext_lazy("template editor"),
    SUPER_USER_APPROVER: gettext_lazy("super-user approver"),
    "support_reader": gettext_lazy("support reader"),
    "connector": gettext_lazy("connector"),
    "writer": gettext_lazy("writer"),
    "directory": gettext_lazy("directory application"),
    "groups": gettext_lazy("groups application"),
    "people": gettext_lazy("people application"),
    "reporter": gettext_lazy("reporting application"),
    "roles": gettext_lazy("roles application"),
}
SENTENCES: Final[Mapping[str, Promise]] = {
    USER: gettext_lazy("Protects and opens documents. Every member is one."),
    GUEST: gettext_lazy("Opens what was granted to them, and manages nothing."),
    AUDITOR: gettext_lazy("Also reads the audit log and everybody's documents' history; changes nothing."),
    ADMINISTRATOR: gettext_lazy("Manages everything; cannot open content by role."),
    "key_manager": gettext_lazy("Also makes, rotates and archives the organization's keys."),
    "template_editor": gettext_lazy("Also makes, changes and archives templates and labels."),
    SUPER_USER_APPROVER: gettext_lazy("Also approves the grants of super users, and never their own."),
    "support_reader": gettext_lazy(
        "Also sees people, groups, settings and the facts of all documents, to help others; changes nothing."
    ),
    "connector": gettext_lazy("A program that protects files, also in the name of people."),
    "writer": gettext_lazy("A program that protects files, which it then owns itself."),
    "directory": gettext_lazy("A program that manages people and groups, but gives no roles."),
    "groups": gettext_lazy("A program that manages groups, but none that holds a role."),
    "people": gettext_lazy("A program that adds, disables and enables people, but gives no roles."),
    "reporter": gettext_lazy("A program that reads the audit log and everybody's documents' history."),
    "roles": gettext_lazy("A program that gives and ends roles; every administrator is mailed what it does."),
}
PERMISSIONS: Final[Mapping[Permission, Promise]] = {
    Permission.APPLICATIONS_MANAGE: gettext_lazy("Make and disable applications"),
    Permission.AUDIT_READ: gettext_lazy("Read the audit log"),
    Permission.DOCUMENTS_HAND_OVER: gettext_lazy("Hand over other people's documents"),
    Permission.DOCUMENTS_READ_ALL: gettext_lazy("See the facts of all documents"),
    Permission.DOCUMENTS_REVOKE: gettext_lazy("Take access to all documents back"),
    Permission.DOMAINS_MANAGE: gettext_lazy("Claim and release mail domains"),
    Permission.FILES_PROTECT: gettext_lazy("Protect files"),
    Permission.FILES_PROTECT_FOR_OTHERS: gettext_lazy("Protect files in the name of others"),
    Permission.GROUPS_MANAGE: gettext_lazy("Make, change and delete groups"),
    Permission.GROUPS_READ: gettext_lazy("See groups and their members"),
    Permission.KEYS_MANAGE: gettext_lazy("Make, rotate and archive keys"),
    Permission.KEYS_READ: gettext_lazy("See which keys there are"),
    Permission.NAMES_ANSWER: gettext_lazy("Decide about showing hidden names"),
    Permission.PEOPLE_MANAGE: gettext_lazy("Add, disable and remove people"),
    Permission.PEOPLE_READ: gettext_lazy("See people and applications"),
    Permission.ROLES_MANAGE: gettext_lazy("Give and end roles"),
    Permission.SERVICE_SWITCH: gettext_lazy("Switch the protection service on and off"),
    Permission.SETTINGS_MANAGE: gettext_lazy("Change settings"),
    Permission.SETTINGS_READ: gettext_lazy("See settings"),
    Permission.SUPER_USERS_APPROVE: gettext_lazy("Approve super-user grants"),
    Permission.SUPER_USERS_MANAGE: gettext_lazy("Say who may ask for super-user grants"),
    Permission.TEMPLATES_MANAGE: gettext_lazy("Make and change templates and labels"),
    Permission.TEMPLATES_READ: gettext_lazy("Choose among templates"),
}


def role_in_words(role: str) -> str:
    """Return what a role is called; "" is no role, and one that is not known goes by its name."""
    return str(NAMES.get(role) or role or _("none"))


def roles_in_words(roles: Iterable[str]) -> str:
    """Return what roles are called, without the one of all members where there is another."""
    held = list(roles)
    shown = [role for role in held if role != USER] or held
    return ", ".join(role_in_words(role) for role in shown) or _("none")


def sentence_of(role: str) -> str:
    """Return what a role lets people do."""
    return str(SENTENCES.get(role, role))


def permission_in_words(permission: Permission) -> str:
    """Return what a permission lets somebody do."""
    return str(PERMISSIONS[permission])


def named_with_sentence(role: str) -> str | Promise:
    """Return what a role is called and lets people do, for those who choose one; lazily, since forms keep it."""
    return format_lazy("{}: {}", NAMES[role], SENTENCES[role]) if role in NAMES else role
