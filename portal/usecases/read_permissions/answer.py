"""Approve a read permission, decline it, or withdraw it.

The approver is never who asked nor anybody who counts as one with them: else one administrator alone could read
everything by way of an application (decisions 15, 19 and 31).
"""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal import clock
from portal.languages import grouped
from portal.notifications.read_permissions import (
    mail_permission_approved,
    mail_permission_declined,
    mail_permission_over,
)
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, if_any, moment_in_words, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.independence import are_independent
from portal.usecases.read_permissions.consequences import effects_in_words
from portal.usecases.scopes import covered_in_words
from portal.usecases.self_granted_access import NeedsAnotherAdministrator
from portal.usecases.super_users.watching import auditors
from portal.words.read_permissions import people_in_words, permission_in_words
from protection.selectors.read_permissions import PermissionFacts, documents_read, permission_facts
from protection.services.approvals import answered_words
from protection.services.read_permissions import (
    PermissionAnswered,
    approve_permission,
    decline_permission,
    lock_permission,
    withdraw_permission,
)
from tenants.directory.selectors.people import PersonFacts, enabled_among, person_in
from tenants.organizations.selectors import OrganizationFacts


def may_approve(caller: Caller, found: PermissionFacts) -> bool:
    """Tell whether the caller may approve a permission: by role, and independent of who asked for it."""
    return (
        caller.may(Permission.SUPER_USERS_APPROVE)
        and not caller.is_application
        and caller.person not in {found.asked_by, found.holder}
        and are_independent(caller.organization, caller.person, found.asked_by)
    )


def may_withdraw(caller: Caller, found: PermissionFacts, now: float) -> bool:
    """Tell whether the caller may withdraw a permission: taking away needs less than giving."""
    watching = caller.may(Permission.SUPER_USERS_APPROVE) or caller.may(Permission.AUDIT_READ)
    open_still = found.is_active(now) or (found.state == "waiting" and found.asked_by == caller.person)
    return open_still and watching and not caller.is_application


def approve(*, caller: Caller, organization: OrganizationFacts, permission_id: UUID, stated: Stated) -> Effect:
    """Let a permission begin.

    Raises NotFound, PermissionAnswered, NeedsAnotherAdministrator and what ``require_confirmation`` raises.
    """
    found = _waiting(caller, permission_id)
    if not may_approve(caller, found):
        raise NeedsAnotherAdministrator(
            message(
                "You asked for this read permission yourself, or you and the person who did are not independent: one of"
                " you was just added or given a role by the other or by an application, or joined by themselves."
            ),
            remedy=message("Ask another administrator to approve it."),
        )
    require_confirmation(_question(found), stated)
    with transaction.atomic():
        lock_permission(permission_id)
        _waiting(caller, permission_id)
        made = approve_permission(actor=caller.actor, permission=permission_id)
        readers = _readers(organization, made.asked_by)
        mail_permission_approved(readers, made, partial(permission_in_words, made), organization=organization)
    done = _("Read permission {number} of {application} is active until {when}.")
    return effect(True, done.format(**_values(made)), "", **members(made))


def decline(*, caller: Caller, organization: OrganizationFacts, permission_id: UUID, stated: Stated) -> Effect:
    """Decline a permission that waits.  Raises NotFound and PermissionAnswered."""
    _waiting(caller, permission_id)
    with transaction.atomic():
        made = decline_permission(actor=caller.actor, permission=permission_id, reason=stated.reason)
        asked = _present(organization, made.asked_by)
        mail_permission_declined(asked, made, stated.reason, organization=organization)
    done = _("Nothing is read by read permission {number}.").format(number=made.number)
    return effect(True, done, "", **members(made))


