"""Access reviews as people see them, and which of them something is due in (decision 47)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from audit.selectors.schemas import schemas_where
from chancery.errors import NotFound
from chancery.texts import message
from protection.models import Review, ReviewAnswer, ReviewItem

REMINDED_BEFORE: Final = timedelta(days=3)
"""How long before the due day reviewers are reminded."""
_DUE: Final = """
exists (select from {schema}.protection_review where
  (closed_at is null and (told_at is null and due_at <= now()
    or reminded_at is null and due_at <= now() + interval '3 days'))
  or next_at <= now())
"""


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """One review, with how many of its items were answered how."""

    id: UUID
    number: int
    name: str
    kinds: tuple[str, ...]
    groups: tuple[UUID, ...]
    reviewers: tuple[UUID, ...]
    reviewer_addresses: tuple[str, ...]
    started_by: str
    started_at: datetime
    days: int
    due_at: datetime
    every_months: int | None
    next_at: datetime | None
    removes: bool
    closed_at: datetime | None
    closed_by: str
    items: int
    open: int
    kept: int
    removed: int

    @property
    def state(self) -> str:
        """Whether it is open, overdue or closed."""
        if self.closed_at is not None:
            return "closed"
        return "overdue" if self.due_at <= timezone.now() else "open"


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One item of a review."""

    id: int
    kind: str
    subject: str
    person: UUID | None
    group: UUID | None
    whom: str
    what: str
    since: datetime | None
    given_by: str
    last_used: datetime | None
    answer: str
    reason: str
    answered_by: str
    answered_at: datetime | None
    failure: str


def reviews(*, before: int | None = None, limit: int = 50) -> tuple[ReviewFacts, ...]:
    """Return reviews, the newest first; ``before`` is the last number seen."""
    rows = _rows() if before is None else _rows().filter(number__lt=before)
    return tuple(_facts(row) for row in rows.order_by("-number")[:limit])


def review(identity: UUID) -> ReviewFacts:
    """Return one review.  Raises NotFound."""
    row = _rows().filter(id=identity).first()
    if row is None:
        raise NotFound(message("There is no such review."))
    return _facts(row)


def waiting_reviews(person: UUID) -> tuple[ReviewFacts, ...]:
    """Return the open reviews in which a person answers and something is open, the first due first."""
    rows = _rows().filter(closed_at=None, reviewers__contains=[person]).order_by("due_at", "number")
    return tuple(found for found in map(_facts, rows) if found.open)


def review_items(
    identity: UUID, *, after: int = 0, limit: int = 50, answer: str | None = None
) -> tuple[ItemFacts, ...]:
    """Return items of a review in their order, of one answer where it is given; ``after`` is the last id seen."""
    rows = ReviewItem.objects.filter(review_id=identity, id__gt=after)
    if answer is not None:
        rows = rows.filter(answer=answer)
    return tuple(map(item_facts, rows.order_by("id")[:limit]))


def review_item(identity: UUID, item: int) -> ItemFacts:
    """Return one item of a review.  Raises NotFound."""
    row = ReviewItem.objects.filter(review_id=identity, id=item).first()
    if row is None:
        raise NotFound(message("There is no such item in this review."))
    return item_facts(row)


def reviews_due(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas in which reviewers are to be mailed, something is due, or a review begins anew."""
    return set(schemas_where(_DUE, schemas))


def item_facts(row: ReviewItem) -> ItemFacts:
    """Return an item as a value."""
    return ItemFacts(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        person=row.person,
        group=row.group,
        whom=row.whom,
        what=row.what,
        since=row.since,
        given_by=row.given_by,
        last_used=row.last_used,
        answer=row.answer,
        reason=row.reason,
        answered_by=row.answered_address,
        answered_at=row.answered_at,
        failure=row.failure,
    )


def _rows() -> QuerySet[Review]:
    def answered(answer: ReviewAnswer) -> Count:
        return Count("items", filter=Q(items__answer=answer))

    return Review.objects.annotate(
        all_items=Count("items"),
        open_items=answered(ReviewAnswer.OPEN),
        kept_items=answered(ReviewAnswer.KEPT),
        removed_items=answered(ReviewAnswer.REMOVED),
    )


def _facts(row: Review) -> ReviewFacts:
    counted = {name: getattr(row, f"{name}_items") for name in ("open", "kept", "removed")}
    return ReviewFacts(
        id=row.id,
        number=row.number,
        name=row.name,
        kinds=tuple(row.kinds),
        groups=tuple(row.groups),
        reviewers=tuple(row.reviewers),
        reviewer_addresses=tuple(row.reviewer_addresses),
        started_by=str(row.started_by["address"] or row.started_by["name"]),
        started_at=row.started_at,
        days=row.days,
        due_at=row.due_at,
        every_months=row.every_months,
        next_at=row.next_at,
        removes=row.removes,
        closed_at=row.closed_at,
        closed_by=row.closed_address,
        items=row.all_items,  # type: ignore[attr-defined]  # annotated
        **counted,
    )
