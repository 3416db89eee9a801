"""Make, change and remove budgets of openings, and end pauses (docs/protocol.md P29, decision 33)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from audit.services.record import record
from audit.statements import Personal
from chancery.errors import Conflict, InvalidPolicy, NotFound
from chancery.ledger.kinds import Kind, Outcome
from chancery.policy.reasons import Reason
from chancery.texts import message
from protection.actor import Actor
from protection.models import Budget, BudgetFor, BudgetUse, FeedHead, Pause, ServiceSettings
from protection.selectors.budgets import BudgetRow, PauseRow, row_of
from protection.selectors.budgets import pause as pause_row
from protection.selectors.counted import KEPT_DAYS
from protection.services.feed import invalidate_all_of, touch
from protection.services.paused import refuse_paused
from protection.services.recording import record_action

MOST: Final = 50
"""Budgets of an organization: each decision reads them all."""
LEAST_SECONDS, MOST_SECONDS = 60, 7 * 86_400
MOST_OPENINGS: Final = 1_000_000
_STATED: Final = frozenset({"openings", "seconds", "counts_grants", "forgets_copies"})
"""What a change of a budget states before and after; whom it is for is named beside."""
SMALL: Final = 20
"""A budget of fewer openings stops people who do nothing but their work."""
CONFIRMED, RELEASED, REMOVED = "confirmed", "released", "removed"


class TooManyBudgets(Conflict):
    """The organization has as many budgets as a decision reads."""

    code = "too_many_budgets"
    remedy = message("Remove a budget that is no longer needed.")


class PauseEnded(Conflict):
    """The pause has ended already."""

    code = "pause_ended"
    remedy = message("Look at the list of pauses to see how it ended.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetTerms:
    """What a budget says; ``subject`` is the group or person, ``subject_address`` how they are called."""

    openings: int
    seconds: int
    who: str
    owner: UUID
    owner_address: str
    subject: UUID | None = None
    subject_address: str = ""
    counts_grants: bool = True
    forgets_copies: bool = False


@transaction.atomic
def make_budget(*, actor: Actor, terms: BudgetTerms) -> BudgetRow:
    """Make a budget, which holds from the next license on.  Raises InvalidPolicy and TooManyBudgets."""
    _check(terms)
    settings = ServiceSettings.objects.select_for_update().get(id=1)
    if Budget.objects.filter(removed_at=None).count() >= MOST:
        raise TooManyBudgets(message("An organization has {most} budgets at most.", most=MOST))
    row = Budget.objects.create(made_by=actor.person, **_columns(terms))
    settings.budgets = True
    settings.save(update_fields=["budgets"])
    touch()
    _record(Kind.BUDGET_MADE, actor, row)
    return row_of(row)


@transaction.atomic
def change_budget(*, actor: Actor, budget_id: UUID, terms: BudgetTerms) -> bool:
    """Change what a budget says; tell whether anything differs.  Whom it has paused stays so.

    Raises NotFound and InvalidPolicy.
    """
    _check(terms)
    ServiceSettings.objects.select_for_update().get(id=1)
    row = _held(budget_id)
    differing = {name: value for name, value in _columns(terms).items() if getattr(row, name) != value}
    if not differing:
        return False
    before = {name: getattr(row, name) for name in differing}
    for name, value in differing.items():
        setattr(row, name, value)
    row.save(update_fields=list(differing))
    touch()
    stated = sorted(_STATED & differing.keys())
    changes = [{"member": name, "before": before[name], "after": differing[name]} for name in stated]
    _record(Kind.BUDGET_CHANGED, actor, row, changes=changes)
    return True


@transaction.atomic
def remove_budget(*, actor: Actor, budget_id: UUID, reason: str) -> int:
    """Remove a budget and end the pauses by it; return how many these were.  Raises NotFound."""
    settings = ServiceSettings.objects.select_for_update().get(id=1)
    row = _held(budget_id)
    Budget.objects.filter(id=row.id).update(removed_at=Now())
    settings.budgets = Budget.objects.filter(removed_at=None).exists()
    settings.save(update_fields=["budgets"])
    ended = Pause.objects.filter(budget=row, ended_at=None).update(ended_at=Now(), ended_as=REMOVED, note=reason)
    touch()
    _record(Kind.BUDGET_REMOVED, actor, row, note=reason)
    return ended


@transaction.atomic
def end_pause(*, actor: Actor, pause_id: UUID, how: str, note: str = "") -> PauseRow:
    """End a pause as ``CONFIRMED`` or ``RELEASED``; what was opened before no longer counts.

    Raises NotFound, PausedGivesNothing and PauseEnded.
    """
    found = Pause.objects.filter(id=pause_id).values_list("person_id", flat=True).first()
    if found is None:
        raise NotFound(message("There is no such pause, or you may not end it."))
    # Feed, count, pause: a request that opens something locks them in this order.  The number moves, so that nothing
    # is recorded as refused by a pause that is over.
    touch()
    BudgetUse.objects.filter(person_id=found).update(floor=F("taken"), own_floor=F("taken") - F("granted"))
    row = Pause.objects.select_for_update().get(id=pause_id)
    if how == RELEASED:
        refuse_paused(actor)
    if row.ended_at is not None:
        raise PauseEnded(message("This pause has ended already."))
    row.ended_at, row.ended_as, row.ended_by, row.note = timezone.now(), how, actor.person, note
    row.ended_address = actor.address or actor.name
    row.save(update_fields=["ended_at", "ended_as", "ended_by", "ended_address", "note"])
    kind = Kind.PAUSE_CONFIRMED if how == CONFIRMED else Kind.PAUSE_RELEASED
    record_action(kind, actor, recipient=row.address or row.name, details=_details(row, note))
    return _shown(row)


@transaction.atomic
def begin_told() -> PauseRow | None:
    """Record the next pause that began, and invalidate kept copies where its budget says so; None without any.

    Called in the transaction that writes the mail about it.  The refusal that began the pause is recorded by itself, in
    the statement that wrote the pause.  A pause that was written while its budget was being removed is over, and told
    to nobody: left open, it would keep the person's next one from beginning.  Copies are kept where the pause is over
    already: it was the person who opened them.
    """
    untold = Pause.objects.filter(told_at=None)
    if untold.filter(budget__forgets_copies=True).exists():
        # The feed before the pause, in the order of all others (docs/architecture.md).
        FeedHead.objects.select_for_update().get(id=1)
    late = Pause.objects.filter(told_at=None, ended_at=None, budget__removed_at__isnull=False)
    late.update(told_at=Now(), ended_at=Now(), ended_as=REMOVED)
    row = untold.select_for_update(skip_locked=True, of=("self",)).select_related("budget").order_by("id").first()
    if row is None:
        return None
    row.told_at = timezone.now()
    row.save(update_fields=["told_at"])
    if row.budget.forgets_copies and row.ended_at is None:
        invalidate_all_of(row.person_id)
    record(
        kind=Kind.PAUSE_BEGAN.value,
        outcome=Outcome.REFUSED.value,
        reason=Reason.OPENINGS_PAUSED.value,
        source="service",
        personal=Personal(
            person_id=row.person_id,
            name=row.name,
            addresses=(row.address,) if row.address else (),
            application=row.application,
        ),
        details=_details(row),
    )
    return _shown(row)


def forget_counted() -> int:
    """Forget openings that no window and no renewal asks for any more; return how many."""
    with connection.cursor() as db:
        db.execute("delete from protection_countedopening where at < now() - make_interval(days => %s)", [KEPT_DAYS])
        return int(db.rowcount)


def _shown(row: Pause) -> PauseRow:
    """Return a pause as a value.  Raises NotFound, which cannot be while its row is locked."""
    found = pause_row(row.id)
    if found is None:
        raise NotFound(message("There is no such pause, or you may not end it."))
    return found


def _held(budget_id: UUID) -> Budget:
    row = Budget.objects.select_for_update().filter(id=budget_id, removed_at=None).first()
    if row is None:
        raise NotFound(message("There is no such budget."))
    return row


def _columns(terms: BudgetTerms) -> dict[str, Any]:
    columns = asdict(terms)
    subject, owner = columns.pop("subject"), columns.pop("owner")
    return {**columns, "subject_id": subject, "owner_id": owner}


def _check(terms: BudgetTerms) -> None:
    if terms.who not in BudgetFor.values:
        raise InvalidPolicy(message("A budget is for one of: {names}.", names=", ".join(BudgetFor.values)))
    if not 1 <= terms.openings <= MOST_OPENINGS:
        raise InvalidPolicy(message("A budget allows 1 to {most} openings.", most=MOST_OPENINGS))
    if not LEAST_SECONDS <= terms.seconds <= MOST_SECONDS:
        raise InvalidPolicy(
            message("A budget counts over {least} to {most} seconds.", least=LEAST_SECONDS, most=MOST_SECONDS)
        )
    if (terms.subject is not None) != (terms.who in (BudgetFor.GROUP, BudgetFor.PERSON)):
        raise InvalidPolicy(message("Name a group or a person exactly where the budget is for one."))


def _details(row: Pause, note: str = "") -> dict[str, Any]:
    members = {"pause": str(row.id), "budget": str(row.budget_id), "openings": row.budget.openings}
    return {**members, "seconds": row.budget.seconds, **({"note": note} if note else {})}


def _record(
    kind: Kind, actor: Actor, row: Budget, *, note: str = "", changes: Sequence[Mapping[str, Any]] = ()
) -> None:
    details = {
        "budget": str(row.id),
        "openings": row.openings,
        "seconds": row.seconds,
        "who": row.who,
        "counts_grants": row.counts_grants,
        "forgets_copies": row.forgets_copies,
        **({"note": note} if note else {}),
    }
    record_action(kind, actor, recipient=row.subject_address, owner=row.owner_address, changes=changes, details=details)
