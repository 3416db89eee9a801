"""Approve a super-user grant, decline, withdraw or end it.

The approver is never the holder nor anybody who counts as one with them, and nobody who has just let them ask: else one
administrator alone could open everything by way of a straw person (decisions 19 and 29).
"""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal import clock
from portal.languages import grouped
from portal.notifications.super_users import mail_grant_approved, mail_grant_declined, mail_grant_ended
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, if_any, moment_in_words, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.independence import are_independent, counted_days, independent_people, party_of
from portal.usecases.scopes import covered_in_words
from portal.usecases.self_granted_access import NeedsAnotherAdministrator
from portal.usecases.super_users.watching import auditors
from portal.words.scopes import scope_in_words
from protection.selectors.super_users import (
    GrantFacts,
    documents_opened,
    grant_facts,
    super_user_settings,
)
from protection.services.approvals import answered_words
from protection.services.super_user_grants import GrantAnswered, approve_grant, decline_grant, end_grant, lock_grant
from tenants.directory.selectors.people import PersonFacts, enabled_among, person_in
from tenants.organizations.selectors import OrganizationFacts


def who_may_approve(organization: UUID, holder: UUID) -> list[PersonFacts]:
    """Return those who may approve a grant of this holder."""
    let_in = _lately_let_in_by(holder)
    return [
        one for one in independent_people(organization, holder, Permission.SUPER_USERS_APPROVE) if one.id not in let_in
    ]


def may_approve(caller: Caller, found: GrantFacts) -> bool:
    """Tell whether the caller may approve a grant: by role, and independent of its holder.

    Nobody is independent of an application as whom any administrator can act, so two approve it who are of each other.
    """
    organization, person = caller.organization, caller.person
    if not caller.may(Permission.SUPER_USERS_APPROVE) or person in {found.holder, *_lately_let_in_by(found.holder)}:
        return False
    if not found.application:
        return are_independent(organization, person, found.holder)
    first = found.presented_by
    return person not in party_of(organization, found.holder) and (
        first is None or are_independent(organization, person, first)
    )


def approve(*, caller: Caller, organization: OrganizationFacts, grant_id: UUID, stated: Stated) -> Effect:
    """Let a grant begin.

    Raises NotFound, GrantAnswered, NeedsAnotherAdministrator and what ``require_confirmation`` raises.
    """
    found = waiting(caller, grant_id)
    if not may_approve(caller, found):
        raise NeedsAnotherAdministrator(
            message(
                "You asked for this grant yourself, or you and the person who did are not independent: one of you was"
                " just added, given a role or let ask by the other or by an application, or joined by themselves."
            ),
            remedy=message("Ask another administrator to approve it."),
        )
    require_confirmation(_question(found), stated)
    with transaction.atomic():
        lock_grant(grant_id)
        if not may_approve(caller, waiting(caller, grant_id)):
            # Somebody else has approved at the same moment, with whom the caller is not independent.
            raise GrantAnswered(message("This grant was already answered."))
        made = approve_grant(actor=caller.actor, grant=grant_id)
        if made.state == "waiting":
            second = _(
                "Your approval is noted. An application's grant begins when another administrator approves it, too."
            )
            return effect(True, second, "", **members(made))
        told_of_approval(organization, made)
    done = _("Grant {number} is active until {when}. {holder} got a mail.")
    return effect(True, done.format(**_values(made)), "", **members(made))


def turn_down(*, caller: Caller, organization: OrganizationFacts, grant_id: UUID, stated: Stated) -> Effect:
    """Decline a grant that waits; its holder withdraws it so.  Raises NotFound and GrantAnswered."""
    found = grant_facts(grant_id)
    if found.holder != caller.person:
        waiting(caller, grant_id)
    with transaction.atomic():
        made = decline_grant(actor=caller.actor, grant=grant_id, reason=stated.reason)
        if found.holder != caller.person:
            mail_grant_declined(_present(organization, made.holder), made, stated.reason, organization=organization)
    return effect(True, _("Grant {number} opens nothing.").format(number=made.number), "", **members(made))


