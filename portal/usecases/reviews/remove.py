"""Take away what a review found, by the service of the thing itself: with its guards, and as its event."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from portal.usecases.caller import Caller
from portal.usecases.known_secrets import notify_of_known_secrets
from portal.usecases.permissions import PermissionMissing
from portal.usecases.read_permissions.answer import told_of_end
from portal.usecases.reviews.gather import OF_ADDRESS, OF_GROUP, OF_PERSON
from portal.usecases.roles import notify_of_group, notify_of_role
from protection.models import ReviewKind
from protection.selectors.reviews import ItemFacts
from protection.selectors.super_users import super_user_settings
from protection.services.read_permissions import PermissionAnswered, withdraw_permission
from protection.services.super_users import choose_group, remove_super_user
from tenants.directory.errors import NotHere
from tenants.directory.members import Member
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.domains import application_of_client
from tenants.directory.selectors.held import held_through_groups
from tenants.directory.selectors.people import person_in
from tenants.directory.services.change_group import change_group
from tenants.directory.services.disable_application import disable_application
from tenants.directory.services.end_role import end_role
from tenants.organizations.selectors import organization_by_id

TAKES: Final[Mapping[str, Permission]] = {
    ReviewKind.ROLES: Permission.ROLES_MANAGE,
    ReviewKind.SUPER_USERS: Permission.SUPER_USERS_MANAGE,
    ReviewKind.READ_PERMISSIONS: Permission.APPLICATIONS_MANAGE,
    ReviewKind.APPLICATIONS: Permission.APPLICATIONS_MANAGE,
    ReviewKind.GUESTS: Permission.GROUPS_MANAGE,
    ReviewKind.GROUPS: Permission.GROUPS_MANAGE,
}
"""What it takes to remove something of a kind, and so to answer about it."""


def is_own(caller: Caller, item: ItemFacts) -> bool:
    """Tell whether an item is the caller's own: theirs, their group's, or what they asked for."""
    if caller.person == item.person:
        return True
    named, _, subject = item.subject.partition(":")
    if f"{named}:" == OF_ADDRESS:
        return subject in caller.known_as
    of_group = subject if f"{named}:" == OF_GROUP else str(item.group) if item.kind == ReviewKind.ROLES else ""
    groups = [UUID(of_group)] if of_group not in {"", "None"} else []
    return bool(groups) and caller.person in held_through_groups(caller.organization, groups)


def removed(*, caller: Caller, item: ItemFacts, reason: str) -> bool:
    """Take away what an item is about; return False where it had ended otherwise.

    Raises PermissionMissing, LastAdministrator, NotPermitted and what else the service of the thing raises.
    """
    needed = TAKES[item.kind]
    if not caller.may(needed):
        raise PermissionMissing(needed, _("Your role does not let you take this away."))
    try:
        return _REMOVE[item.kind](caller, item, reason)
    except (NotHere, NotFound, PermissionAnswered):
        return False


def _role(caller: Caller, item: ItemFacts, reason: str) -> bool:
    end_role(
        organization_id=caller.organization,
        assignment=UUID(item.subject),
        reason=reason,
        actor=caller.directory_actor,
    )
    if item.person is not None:
        person = person_in(caller.organization, item.person)
        notify_of_role(caller, person)
        if item.what == ADMINISTRATOR:
            notify_of_known_secrets(caller, person)
    return True


def _super_user(caller: Caller, item: ItemFacts, _reason: str) -> bool:
    if item.subject.startswith(OF_GROUP):
        same = super_user_settings().group == item.group
        return same and choose_group(actor=caller.actor, group=None)
    return remove_super_user(actor=caller.actor, person=UUID(item.subject.removeprefix(OF_PERSON)))


def _read_permission(caller: Caller, item: ItemFacts, reason: str) -> bool:
    made = withdraw_permission(actor=caller.actor, permission=UUID(item.subject), reason=reason)
    organization = organization_by_id(caller.organization)
    if organization is not None:
        told_of_end(organization, made)
    return True


def _application(caller: Caller, item: ItemFacts, reason: str) -> bool:
    found = application_of_client(item.subject)
    if found is None or found.disabled or found.organization_id != caller.organization:
        return False
    disable_application(
        organization_id=caller.organization, client_id=item.subject, reason=reason, actor=caller.directory_actor
    )
    return True


def _member(caller: Caller, item: ItemFacts, _reason: str) -> bool:
    if item.group is None:
        return False
    change = change_group(
        organization_id=caller.organization,
        group_id=item.group,
        remove=[_member_of(item.subject)],
        actor=caller.directory_actor,
    )
    if change.changed:
        notify_of_group(caller, item.group, item.what)
    return change.changed


def _member_of(subject: str) -> Member:
    kind, _, named = subject.partition(":")
    if f"{kind}:" == OF_PERSON:
        return Member(person_id=UUID(named))
    return Member(group_id=UUID(named)) if f"{kind}:" == OF_GROUP else Member(address=named)


_REMOVE: Final[Mapping[str, Callable[[Caller, ItemFacts, str], bool]]] = {
    ReviewKind.ROLES: _role,
    ReviewKind.SUPER_USERS: _super_user,
    ReviewKind.READ_PERMISSIONS: _read_permission,
    ReviewKind.APPLICATIONS: _application,
    ReviewKind.GUESTS: _member,
    ReviewKind.GROUPS: _member,
}
