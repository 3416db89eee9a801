"""The emergency: where no administrator is independent of who asks, two keepers of recovery keys approve together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError, Conflict
from chancery.texts import message
from portal.notifications.super_users import mail_super_users_changed
from portal.subjects.owners import Owner, owner_known_as
from portal.throttle import count_wrong_guess, may_guess
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.independence import are_independent
from portal.usecases.super_users.answer import members, told_of_approval, who_may_approve
from portal.usecases.super_users.watching import watchers
from protection.selectors.super_users import grant_facts, keepers
from protection.services.recovery_keys import make_key, name_keepers, present_key
from tenants.directory.selectors.people import PersonFacts, person_in
from tenants.organizations.selectors import OrganizationFacts

GUESSES: Final = 5
SECONDS: Final = 3_600
"""So many wrong keys a person may present within an hour."""


class NotAKeeper(ChanceryError):
    """Who is to keep a key is not a member, or not independent of who names them or of the other keeper."""

    code = "not_a_keeper"
    remedy = message("Name two members whom neither you nor an application has added or promoted in the last days.")


class RecoveryRefused(Conflict):
    """The key was wrong, too many were, or an administrator can approve the grant."""

    code = "recovery_refused"
    remedy = message("Recovery keys are for the case that no independent administrator is there.")


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A recovery key, which is shown this once."""

    key: str
    effect: Effect


def choose_keepers(
    *, caller: Caller, organization: OrganizationFacts, first: str, second: str, stated: Stated
) -> Effect:
    """Name two members who keep the recovery keys.

    Raises NotAKeeper, InvalidPolicy and what ``require_confirmation`` raises.
    """
    named = [_keeper(caller, address) for address in (first, second)]
    if not are_independent(caller.organization, named[0].id, named[1].id):
        raise NotAKeeper(message("The two keepers are not independent of each other."))
    both = f"{named[0].address}, {named[1].address}"
    prompt = ConfirmationPrompt(
        question=_("Let these two keep the recovery keys: {names}?").format(names=both),
        consequences=(
            _("Each of them signs in and is shown a key, once. You see neither."),
            _("Where no independent administrator is left, both together approve a super-user grant."),
            *((_("The keys of before are no longer good."),) if keepers() else ()),
            _("Auditors and administrators get a mail."),
        ),
        button=_("Name them"),
        confirm=both,
        needs_reason=True,
        needs_fresh=True,
        gives=True,
    )
    reason = require_confirmation(prompt, stated)
    with transaction.atomic():
        name_keepers(actor=caller.actor, keepers=[(one.id, one.address) for one in named], reason=reason)
        told = {one.id: one for one in (*watchers(caller.organization), *_people(caller.organization, named))}
        mail_super_users_changed(told.values(), caller.address, "keepers", organization, name=both)
    return effect(True, _("These two keep the recovery keys: {names}. They got a mail.").format(names=both), "")


def show_key(*, caller: Caller) -> ShownKey:
    """Show a keeper their key, this once.  Raises NotFound and KeyWasShown."""
    key = make_key(actor=caller.actor)
    done = _("Write it down and keep it where nobody else finds it. It is not shown again.")
    return ShownKey(key, effect(True, done, ""))


def present(*, caller: Caller, organization: OrganizationFacts, grant_id: UUID, key: str) -> Effect:
    """Present one's recovery key for a grant that waits; the second keeper's approves it.

    Raises NotFound, GrantAnswered and RecoveryRefused.
    """
    found = grant_facts(grant_id) if any(one.person == caller.person for one in keepers()) else None
    if found is not None and who_may_approve(caller.organization, found.holder):
        raise RecoveryRefused(message("An independent administrator is there, who can approve this grant."))
    if found is not None and not are_independent(caller.organization, caller.person, found.holder):
        raise RecoveryRefused(message("You and the person who asks for this grant are not independent."))
    guesser = f"recovery:{caller.person}"
    if not may_guess(guesser, most=GUESSES):
        raise RecoveryRefused(message("Too many wrong keys were presented; try again in an hour."))
    with transaction.atomic():
        made = present_key(actor=caller.actor, grant=grant_id, key=key)
        if made is not None and made.state == "active":
            told_of_approval(organization, made)
            name = f"{made.number} ({made.holder_address})"
            mail_super_users_changed(
                watchers(caller.organization), made.approved_by, "emergency", organization, name=name
            )
    if made is None:
        count_wrong_guess(guesser, seconds=SECONDS)
        raise RecoveryRefused(message("This is not your recovery key."))
    waits = _("Your key is noted. Grant {number} waits for the other keeper's.").format(number=made.number)
    active = _("Grant {number} is active, approved by two recovery keys.").format(number=made.number)
    return effect(True, active if made.state == "active" else waits, "", **members(made))


def _keeper(caller: Caller, address: str) -> Owner:
    found = owner_known_as(caller.organization, address)
    if found is None or found.id == caller.person:
        raise NotAKeeper(message("{address} is no enabled member other than you.", address=address))
    if not are_independent(caller.organization, caller.person, found.id):
        raise NotAKeeper(message("{address} is not independent of you.", address=address))
    return found


def _people(organization: UUID, named: Iterable[Owner]) -> list[PersonFacts]:
    return [person_in(organization, one.id) for one in named]