def withdraw(*, caller: Caller, organization: OrganizationFacts, permission_id: UUID, stated: Stated) -> Effect:
    """Withdraw a permission at once: who may approve one, and auditors; and who asked, while it waits.

    Raises NotFound, PermissionAnswered and what ``require_confirmation`` raises.
    """
    found = permission_facts(permission_id)
    if not sees(caller, found):
        raise NotFound(message("There is no such read permission, or you may not see it."))
    if not may_withdraw(caller, found, clock.now()):
        raise PermissionAnswered(message("This read permission is not active, or not yours to withdraw."))
    reason = require_confirmation(_withdrawing(found), stated)
    with transaction.atomic():
        made = withdraw_permission(actor=caller.actor, permission=permission_id, reason=reason)
        if found.starts is not None:
            mail_permission_over(
                _readers(organization, made.asked_by),
                made,
                partial(permission_in_words, made),
                organization=organization,
            )
    done = _("Read permission {number} of {application} is withdrawn.")
    return effect(True, done.format(**_values(made)), "", **members(made))


def sees(caller: Caller, found: PermissionFacts) -> bool:
    """Tell whether somebody sees a permission: administrators and auditors, and the application itself."""
    return sees_all(caller) or caller.person == found.holder


def sees_all(caller: Caller) -> bool:
    """Tell whether the caller sees every permission."""
    return caller.may(Permission.APPLICATIONS_MANAGE) or caller.may(Permission.AUDIT_READ)


def told_of_end(organization: OrganizationFacts, made: PermissionFacts) -> None:
    """Mail who asked and the auditors that a permission is over, how much was read, and how it is renewed."""
    mail_permission_over(
        _readers(organization, made.asked_by), made, partial(permission_in_words, made), organization=organization
    )


def members(made: PermissionFacts) -> dict[str, object]:
    """Return what the API answers of a permission that was changed."""
    return {"permission": str(made.id), "number": made.number, "state": made.state}


def _waiting(caller: Caller, permission_id: UUID) -> PermissionFacts:
    if not caller.may(Permission.SUPER_USERS_APPROVE):
        raise NotFound(message("There is no such read permission, or you may not see it."))
    found = permission_facts(permission_id)
    if found.state != "waiting":
        said = answered_words(found.state, found.answered_address)
        raise PermissionAnswered(said)
    return found


def _question(found: PermissionFacts) -> ConfirmationPrompt:
    question = (
        _("Let {application} read documents for people?")
        if found.for_people
        else _("Let {application} read all of these documents?")
    )
    for_whom = (people_in_words(found.people_addresses, found.people_group_address),) if found.for_people else ()
    return ConfirmationPrompt(
        question=question.format(application=found.application),
        consequences=(
            _("{holder} asks for it: {reason}").format(holder=found.asked_address, reason=found.reason),
            *((_("Case: {case}").format(case=found.case),) if found.case else ()),
            *covered_in_words(found.scope),
            *for_whom,
            *effects_in_words(for_people=found.for_people),
            ngettext("It ends {number} day from now.", "It ends {number} days from now.", found.days).format(
                number=grouped(found.days)
            ),
            _("Who holds the secret of the application, or gets a code for it, reads as it does."),
            _("Your name is in the record of every document that is read."),
        ),
        button=_("Approve"),
        confirm=str(found.number),
        needs_fresh=True,
        gives=True,
    )


def _withdrawing(found: PermissionFacts) -> ConfirmationPrompt:
    read = documents_read(found.id)
    question = _("Withdraw read permission {number} of {application} now?")
    return ConfirmationPrompt(
        question=question.format(number=found.number, application=found.application),
        consequences=(
            _("The application reads nothing by it from now on, and forgets the licenses that it has within a minute."),
            *if_any(read, ngettext("{number} document was read.", "{number} documents were read.", read)),
            _("What the application has stored of them elsewhere stays there."),
        ),
        button=_("Withdraw it now"),
        confirm=str(found.number),
        offers="reason",
    )


def _readers(organization: OrganizationFacts, asked_by: UUID) -> list[PersonFacts]:
    readers = {one.id: one for one in (*_present(organization, asked_by), *auditors(organization.id))}
    return list(readers.values())


def _present(organization: OrganizationFacts, person: UUID) -> list[PersonFacts]:
    return [person_in(organization.id, person)] if enabled_among(organization.id, [person]) else []


def _values(made: PermissionFacts) -> dict[str, object]:
    when = "" if made.ends is None else moment_in_words(made.ends)
    return {"number": made.number, "application": made.application, "when": when}
