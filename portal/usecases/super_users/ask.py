"""Ask for a super-user grant, always for oneself."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.languages import grouped
from portal.notifications.super_users import mail_grant_asked
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.scopes import ScopeRequest, covered_in_words, scope_meant
from portal.usecases.super_users.answer import who_may_approve
from portal.usecases.super_users.watching import auditors
from portal.words.scopes import scope_in_words
from protection.selectors.scopes import Scope
from protection.selectors.super_users import is_eligible, keepers, super_user_settings
from protection.services.super_user_grants import ask_grant
from tenants.directory.selectors.people import PersonFacts, enabled_among, person_in
from tenants.organizations.selectors import OrganizationFacts

HOURS: Final = 8
"""How long a grant lasts where nobody says otherwise: a working day."""


class NotEligible(ChanceryError):
    """Super users are off, or the caller is not among those who may ask."""

    code = "not_eligible"
    remedy = message("Ask an administrator. Super users are off and empty until one changes that.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest(ScopeRequest):
    """What is asked for."""

    hours: int = HOURS
    case: str = ""
    legal_ground: str = ""


def may_ask(caller: Caller) -> bool:
    """Tell whether the caller may ask for a grant now."""
    subject = caller.subject
    groups = () if subject is None else [group.id for group in subject.groups if group.live]
    return caller.member and is_eligible(caller.person, groups)


def ask(*, caller: Caller, organization: OrganizationFacts, requested: GrantRequest, stated: Stated) -> Effect:
    """Ask for a grant, once what it covers was seen.

    Raises NotEligible, NotFound, SeveralOwners, InvalidPolicy and what ``require_confirmation`` raises.
    """
    if not may_ask(caller):
        raise NotEligible(message("You may not ask for super-user grants here."))
    scope = scope_meant(organization.id, requested)
    approvers = who_may_approve(caller.organization, caller.person)
    reason = require_confirmation(_question(requested, scope), stated)
    with transaction.atomic():
        made = ask_grant(
            actor=caller.actor,
            scope=scope,
            hours=requested.hours,
            reason=reason,
            case=requested.case,
            legal_ground=requested.legal_ground,
        )
        covered = partial(scope_in_words, scope)
        answering = approvers or _keepers(caller)
        mail_grant_asked(auditors(caller.organization), answering, made, covered, organization=organization)
    nobody = _("Nobody can approve it now: no administrator is independent of you. Two recovery keys can.")
    return effect(
        True,
        _("Grant {number} waits for the approval of another administrator.").format(number=made.number),
        "",
        *(() if approvers else (nobody,)),
        grant=str(made.id),
        number=made.number,
        state=made.state,
    )


def _keepers(caller: Caller) -> list[PersonFacts]:
    """Return the keepers of recovery keys who are there."""
    there = enabled_among(caller.organization, [one.person for one in keepers()])
    return [person_in(caller.organization, person) for person in sorted(there)]


def _question(requested: GrantRequest, scope: Scope) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=ngettext(
            "Ask for a super-user grant for {number} hour?",
            "Ask for a super-user grant for {number} hours?",
            requested.hours,
        ).format(number=grouped(requested.hours)),
        consequences=tuple(_consequences(requested, scope)),
        button=_("Ask for it"),
        confirm="ask",
        needs_reason=True,
        needs_fresh=True,
        gives=True,
    )


def _consequences(requested: GrantRequest, scope: Scope) -> Iterator[str]:
    yield from covered_in_words(scope)
    yield _("Another administrator has to approve it. Auditors get a mail now, and the reason is in it.")
    if requested.legal_ground:
        yield _("Owners are never told what was opened, on this ground: {ground}").format(ground=requested.legal_ground)
        return
    days = super_user_settings().notice_days
    yield ngettext(
        "Owners are told {number} day after their document was opened.",
        "Owners are told {number} days after their document was opened.",
        days,
    ).format(number=grouped(days))
