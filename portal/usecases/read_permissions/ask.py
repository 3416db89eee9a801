"""Ask for a read permission of an application."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.languages import grouped
from portal.notifications.read_permissions import mail_permission_asked
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.independence import independent_people
from portal.usecases.read_permissions.consequences import effects_in_words
from portal.usecases.scopes import ScopeRequest, covered_in_words, group_meant, scope_meant
from portal.usecases.super_users.watching import auditors
from portal.words.read_permissions import people_in_words, permission_in_words
from protection.models import ReadPermissionKind
from protection.selectors.scopes import Scope
from protection.services.read_permissions import ask_permission
from tenants.directory.selectors.domains import ApplicationFacts, application_of_client
from tenants.directory.selectors.people import membership_at, people_known_as
from tenants.organizations.selectors import OrganizationFacts

DAYS: Final = 90
"""How long a permission lasts where nobody says otherwise: a quarter, after which somebody looks at it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionRequest(ScopeRequest):
    """What is asked for an application, named by its client id.

    ``people`` are addresses of members for whom it reads, ``people_group`` is the address of a group of them; without
    both a permission to read for people is for every member.
    """

    application: str
    kind: str = ReadPermissionKind.ALL
    people: tuple[str, ...] = ()
    people_group: str = ""
    days: int = DAYS
    case: str = ""


@dataclass(frozen=True, slots=True)
class _Meant:
    application: ApplicationFacts
    scope: Scope
    people: tuple[tuple[UUID, str], ...]
    people_group: UUID | None


def ask(*, caller: Caller, organization: OrganizationFacts, requested: PermissionRequest, stated: Stated) -> Effect:
    """Ask for a permission, once what it covers was seen.

    Raises NotFound, SeveralOwners, InvalidPolicy and what ``require_confirmation`` raises.
    """
    meant = _meant(organization, requested)
    approvers = independent_people(caller.organization, caller.person, Permission.SUPER_USERS_APPROVE)
    reason = require_confirmation(_question(requested, meant), stated)
    with transaction.atomic():
        made = ask_permission(
            actor=caller.actor,
            application=meant.application.person_id,
            name=meant.application.name,
            kind=ReadPermissionKind(requested.kind),
            scope=meant.scope,
            days=requested.days,
            reason=reason,
            case=requested.case,
            people=meant.people,
            people_group=meant.people_group,
            people_group_address=requested.people_group,
        )
        covered = partial(permission_in_words, made)
        mail_permission_asked(auditors(caller.organization), approvers, made, covered, organization=organization)
    nobody = _("Nobody can approve it now: no administrator is independent of you.")
    return effect(
        True,
        _("Read permission {number} waits for the approval of another administrator.").format(number=made.number),
        "",
        *(() if approvers else (nobody,)),
        permission=str(made.id),
        number=made.number,
        state=made.state,
    )


def _meant(organization: OrganizationFacts, requested: PermissionRequest) -> _Meant:
    application = application_of_client(requested.application)
    if application is None or application.organization_id != organization.id or application.disabled:
        raise NotFound(
            message("There is no enabled application {name} here.", name=requested.application),
            remedy=message("Name the client id of an application: chancery application list"),
        )
    people = people_known_as(organization.id, requested.people) if requested.people else {}
    for address in requested.people:
        place = None if address not in people else membership_at(organization.id, people[address])
        if place is None or place.guest:
            raise NotFound(
                message("There is no member with the address {address} here.", address=address),
                remedy=message("An application reads for members only; guests and others open documents themselves."),
            )
    group = group_meant(organization.id, requested.people_group).id if requested.people_group else None
    return _Meant(
        application,
        scope_meant(organization.id, requested),
        tuple((people[address], address) for address in requested.people),
        group,
    )


def _question(requested: PermissionRequest, meant: _Meant) -> ConfirmationPrompt:
    name = meant.application.name
    for_people = requested.kind == ReadPermissionKind.FOR_USER
    question = (
        _("Ask that {application} may read documents for people?")
        if for_people
        else _("Ask that {application} may read all of these documents?")
    )
    return ConfirmationPrompt(
        question=question.format(application=name),
        consequences=tuple(_consequences(requested, meant, for_people=for_people)),
        button=_("Ask for it"),
        confirm=name,
        needs_reason=True,
        needs_fresh=True,
        gives=True,
    )


def _consequences(requested: PermissionRequest, meant: _Meant, *, for_people: bool) -> Iterator[str]:
    yield from covered_in_words(meant.scope)
    if for_people:
        yield people_in_words(tuple(requested.people), requested.people_group)
    yield from effects_in_words(for_people=for_people)
    yield ngettext(
        "It lasts {number} day from its approval.", "It lasts {number} days from its approval.", requested.days
    ).format(number=grouped(requested.days))
    yield _("Another administrator has to approve it. Auditors get a mail now, and the reason is in it.")
