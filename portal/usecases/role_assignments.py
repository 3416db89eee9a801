"""Roles of people, groups and applications: who holds what and why, giving and ending (promises C52 and C53)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.languages import grouped
from portal.notifications.applications import mail_role_given
from portal.usecases import consequences
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, moment_in_words
from portal.usecases.effects import Effect, effect
from portal.usecases.known_secrets import notify_of_known_secrets
from portal.usecases.permissions import PermissionMissing
from portal.usecases.provisioning.connections import administrators
from portal.usecases.roles import notify_of_group, notify_of_role, require_second_factor
from portal.words.applications import consent_sentences
from portal.words.roles import role_in_words, sentence_of
from tenants import naming
from tenants.directory.revocations import people_below
from tenants.directory.roles import ADMINISTRATOR, GUEST, PLACES, ROLES, USER, permissions_of
from tenants.directory.selectors.domains import application_of_client
from tenants.directory.selectors.groups import group_at
from tenants.directory.selectors.people import PersonFacts, called_here, person_in, person_known_as
from tenants.directory.selectors.roles import (
    AssignmentFacts,
    HeldRole,
    assignment_in,
    assignments_in,
    held_roles,
)
from tenants.directory.services.end_role import end_role as end_role_service
from tenants.directory.services.give_role import give_role as give_role_service
from tenants.organizations.selectors import organization_by_id

NAMED: Final = 10
"""How many members of a group are named before they get a role."""


@dataclass(frozen=True, slots=True)
class ShownRoles:
    """A part of the roles that were given."""

    rows: tuple[AssignmentFacts, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """By what somebody has a permission: a role, given to them or to a group of which ``path`` leads to them."""

    role: str
    path: tuple[str, ...]
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class EffectiveRight:
    """One permission and everything that it comes from."""

    permission: Permission
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class EffectiveRights:
    """What somebody may do in the organization now, and by what; none of it opens content."""

    person: PersonFacts
    rights: tuple[EffectiveRight, ...]
    held: tuple[HeldRole, ...]


@dataclass(frozen=True, slots=True)
class _Whom:
    person: PersonFacts | None
    group_id: UUID | None
    called: str


def shown_roles(*, caller: Caller, role: str = "", after: UUID | None = None, limit: int = 50) -> ShownRoles:
    """Return who was given which role; ``after`` is the id of the last one seen.  Raises NotFound for no role."""
    if role and role not in ROLES:
        raise NotFound(message("There is no role called {role}.", role=role), remedy=_SEE)
    return ShownRoles(assignments_in(caller.organization, role=role, after=after, limit=limit))


def effective_rights(*, caller: Caller, person_id: UUID) -> EffectiveRights:
    """Return what a person or an application may do, each permission with all it comes from.  Raises NotHere."""
    person = person_in(caller.organization, person_id)
    held = held_roles([caller.organization], people=[person_id])
    place = () if person.is_service else (Source(GUEST if person.guest else USER, (), None),)
    sources = (*place, *(Source(one.role, one.path, one.ends_at) for one in held))
    may = frozenset[Permission]() if person.disabled else permissions_of(source.role for source in sources)
    rights = tuple(
        EffectiveRight(one, tuple(source for source in sources if one in ROLES[source.role].permissions))
        for one in sorted(may)
    )
    return EffectiveRights(person, rights, held)


def give_role(
    *, caller: Caller, role: str, whom: str, until: datetime | None = None, for_group: str = "", stated: Stated
) -> Effect:
    """Give a person, a group or an application a role; what it means is said first.

    ``whom`` is an address or a client id, ``for_group`` the address of the group for whose members alone an application
    may protect documents by it.  Raises NotFound, DirectoryRefused and what ``confirmed`` raises.
    """
    require_manager(caller)
    if role not in ROLES or role in PLACES:
        raise NotFound(message("There is no role called {role} that can be given.", role=role), remedy=_SEE)
    found = _named(caller.organization, whom)
    group = _group_meant(caller.organization, for_group)
    if found.person is not None and found.person.is_service:
        require_second_factor(caller, [role])

    def act(reason: str) -> AssignmentFacts | None:
        made = give_role_service(
            organization_id=caller.organization,
            role=role,
            person_id=None if found.person is None else found.person.id,
            group_id=found.group_id,
            for_group=group,
            ends_at=until,
            reason=reason,
            actor=caller.directory_actor,
        )
        if made is not None and found.person is not None:
            notify_of_role(caller, person_in(caller.organization, found.person.id))
            if found.person.is_service:
                _tell_administrators(caller, found.person, role, reason)
        if made is not None and found.group_id is not None:
            notify_of_group(caller, found.group_id, found.called)
        return made

    with transaction.atomic():
        made = confirmed(_giving(caller, role, found, until, for_group), stated, act)
    names = {"whom": found.called, "role": role_in_words(role)}
    done = _("{whom} has the role {role} now.").format(**names)
    if until is not None:
        done = _("{whom} has the role {role} until {when}.").format(**names, when=moment_in_words(until))
    return effect(made, done, _("{whom} has the role {role} already.").format(**names))


def end_role(*, caller: Caller, assignment: UUID, stated: Stated) -> Effect:
    """End a role that was given, at once.  Raises NotHere, LastAdministrator and what ``confirmed`` raises."""
    require_manager(caller)
    found = assignment_in(caller.organization, assignment)
    names = {"whom": found.whom, "role": role_in_words(found.role)}
    prompt = ConfirmationPrompt(
        question=_("Take the role {role} from {whom}?").format(**names),
        consequences=(
            _("What it permits ends at once. Roles that they hold otherwise stay, and what documents grant too."),
            *_held_by_group(caller, found.group_id),
        ),
        button=_("Take the role"),
        confirm=found.whom,
        typed=found.role == ADMINISTRATOR,
        needs_reason=True,
        needs_fresh=True,
    )
    concerned = [person_in(caller.organization, found.person_id)] if found.person_id is not None else []

    def act(reason: str) -> None:
        end_role_service(
            organization_id=caller.organization, assignment=assignment, reason=reason, actor=caller.directory_actor
        )
        for person in concerned:
            notify_of_role(caller, person_in(caller.organization, person.id))
            if found.role == ADMINISTRATOR:
                notify_of_known_secrets(caller, person)

    with transaction.atomic():
        confirmed(prompt, stated, act)
    return effect(True, _("{whom} no longer has the role {role}.").format(**names), "")


def require_manager(caller: Caller) -> None:
    """Let pass who may manage roles.  Raises PermissionMissing."""
    if not caller.may(Permission.ROLES_MANAGE):
        raise PermissionMissing(Permission.ROLES_MANAGE, _("Only who may manage roles can give or end one."))


def _giving(caller: Caller, role: str, found: _Whom, until: datetime | None, for_group: str) -> ConfirmationPrompt:
    """Say what giving a role does; an administrator is asked about as everywhere."""
    known = consequences.adding(found.called, role)
    ends = (_("It ends by itself on {when}.").format(when=moment_in_words(until)),) if until is not None else ()
    said = (sentence_of(role), _("Their role does not open content.")) if known is None else known.consequences
    if found.person is not None and found.person.is_service:
        said = consent_sentences(role, for_group)
    return ConfirmationPrompt(
        question=_("Give {whom} the role {role}?").format(whom=found.called, role=role_in_words(role)),
        consequences=(*said, *_held_by_group(caller, found.group_id), *ends),
        button=_("Give the role"),
        confirm=found.called,
        typed=role == ADMINISTRATOR,
        needs_reason=True,
        needs_fresh=True,
        gives=True,
    )


def _held_by_group(caller: Caller, group_id: UUID | None) -> Iterator[str]:
    if group_id is None:
        return
    people = sorted(called_here(caller.organization, people_below([group_id])).values())
    yield ngettext(
        "It is about {number} person in the group: {names}",
        "It is about {number} people in the group: {names}",
        len(people),
    ).format(number=grouped(len(people)), names=", ".join(people[:NAMED]) + ("…" if len(people) > NAMED else ""))
    yield _("A group that holds a role is changed only by who may manage roles.")


def _named(organization: UUID, whom: str) -> _Whom:
    """Return whom an address or a client id means.  Raises NotFound and NameRefused."""
    if "@" in whom:
        address = naming.address(whom)
        group = group_at(organization, address)
        if group is not None:
            return _Whom(None, group, address)
        person = person_known_as(organization, address)
        if person is not None:
            return _Whom(person_in(organization, person), None, address)
    else:
        application = application_of_client(whom)
        if application is not None and application.organization_id == organization and not application.disabled:
            return _Whom(person_in(organization, application.person_id), None, application.name)
    raise NotFound(
        message("There is no member, group or application {name} here.", name=whom),
        remedy=message("Name the address of a member or group, or the client id of an application."),
    )


def _group_meant(organization: UUID, address: str) -> UUID | None:
    """Return the group with an address, None for "".  Raises NotFound and NameRefused."""
    if not address.strip():
        return None
    group = group_at(organization, naming.address(address))
    if group is None:
        raise NotFound(
            message("There is no group {name} here.", name=address), remedy=message("Name the address of a group.")
        )
    return group


def _tell_administrators(caller: Caller, application: PersonFacts, role: str, reason: str) -> None:
    """Mail the other administrators what an application may do from now on."""
    organization = organization_by_id(caller.organization)
    readers = [one for one in administrators(caller.organization) if one.id != caller.person]
    if organization is not None:
        mail_role_given(
            readers,
            application=application.name,
            who=caller.address or caller.name,
            role=partial(sentence_of, role),
            reason=reason,
            page=f"{organization.origin}{reverse('roles')}",
        )


_SEE: Final = message("See: chancery role explain")