def end(*, caller: Caller, organization: OrganizationFacts, grant_id: UUID, stated: Stated) -> Effect:
    """End an active grant early: its holder, whoever may approve one, and auditors.

    Raises NotFound, GrantAnswered and what ``require_confirmation`` raises.
    """
    found = grant_facts(grant_id)
    if not may_end(caller, found):
        raise NotFound(message("There is no such super-user grant, or you may not see it."))
    if not found.is_active(clock.now()):
        raise GrantAnswered(message("This grant is not active."))
    opened = documents_opened(grant_id)
    prompt = ConfirmationPrompt(
        question=_("End grant {number} of {holder} now?").format(number=found.number, holder=found.holder_address),
        consequences=(
            _("It opens nothing from now on, and what is open ends within a minute."),
            *if_any(opened, ngettext("{number} document was opened.", "{number} documents were opened.", opened)),
            _("The report can be read from then on."),
        ),
        button=_("End it now"),
        confirm=str(found.number),
    )
    reason = require_confirmation(prompt, stated)
    with transaction.atomic():
        made = end_grant(actor=caller.actor, grant=grant_id, reason=reason)
        told_of_end(organization, made)
    return effect(True, _("Grant {number} has ended.").format(number=made.number), "", **members(made))


def may_end(caller: Caller, found: GrantFacts) -> bool:
    """Tell whether the caller may end a grant: taking away needs less than giving."""
    watching = caller.may(Permission.SUPER_USERS_APPROVE) or caller.may(Permission.AUDIT_READ)
    return found.holder == caller.person or (watching and not caller.is_application)


def told_of_approval(organization: OrganizationFacts, made: GrantFacts) -> None:
    """Mail the holder and the auditors that a grant is active."""
    readers = {one.id: one for one in (*_present(organization, made.holder), *auditors(organization.id))}
    covered = partial(scope_in_words, made.scope)
    mail_grant_approved(readers.values(), made, covered, organization=organization)


def told_of_end(organization: OrganizationFacts, made: GrantFacts) -> None:
    """Mail holder, approver and auditors that a grant has ended and how much was opened."""
    there = _present(organization, *(one for one in (made.holder, made.answered_by) if one is not None))
    readers = {one.id: one for one in (*there, *auditors(organization.id))}
    documents = documents_opened(made.id)
    covered = partial(scope_in_words, made.scope)
    mail_grant_ended(readers.values(), made, covered, documents, organization=organization)


def waiting(caller: Caller, grant_id: UUID) -> GrantFacts:
    """Return a grant that waits, to those who answer it.  Raises NotFound and GrantAnswered."""
    if not caller.may(Permission.SUPER_USERS_APPROVE):
        raise NotFound(message("There is no such super-user grant, or you may not see it."))
    found = grant_facts(grant_id)
    if found.state != "waiting":
        said = answered_words(found.state, found.answered_address)
        raise GrantAnswered(said)
    return found


def members(made: GrantFacts) -> dict[str, object]:
    """Return what the API answers of a grant that was changed."""
    return {"grant": str(made.id), "number": made.number, "state": made.state}


def _question(found: GrantFacts) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=ngettext(
            "Let {holder} open these documents for {number} hour?",
            "Let {holder} open these documents for {number} hours?",
            found.hours,
        ).format(holder=found.holder_address, number=grouped(found.hours)),
        consequences=(
            _("{holder} asks for it: {reason}").format(holder=found.holder_address, reason=found.reason),
            *((_("Case: {case}").format(case=found.case),) if found.case else ()),
            *covered_in_words(found.scope),
            *(
                (_("Owners are never told, on this ground: {ground}").format(ground=found.legal_ground),)
                if found.legal_ground
                else ()
            ),
            _("The hours begin now. Your name is in the record of every opening."),
        ),
        button=_("Approve"),
        confirm=str(found.number),
        needs_fresh=True,
        gives=True,
    )


def _lately_let_in_by(holder: UUID) -> set[UUID]:
    """Return who has just let this person ask, by listing them or by choosing the group."""
    settings, since = super_user_settings(), timezone.now() - counted_days()
    listed = {one.added_by for one in settings.people if one.id == holder and one.added_at >= since}
    recent = settings.group_at is not None and settings.group_at >= since
    by_group = not settings.lists(holder) and recent and settings.group_by is not None
    return listed | ({settings.group_by} if by_group and settings.group_by is not None else set())


def _present(organization: OrganizationFacts, *people: UUID) -> list[PersonFacts]:
    there = enabled_among(organization.id, people)
    return [one for one in (person_in(organization.id, person) for person in people if person in there) if one.email]


def _values(made: GrantFacts) -> dict[str, object]:
    when = "" if made.ends is None else moment_in_words(made.ends)
    return {"number": made.number, "holder": made.holder_address, "when": when}
