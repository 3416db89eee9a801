"""Budgets in the decision: what a person may still open, and how it is counted exactly (docs/protocol.md P29).

Read in the deciding statement where the organization has budgets, and counted in the statement that records; where it
has none, neither of them changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chancery.policy.subject import Subject
from protection.models import BudgetFor

RENEWED_WITHIN: Final = 31
"""Days for which a device that was licensed for a document is not counted for it again: a device's certificate lives
as long, and what it may have kept, it learns nothing new of."""
KEPT_DAYS: Final = RENEWED_WITHIN + 1
"""Days after which no window and no renewal asks for a count any more."""

BUDGETS: Final = """
select json_build_object(
    'paused', exists (select from {schema}protection_pause p join {schema}protection_budget b on b.id = p.budget_id
        where p.person_id = %(reader)s::uuid and p.ended_at is null and b.removed_at is null),
    'person_paused', exists (select from {schema}protection_pause p
        join {schema}protection_budget b on b.id = p.budget_id
        where p.person_id = %(for_person)s::uuid and p.ended_at is null and b.removed_at is null),
    'taken', coalesce(u.taken, 0), 'granted', coalesce(u.granted, 0),
    'floor', coalesce(u.floor, 0), 'own_floor', coalesce(u.own_floor, 0),
    'budgets', (select json_agg(json_build_array(
            b.id, b.openings, b.who, b.subject_id, b.counts_grants, first.before, first.own_before))
        from {schema}protection_budget b left join lateral (
            select o.before, o.own_before from {schema}protection_countedopening o
            where o.person_id = %(reader)s::uuid and o.at > clock_timestamp() - make_interval(secs => b.seconds)
            order by o.at limit 1) first on true
        where b.removed_at is null))
from (select) one left join {schema}protection_budgetuse u on u.person_id = %(reader)s::uuid
"""
"""What the reader has used of which budgets, once in a statement however many documents are asked for."""

KNOWN_TO_DEVICE: Final = f"""
exists (select from {{schema}}protection_countedopening o
    where o.person_id = %(reader)s::uuid and o.device_id = %(device)s::uuid and o.content_id = documents.cid
      and o.at > clock_timestamp() - interval '{RENEWED_WITHIN} days')
"""
"""Whether a license is the renewal of one that the same device got before."""

TAKEN: Final = """
taken as (
    insert into {schema}protection_budgetuse as u (person_id, taken, granted)
    select %(reader)s::uuid, %(counted)s::bigint, %(counted_granted)s::bigint {only_if}
    on conflict (person_id) do update set taken = u.taken + excluded.taken, granted = u.granted + excluded.granted
    where (%(ceiling)s::bigint is null or u.taken + excluded.taken <= %(ceiling)s::bigint)
      and (%(own_ceiling)s::bigint is null
           or u.taken - u.granted + excluded.taken - excluded.granted <= %(own_ceiling)s::bigint)
    returning u.taken, u.taken - u.granted as own, clock_timestamp() as at
)
"""
"""Counts before anything is recorded, under the lock of the person's row: what others took meanwhile is in it.

The moment is read after the lock was had, so that the order of moments is the order of counts."""
IF_TAKEN: Final = "where exists (select from taken)"

COUNTED: Final = """
counted as (
    insert into {schema}protection_countedopening as known (person_id, device_id, content_id, at, before, own_before)
    select %(reader)s::uuid, %(device)s::uuid, new.cid, taken.at, taken.taken - %(counted)s::bigint,
        taken.own - (%(counted)s::bigint - %(counted_granted)s::bigint)
    from taken, unnest(%(counted_contents)s::uuid[]) as new (cid)
    on conflict (person_id, device_id, content_id)
    do update set at = excluded.at, before = excluded.before, own_before = excluded.own_before
    where known.at <= excluded.at - interval '<days> days'
)
""".replace("<days>", str(RENEWED_WITHIN))
"""Keeps a row that another request wrote at the same moment: the first one of a window says what was taken in it."""

PAUSED: Final = """
paused as (
    insert into {schema}protection_pause (id, person_id, address, name, application, budget_id, began_at)
    select gen_random_uuid(), %(reader)s::uuid, %(paused_address)s, %(paused_name)s, %(paused_application)s::boolean,
        %(paused_by)s::uuid, clock_timestamp()
    where exists (select from event)
    on conflict (person_id) where ended_at is null do nothing
)
"""


@dataclass(frozen=True, slots=True)
class UsedBudget:
    """One budget, and what the person's counts were before the first opening in its window; None without any."""

    id: UUID
    openings: int
    who: str
    subject: UUID | None
    counts_grants: bool
    before: int | None
    own_before: int | None

    def is_for(self, subject: Subject, organization: UUID, *, application: bool) -> bool:
        """Tell whether it is for the subject; a group's budget is for all whom the group holds in any way."""
        match self.who:
            case BudgetFor.PEOPLE:
                return not application
            case BudgetFor.OUTSIDERS:
                return not application and not subject.is_member(organization)
            case BudgetFor.APPLICATIONS:
                return application
            case _:
                return self.subject in subject.ids


@dataclass(frozen=True, slots=True)
class BudgetsUsed:
    """What one person has used of all budgets, as the deciding statement read it.

    ``person_paused`` says whether the person is paused for whom an application reads.
    """

    paused: bool
    person_paused: bool
    taken: int
    granted: int
    floor: int
    own_floor: int
    budgets: tuple[UsedBudget, ...]

    def used(self, budget: UsedBudget) -> int:
        """Return how many openings count for a budget now."""
        if budget.counts_grants:
            return self.taken - max(self.taken if budget.before is None else budget.before, self.floor)
        own = self.taken - self.granted
        return own - max(own if budget.own_before is None else budget.own_before, self.own_floor)

    def left(self, budget: UsedBudget) -> int:
        """Return how many more openings a budget allows."""
        return max(budget.openings - self.used(budget), 0)


@dataclass(frozen=True, slots=True)
class Counting:
    """What is written of budgets with the events of one request.

    ``contents`` are the documents to count; ``ceiling`` is what the person's count may be at most afterwards, and
    ``own_ceiling`` the same without openings under super-user grants, None for no bound.  ``paused_by`` is the budget
    that is used up, None where it is not, and ``paused_as`` the address by which the person is known here.
    """

    contents: tuple[UUID, ...] = ()
    under_grant: bool = False
    ceiling: int | None = None
    own_ceiling: int | None = None
    paused_by: UUID | None = None
    paused_as: str = ""

    def values(self) -> Mapping[str, object]:
        """Return the parameters of ``TAKEN``, ``COUNTED`` and, in part, ``PAUSED``."""
        return {
            "counted": len(self.contents),
            "counted_granted": len(self.contents) if self.under_grant else 0,
            "counted_contents": list(self.contents),
            "ceiling": self.ceiling,
            "own_ceiling": self.own_ceiling,
            "paused_by": self.paused_by,
            "paused_address": self.paused_as,
        }


def budgets_used(row: Mapping[str, Any]) -> BudgetsUsed:
    """Return what ``BUDGETS`` read."""
    budgets: Sequence[Any] = row["budgets"] or ()
    return BudgetsUsed(
        paused=row["paused"],
        person_paused=row["person_paused"],
        taken=row["taken"],
        granted=row["granted"],
        floor=row["floor"],
        own_floor=row["own_floor"],
        budgets=tuple(
            UsedBudget(UUID(one), openings, who, None if subject is None else UUID(subject), *rest)
            for one, openings, who, subject, *rest in budgets
        ),
    )
