"""A person's account takes in another one of theirs, with what that one was granted and refused here (decision 48).

What was recorded keeps the id of the account of then, and so do the documents that it protected.
"""

from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Least, Replace

from audit.selectors.schemas import schemas_where
from protection.models import (
    AccessRequest,
    BudgetUse,
    ContentRevocation,
    CountedOpening,
    FirstOpening,
    GrantBinding,
    PersonalGrant,
    RequestState,
    ReviewItem,
    ScheduledRevocation,
)

_NAMED: Final = (
    "exists (select from {schema}.audit_eventpersonal where person_id = {person})"
    " or exists (select from {schema}.protection_grantbinding where identity = {person})"
    " or exists (select from {schema}.protection_contentrevocation where identity = {person})"
    " or exists (select from {schema}.protection_scheduledrevocation where identity = {person})"
    " or exists (select from {schema}.protection_personalgrant where person_id = {person})"
    " or exists (select from {schema}.protection_superuser where person_id = {person})"
    " or exists (select from {schema}.protection_recoverykey where person_id = {person})"
    " or exists (select from {schema}.protection_reviewitem where person = {person})"
)
_COUNTED_TOGETHER: Final = """
update protection_countedopening own
set before = own.before + other.before, own_before = own.own_before + other.own_before
from (
    select mine.person_id, mine.device_id, mine.content_id, coalesce(first.before, used.taken, 0) as before,
        coalesce(first.own_before, used.taken - used.granted, 0) as own_before
    from protection_countedopening mine
    join (values (%(kept)s::uuid, %(merged)s::uuid), (%(merged)s::uuid, %(kept)s::uuid)) pair (mine, other)
      on pair.mine = mine.person_id
    left join protection_budgetuse used on used.person_id = pair.other
    left join lateral (
        select o.before, o.own_before from protection_countedopening o
        where o.person_id = pair.other and o.at >= mine.at order by o.at limit 1) first on true
) other
where (own.person_id, own.device_id, own.content_id) = (other.person_id, other.device_id, other.content_id)
"""
"""Raises what either account had taken before each opening by what the other one had taken by then."""


def schemas_naming(person: UUID, schemas: list[str]) -> list[str]:
    """Return the schemas in which something is known of a person: elsewhere there is nothing to move."""
    return schemas_where(_NAMED, schemas, person=person)


@transaction.atomic
def merge_identity(*, kept: UUID, merged: UUID) -> None:
    """Put what the current organization granted ``merged``, and took back from them, under ``kept``.

    Addresses stay as they were given: a grant to one ends when that one leaves the person.  Where both have rights of
    their own on a document, those given last count; the days after the first opening count from the earlier one, and
    what both have opened counts together for budgets.
    """
    GrantBinding.objects.filter(identity=merged).update(identity=kept)
    for model in (ContentRevocation, ScheduledRevocation):
        model.objects.filter(identity=merged).update(identity=kept)
    _merge_counts(kept, merged)
    _merge_review_items(kept, merged)
    _merge_first_openings(kept, merged)
    _merge_personal_grants(kept, merged)
    open_ones = AccessRequest.objects.filter(person_id=kept, state=RequestState.OPEN)
    rows = AccessRequest.objects.filter(person_id=merged)
    rows.filter(state=RequestState.OPEN, content_id__in=open_ones.values("content_id")).delete()
    rows.update(person_id=kept)


def _merge_first_openings(kept: UUID, merged: UUID) -> None:
    rows, own = (FirstOpening.objects.filter(person_id=one) for one in (merged, kept))
    earlier = rows.filter(content_id=OuterRef("content_id")).values("at")[:1]
    own.filter(content_id__in=rows.values("content_id")).update(at=Least(F("at"), Subquery(earlier)))
    rows.filter(content_id__in=own.values("content_id")).delete()
    rows.update(person_id=kept)


def _merge_personal_grants(kept: UUID, merged: UUID) -> None:
    rows, own = (PersonalGrant.objects.filter(person_id=one) for one in (merged, kept))
    given = dict(own.values_list("content_id", "given_at"))
    older = [row.pk for row in rows.filter(content_id__in=given) if row.given_at <= given[row.content_id]]
    rows.filter(pk__in=older).delete()
    own.filter(content_id__in=rows.values("content_id")).delete()
    rows.update(person_id=kept)


def _merge_counts(kept: UUID, merged: UUID) -> None:
    """Count together what both have opened (docs/protocol.md P29); of two floors nothing is forgotten."""
    rows = list(BudgetUse.objects.select_for_update().filter(person_id__in=[kept, merged]).order_by("person_id"))
    if not any(row.person_id == merged for row in rows):
        return
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED_TOGETHER, {"kept": kept, "merged": merged})
    CountedOpening.objects.filter(person_id=merged).update(person_id=kept)
    sums = {name: sum(getattr(row, name) for row in rows) for name in ("taken", "granted", "floor", "own_floor")}
    BudgetUse.objects.filter(person_id=merged).delete()
    BudgetUse.objects.update_or_create(person_id=kept, defaults=sums)


def _merge_review_items(kept: UUID, merged: UUID) -> None:
    """Let what a review has not answered yet be the remaining account's, or it would be kept unseen."""
    items = ReviewItem.objects.filter(answer="", person=merged)
    items.update(person=kept, subject=Replace(F("subject"), Value(str(merged)), Value(str(kept))))
