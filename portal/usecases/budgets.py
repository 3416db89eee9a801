"""Budgets of openings: how many documents a person may open within some time (docs/protocol.md P29, decision 33)."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.errors import InvalidPolicy
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.languages import grouped
from portal.subjects.owners import owner_known_as
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, if_any
from portal.usecases.effects import Effect, effect
from portal.usecases.sight import names_person, sight_of
from portal.words.budgets import budget_in_words
from protection.models import BudgetFor
from protection.selectors import budgets as selectors
from protection.selectors.budgets import BudgetRow
from protection.selectors.sight import Sight
from protection.services import budgets as services
from protection.services.budgets import BudgetTerms
from protection.services.paused import refuse_paused
from tenants.directory.selectors.domains import applications_in
from tenants.directory.selectors.groups import groups_at
from tenants.directory.selectors.people import called_here, person_known_as


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBudget:
    """A budget as people state it: ``name`` is a group's or person's address, or an application's client id."""

    openings: int
    seconds: int
    who: str = BudgetFor.PEOPLE.value
    name: str = ""
    owner: str = ""
    """The address of a member; "" for the caller."""
    counts_grants: bool = True
    forgets_copies: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """Who has opened the most within a budget's window."""

    called: str
    used: int


@dataclass(frozen=True, slots=True)
class ShownBudget:
    """One budget with those who are nearest to it; None where names are not shown."""

    row: BudgetRow
    words: str
    near: tuple[Near, ...] | None


@dataclass(frozen=True, slots=True)
class Budgets:
    """Budgets that a person may see, oldest first."""

    rows: tuple[ShownBudget, ...]


def visible_budgets(*, caller: Caller) -> Budgets:
    """Return all budgets to administrators and auditors, to others those that they own."""
    watches = caller.may(Permission.SETTINGS_READ)
    rows = selectors.budgets(None if watches else caller.person)
    uses = selectors.nearest(row.id for row in rows)
    sight = sight_of(caller=caller)
    shown = {
        row.id: [one for one in uses[row.id] if names_person(sight, one.person, audits=watches)][: selectors.SHOWN]
        for row in rows
    }
    called = called_here(caller.organization, [one.person for found in shown.values() for one in found])
    return Budgets(
        tuple(
            ShownBudget(row, budget_in_words(row), _near(shown[row.id], called, sight, audits=watches)) for row in rows
        )
    )


def make_budget(*, caller: Caller, wanted: WantedBudget) -> Effect:
    """Make a budget.  Raises InvalidPolicy, for people and groups that are not here too, and TooManyBudgets."""
    made = services.make_budget(actor=caller.actor, terms=_terms(caller, wanted))
    return effect(
        True,
        _("From the next license on: {budget}. Whoever opens more is paused.").format(budget=budget_in_words(made)),
        "",
        *_no_alarm_of_many(made),
        id=str(made.id),
    )


def change_budget(*, caller: Caller, budget_id: UUID, wanted: WantedBudget, stated: Stated) -> Effect:
    """Change a budget, which asks first.  Raises NotFound, PausedGivesNothing and what ``make_budget`` raises."""
    before = selectors.budget(budget_id)
    refuse_paused(caller.actor)
    terms = _terms(caller, wanted, owner=before)
    prompt = ConfirmationPrompt(
        question=_("Change this budget?"),
        consequences=(
            _("Now: {budget}.").format(budget=budget_in_words(before)),
            *if_any(before.paused, _("People whom it has paused stay paused: {number}.")),
        ),
        button=_("Change it"),
        confirm="",
        needs_fresh=True,
        offers="reason",
    )

    def act(_reason: str) -> bool:
        return services.change_budget(actor=caller.actor, budget_id=budget_id, terms=terms)

    changed = confirmed(prompt, stated, act)
    after = selectors.budget(budget_id)
    return effect(
        changed,
        _("From the next license on: {budget}.").format(budget=budget_in_words(after)),
        _("The budget says this already."),
    )


def remove_budget(*, caller: Caller, budget_id: UUID, stated: Stated) -> Effect:
    """Remove a budget and end the pauses by it, which asks first.  Raises NotFound and PausedGivesNothing."""
    found = selectors.budget(budget_id)
    refuse_paused(caller.actor)
    prompt = ConfirmationPrompt(
        question=_("Remove this budget?"),
        consequences=(
            _("{budget}: nobody is paused by it any more.").format(budget=budget_in_words(found)),
            *if_any(found.paused, _("People who get licenses again at once: {number}.")),
        ),
        button=_("Remove it"),
        confirm="",
        needs_reason=True,
        needs_fresh=True,
    )

    def act(reason: str) -> int:
        return services.remove_budget(actor=caller.actor, budget_id=budget_id, reason=reason)

    ended = confirmed(prompt, stated, act)
    return effect(True, _("The budget is removed. Pauses that ended: {number}.").format(number=grouped(ended)), "")


def _terms(caller: Caller, wanted: WantedBudget, owner: BudgetRow | None = None) -> BudgetTerms:
    owner_id, owner_address = (
        (caller.person, caller.address or caller.name) if owner is None else (owner.owner, owner.owner_address)
    )
    if wanted.owner:
        member = owner_known_as(caller.organization, wanted.owner)
        if member is None:
            raise InvalidPolicy(message("There is no member with the address {address} here.", address=wanted.owner))
        owner_id, owner_address = member.id, member.address
    subject = _subject(caller.organization, wanted)
    return BudgetTerms(
        openings=wanted.openings,
        seconds=wanted.seconds,
        who=wanted.who,
        owner=owner_id,
        owner_address=owner_address,
        subject=subject,
        subject_address="" if subject is None else wanted.name,
        counts_grants=wanted.counts_grants,
        forgets_copies=wanted.forgets_copies,
    )


def _subject(organization: UUID, wanted: WantedBudget) -> UUID | None:
    """Return the group, person or application that is named; None where nobody is, or need be.

    Raises InvalidPolicy for who is not here, and for a name that would narrow nothing.
    """
    if wanted.name and wanted.who not in {BudgetFor.GROUP, BudgetFor.PERSON}:
        raise InvalidPolicy(
            message("This budget would be for many, and {name} would not be looked at.", name=wanted.name),
            remedy=message("Choose for whom the budget is: one group, or one person or application."),
        )
    if wanted.who == BudgetFor.GROUP and wanted.name:
        held = groups_at(organization, [wanted.name]).get(wanted.name)
        if not held or not held[0].live:
            raise InvalidPolicy(message("There is no group with the address {address} here.", address=wanted.name))
        return held[0].id
    if wanted.who == BudgetFor.PERSON and wanted.name:
        applications = {one.client_id: one.person_id for one in applications_in(organization)}
        person = applications.get(wanted.name) or person_known_as(organization, wanted.name)
        if person is None:
            raise InvalidPolicy(message("There is no person or application {name} here.", name=wanted.name))
        return person
    return None


def _near(
    found: list[selectors.Use], called: dict[UUID, str], sight: Sight, *, audits: bool
) -> tuple[Near, ...] | None:
    if not names_person(sight, None, audits=audits):
        return None
    return tuple(Near(called.get(one.person) or _("a person from elsewhere"), one.used) for one in found)


def _no_alarm_of_many(made: BudgetRow) -> tuple[str, ...]:
    """Warn where one batch or a folder of files is more than the budget."""
    if made.openings >= services.SMALL:
        return ()
    return (_("This is little: people who open a folder at once are paused. 200 in ten minutes suits most."),)
