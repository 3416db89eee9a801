"""Pauses: who is paused, and how it ends: by the person's second factor, or by somebody who releases them.

A stolen session must not release itself.  So the sign-in must be newer than the pause, and every second factor of the
person must have been set up a day before it; without one, another person releases them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from chancery.errors import Conflict, NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.identity.second_factors import has_second_factor, newest_second_factor
from portal.identity.strength import TWO_FACTORS
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, FreshSignInRequired, Stated, confirmed
from portal.usecases.effects import Effect, effect
from portal.usecases.sight import names_person, sight_of
from portal.words.budgets import allowance
from protection.selectors import budgets as selectors
from protection.selectors.budgets import PauseRow
from protection.services.budgets import CONFIRMED, RELEASED, end_pause
from tenants.directory.selectors.licensed import licensed_at

SETTLED: Final = timedelta(days=1)
"""A second factor counts here only when it was set up so long before the pause."""


class SecondFactorNeeded(Conflict):
    """The person signed in without a second factor, or has none that counts here."""

    code = "second_factor_needed"
    remedy = message("Sign in again with your second factor, or ask an administrator to release you.")


class OwnPause(Conflict):
    """Nobody releases themselves."""

    code = "own_pause"
    remedy = message("Confirm that it is you, or ask another administrator.")


@dataclass(frozen=True, slots=True)
class ShownPause:
    """One pause; ``called`` is who is paused, "" where they are not named."""

    row: PauseRow
    called: str
    allowance: str


@dataclass(frozen=True, slots=True)
class Pauses:
    """Pauses that a person may see, newest first; ``next`` is the cursor of the next page."""

    rows: tuple[ShownPause, ...]
    next: str


@dataclass(frozen=True, slots=True)
class PausedAt:
    """Another organization at which the caller is paused, and its page that says how it goes on."""

    organization: str
    page: str


@dataclass(frozen=True, slots=True)
class OwnPauseState:
    """The caller's own pause, None without one, and whether they can end it by their second factor.

    ``elsewhere`` is where else they are paused, among the organizations that licensed them something.
    """

    pause: ShownPause | None
    confirms: bool
    elsewhere: tuple[PausedAt, ...]


def visible_pauses(*, caller: Caller, state: str = "", limit: int = 50, cursor: str = "") -> Pauses:
    """Return all pauses to administrators and auditors, to others those by budgets that they own.

    Raises InvalidCursor.
    """
    watches = caller.may(Permission.SETTINGS_READ)
    owner = None if watches else caller.person
    rows, following = selectors.pauses(owner=owner, state=state, limit=limit, cursor=cursor)
    sight = sight_of(caller=caller)
    return Pauses(tuple(_shown(row, named=names_person(sight, row.person, audits=watches)) for row in rows), following)


def release_pause(*, caller: Caller, pause_id: UUID, stated: Stated) -> Effect:
    """End the pause of another person, as an administrator or the budget's owner; it asks first.

    Raises NotFound, OwnPause and PauseEnded.
    """
    row = selectors.pause(pause_id)
    if row is None or not (caller.may(Permission.SETTINGS_MANAGE) or row.budget_owner == caller.person):
        raise NotFound(message("There is no such pause, or you may not end it."))
    if row.person == caller.person:
        raise OwnPause(message("You cannot release yourself."))
    shown = _shown(
        row, named=names_person(sight_of(caller=caller), row.person, audits=caller.may(Permission.SETTINGS_READ))
    )
    called = shown.called or _("the person with number {number}").format(number=row.number)
    prompt = ConfirmationPrompt(
        question=_("End the pause of {who}?").format(who=called),
        consequences=(
            _("They get licenses again at once, and what they opened before counts no more."),
            _("Ask them first, by phone for example, whether it was them. The reason is recorded."),
        ),
        button=_("End the pause"),
        confirm=row.number,
        needs_reason=True,
        needs_fresh=True,
        gives=True,
    )

    def act(reason: str) -> PauseRow:
        return end_pause(actor=caller.actor, pause_id=pause_id, how=RELEASED, note=reason)

    confirmed(prompt, stated, act)
    return effect(True, _("The pause of {who} has ended.").format(who=called), "")


def own_pause(*, caller: Caller) -> OwnPauseState:
    """Return whether the caller is paused here, and how they go on."""
    row, elsewhere = selectors.pause_of(caller.person), _paused_elsewhere(caller)
    if row is None:
        return OwnPauseState(None, confirms=False, elsewhere=elsewhere)
    return OwnPauseState(_shown(row, named=True), _may_confirm(caller, row.began_at), elsewhere)


def _paused_elsewhere(caller: Caller) -> tuple[PausedAt, ...]:
    places = licensed_at(caller.person, without=[caller.organization])
    paused = selectors.paused_in(caller.person, [one.schema_name for one in places.values()])
    found = (one for one in places.values() if one.schema_name in paused)
    return tuple(PausedAt(one.name, f"{one.origin}{reverse('own_pause')}") for one in found)


def confirm_pause(*, caller: Caller, stated: Stated) -> Effect:
    """End the caller's own pause by a sign-in with a second factor that is newer than the pause.

    Raises SecondFactorNeeded and what ``confirmed`` raises.
    """
    row = selectors.pause_of(caller.person)
    if row is None:
        return effect(False, "", _("You are not paused here."))
    if not _may_confirm(caller, row.began_at):
        raise SecondFactorNeeded(
            message("You have no second factor, or one that was set up less than a day before the pause.")
        )
    prompt = ConfirmationPrompt(
        question=_("Was it you who opened so much?"),
        consequences=(
            _("You used up the budget of {allowance}.").format(allowance=allowance(row.openings, row.seconds)),
            _("If it was not you, do not confirm: tell an administrator."),
            _("With your confirmation you get licenses again at once. It is recorded."),
        ),
        button=_("It was me"),
        confirm="",
        needs_fresh=True,
        gives=True,
    )
    signed_in = stated.authentication
    if signed_in is None or signed_in.at <= row.began_at.timestamp():
        raise FreshSignInRequired(prompt)
    if signed_in.strength not in TWO_FACTORS:
        raise SecondFactorNeeded(message("You signed in without your second factor."))
    confirmed(prompt, stated, lambda _reason: end_pause(actor=caller.actor, pause_id=row.id, how=CONFIRMED))
    return effect(True, _("Thank you. You get licenses again."), "")


def _may_confirm(caller: Caller, began: datetime) -> bool:
    """Tell whether the person has a second factor, and set up none just before or during the pause."""
    if caller.is_application or not has_second_factor(caller.person):
        return False
    newest = newest_second_factor(caller.person)
    return newest is not None and newest <= began - SETTLED


def _shown(row: PauseRow, *, named: bool) -> ShownPause:
    return ShownPause(row, (row.address or row.name) if named else "", allowance(row.openings, row.seconds))
