"""Budgets of openings, who is near them, and who is paused, for those who watch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from audit.selectors.schemas import schemas_where
from chancery.errors import NotFound
from chancery.texts import message
from protection.models import Budget, BudgetFor, Pause
from protection.selectors.counted import KEPT_DAYS
from protection.selectors.cursors import make_cursor, read_cursor

WHO: Final = tuple(BudgetFor.values)
STATES: Final = ("open", "ended")
SHOWN: Final = 5
"""People whose use of a budget is shown beside it, those who are nearest."""
_SOMETHING: Final = """
exists (select from {schema}.protection_pause where told_at is null)
or exists (select from {schema}.protection_countedopening where at < now() - make_interval(days => <days>))
""".replace("<days>", str(KEPT_DAYS))

_PAUSED_HERE: Final = """
exists (select from {schema}.protection_pause p join {schema}.protection_budget b on b.id = p.budget_id
        where p.person_id = {person}::uuid and p.ended_at is null and b.removed_at is null)
"""

_NEAREST: Final = """
select b.id, u.person_id,
    case when b.counts_grants then u.taken - greatest(first.before, u.floor)
         else u.taken - u.granted - greatest(first.own_before, u.own_floor) end as used
from protection_budget b
cross join lateral (
    select distinct o.person_id from protection_countedopening o
    where o.at > clock_timestamp() - make_interval(secs => b.seconds)) lately
join protection_budgetuse u on u.person_id = lately.person_id
cross join lateral (
    select o.before, o.own_before from protection_countedopening o
    where o.person_id = lately.person_id and o.at > clock_timestamp() - make_interval(secs => b.seconds)
    order by o.at limit 1) first
where b.id = any(%(budgets)s)
order by 1, 3 desc, 2
"""


def with_pauses_to_tell(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas in which a pause is not told yet, or counts are old enough to be forgotten."""
    return set(schemas_where(_SOMETHING, schemas))


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One budget; ``paused`` is how many people it has paused now."""

    id: UUID
    openings: int
    seconds: int
    who: str
    subject: UUID | None
    subject_address: str
    counts_grants: bool
    forgets_copies: bool
    owner: UUID
    owner_address: str
    made_at: datetime
    paused: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """How many openings of one person count for a budget now."""

    person: UUID
    used: int


@dataclass(frozen=True, slots=True)
class PauseRow:
    """One pause; ``state`` is one of ``STATES``."""

    id: UUID
    person: UUID
    address: str
    name: str
    application: bool
    budget: UUID
    openings: int
    seconds: int
    budget_owner: UUID
    began_at: datetime
    ended_at: datetime | None
    ended_as: str
    ended_address: str
    note: str

    @property
    def state(self) -> str:
        """Whether it lasts."""
        return "open" if self.ended_at is None else "ended"

    @property
    def number(self) -> str:
        """What the paused person tells those who release them, where nobody is named."""
        return str(self.id)[:8]


def budgets(owner: UUID | None = None) -> tuple[BudgetRow, ...]:
    """Return the budgets that hold, oldest first: all, or those of one owner."""
    rows = Budget.objects.filter(removed_at=None)
    found = list((rows if owner is None else rows.filter(owner_id=owner)).order_by("made_at", "id"))
    open_by = Pause.objects.filter(ended_at=None, budget__in=found).values_list("budget_id", flat=True)
    paused = list(open_by)
    return tuple(row_of(one, paused.count(one.id)) for one in found)


def budget(budget_id: UUID) -> BudgetRow:
    """Return one budget that holds.  Raises NotFound."""
    row = Budget.objects.filter(id=budget_id, removed_at=None).first()
    if row is None:
        raise NotFound(message("There is no such budget."))
    return row_of(row, Pause.objects.filter(ended_at=None, budget=row).count())


def row_of(row: Budget, paused: int = 0) -> BudgetRow:
    """Return a budget as a value."""
    return BudgetRow(
        row.id,
        row.openings,
        row.seconds,
        row.who,
        row.subject_id,
        row.subject_address,
        row.counts_grants,
        row.forgets_copies,
        row.owner_id,
        row.owner_address,
        row.made_at,
        paused,
    )


def nearest(budget_ids: Iterable[UUID]) -> dict[UUID, tuple[Use, ...]]:
    """Return for each budget who has opened the most in its window, of those who were counted at all.

    A person for whom a budget is not may be among them if another one counts them; who shows it leaves them out.
    """
    found: dict[UUID, list[Use]] = {one: [] for one in budget_ids}
    with connection.cursor() as db:
        db.execute(_NEAREST, {"budgets": list(found)})
        for one, person, used in db.fetchall():
            if used > 0:
                found[one].append(Use(person, used))
    return {one: tuple(uses) for one, uses in found.items()}


def pauses(
    *,
    owner: UUID | None = None,
    state: str = "",
    person: UUID | None = None,
    limit: int = 50,
    cursor: str = "",
) -> tuple[tuple[PauseRow, ...], str]:
    """Return a page of pauses, newest first, and the cursor of the next: all, or by budgets of one owner.

    Raises InvalidCursor.
    """
    rows = Pause.objects.all() if owner is None else Pause.objects.filter(budget__owner_id=owner)
    if state:
        rows = rows.filter(ended_at__isnull=state == "open")
    if person is not None:
        rows = rows.filter(person_id=person)
    if cursor:
        at, identity = read_cursor("began_at", cursor, by_moment=True)
        rows = rows.filter(Q(began_at__lt=at) | Q(began_at=at, id__gt=identity))
    found = _pauses(rows, limit + 1)
    more = len(found) > limit
    return found[:limit], make_cursor("began_at", found[limit - 1].began_at, found[limit - 1].id) if more else ""


def pause(pause_id: UUID) -> PauseRow | None:
    """Return one pause, None where there is none."""
    return next(iter(_pauses(Pause.objects.filter(id=pause_id))), None)


def pause_of(person: UUID) -> PauseRow | None:
    """Return the pause that keeps a person from opening anything now."""
    return next(iter(_pauses(Pause.objects.filter(person_id=person, ended_at=None, budget__removed_at=None))), None)


def is_paused(person: UUID) -> bool:
    """Tell whether a person gets no licenses now because they opened too much."""
    return Pause.objects.filter(person_id=person, ended_at=None, budget__removed_at=None).exists()


def paused_in(person: UUID, schemas: Iterable[str]) -> frozenset[str]:
    """Return those of the schemas in which a person is paused now."""
    return frozenset(schemas_where(_PAUSED_HERE, schemas, person=str(person)))


def paused_people() -> frozenset[UUID]:
    """Return everybody who gets no licenses now because they opened too much."""
    rows = Pause.objects.filter(ended_at=None, budget__removed_at=None)
    return frozenset(rows.values_list("person_id", flat=True))


def _pauses(rows: QuerySet[Pause], limit: int = 1) -> tuple[PauseRow, ...]:
    names = ("id", "person_id", "address", "name", "application", "budget_id", "budget__openings", "budget__seconds")
    ends = ("budget__owner_id", "began_at", "ended_at", "ended_as", "ended_address", "note")
    found = rows.order_by("-began_at", "id").values_list(*names, *ends)[:limit]
    return tuple(PauseRow(*values) for values in found)
