"""Giving and taking roles: an administrator's affair, unless an application was given that permission itself.

An application that provisions people must not be able to make its maker an administrator, nor to shut the others out.
So roles take a permission of their own, which an application is given only by an administrator who signed in with a
second factor; whatever an application then does to roles is mailed to every administrator.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chancery.policy.permission import Permission
from portal.notifications.mails import mail_role_changed
from portal.usecases.caller import Caller
from portal.usecases.known_secrets import notify_of_known_secrets
from portal.usecases.permissions import PermissionMissing
from portal.words.roles import roles_in_words
from tenants.directory.errors import NotPermitted
from tenants.directory.members import held_by
from tenants.directory.role_groups import given_by_groups
from tenants.directory.roles import ADMINISTRATOR, PLACES, USER, permissions_of
from tenants.directory.selectors.people import PersonFacts, people_in, person_in
from tenants.directory.services.change_role import change_role as change_role_service
from tenants.directory.services.disable_person import disable_person as disable_person_service
from tenants.directory.services.enable_person import enable_person as enable_person_service

_ALL: Final = 10_000


def given(person: PersonFacts) -> bool:
    """Tell whether a person holds a role beside the one of their place; those of applications are no affair of this."""
    return not person.is_service and not set(person.roles) <= set(PLACES)


def require_roles(caller: Caller, *, concerned: bool) -> None:
    """Let pass who may manage roles, and anybody when no role is concerned.  Raises NotPermitted."""
    if concerned and not caller.may(Permission.ROLES_MANAGE):
        raise PermissionMissing(
            Permission.ROLES_MANAGE,
            _("This application may not change who is an administrator or auditor. Ask an administrator to do it."),
        )


def require_scope(caller: Caller, person: PersonFacts) -> None:
    """Let pass who may shut this person out or let them in again; roles and applications take another permission.

    Raises NotPermitted.
    """
    require_roles(caller, concerned=given(person))
    if person.is_service and not caller.may(Permission.APPLICATIONS_MANAGE):
        raise PermissionMissing(
            Permission.APPLICATIONS_MANAGE,
            _("This is an application. Only who may manage applications can do this."),
        )


@transaction.atomic
def change_role(*, caller: Caller, person_id: UUID, role: str, reason: str = "") -> bool:
    """Give a person another role; return whether anything changed.  Raises DirectoryRefused."""
    before = person_in(caller.organization, person_id)
    require_roles(caller, concerned=role != USER or given(before))
    changed = change_role_service(
        organization_id=caller.organization,
        person_id=person_id,
        role=role,
        reason=reason,
        actor=caller.directory_actor,
    )
    if changed:
        notify_of_role(caller, person_in(caller.organization, person_id))
        if ADMINISTRATOR in before.roles:
            notify_of_known_secrets(caller, before)
    return changed


@transaction.atomic
def disable_person(*, caller: Caller, person_id: UUID, reason: str) -> bool:
    """Disable a person; whom a role was given only by who may manage roles, since it takes the role out of use."""
    person = person_in(caller.organization, person_id)
    require_scope(caller, person)
    disabled = disable_person_service(
        organization_id=caller.organization, person_id=person_id, reason=reason, actor=caller.directory_actor
    )
    if disabled:
        notify_of_known_secrets(caller, person)
    return disabled


@transaction.atomic
def enable_person(*, caller: Caller, person_id: UUID) -> bool:
    """Enable a person again; with a role only by who may manage roles, since it brings the role back."""
    require_scope(caller, person_in(caller.organization, person_id))
    return enable_person_service(organization_id=caller.organization, person_id=person_id, actor=caller.directory_actor)


def require_second_factor(caller: Caller, roles: Sequence[str]) -> None:
    """Let pass who may give these roles to an application: the managing of roles takes a second factor.

    Raises NotPermitted.
    """
    if Permission.ROLES_MANAGE in permissions_of(roles) and not caller.used_second_factor:
        raise NotPermitted(
            _("Only an administrator who signed in with a second factor can let an application manage roles.")
        )


def notify_of_role(caller: Caller, person: PersonFacts) -> None:
    """Mail every administrator that an application has changed somebody's role."""
    _notify(caller, person.email or person.name, person.roles)


def notify_of_group(caller: Caller, group_id: UUID, address: str) -> None:
    """Mail every administrator that an application has given a group a role, or changed one that holds a role."""
    if caller.is_application:
        roles = given_by_groups(caller.organization, held_by(group_id))
        if roles:
            _notify(caller, address, roles)


def _notify(caller: Caller, whom: str, roles: Sequence[str]) -> None:
    if not caller.is_application:
        return
    administrators = people_in(caller.organization, roles=[ADMINISTRATOR], limit=_ALL)
    recipients = [one for one in administrators if one.email and not one.disabled]
    mail_role_changed(recipients, application=caller.name, whom=whom, roles=partial(roles_in_words, roles))
