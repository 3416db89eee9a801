"""Access reviews from their beginning to their end; each step is an event (decision 47).

What is removed is removed by the service of the thing itself, with its guards and its event; this one keeps the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from chancery.errors import Conflict, InvalidPolicy, NotFound
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import Review, ReviewAnswer, ReviewItem, ReviewKind, ServiceSettings
from protection.selectors.reviews import REMINDED_BEFORE, ItemFacts, item_facts
from protection.services.recording import record_action

KINDS: Final = tuple(ReviewKind.values)
MOST_ITEMS: Final = 5_000
MOST_DAYS: Final = 365
MOST_MONTHS: Final = 36
MOST_REVIEWERS: Final = 20
_MONTH: Final = timedelta(days=30)


class ItemAnswered(Conflict):
    """Somebody has answered the item, or the review is closed: the first answer counts."""

    code = "review_item_answered"
    remedy = message("Look at the review to see the answer.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something to be reviewed, as ``ReviewItem`` keeps it."""

    kind: str
    subject: str
    whom: str
    person: UUID | None = None
    group: UUID | None = None
    what: str = ""
    since: datetime | None = None
    given_by: str = ""
    last_used: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTerms:
    """What a review is to be; reviewers are ids and addresses."""

    name: str
    kinds: tuple[str, ...]
    groups: tuple[UUID, ...]
    reviewers: tuple[tuple[UUID, str], ...]
    days: int
    every_months: int | None
    removes: bool


@transaction.atomic
def start_review(*, actor: Actor, terms: ReviewTerms, items: Sequence[NewItem]) -> UUID:
    """Begin a review of these items; return its id.  Raises InvalidPolicy."""
    _check(terms, items)
    ServiceSettings.objects.select_for_update().get(id=1)
    now = timezone.now()
    row = Review.objects.create(
        number=(Review.objects.aggregate(last=Max("number"))["last"] or 0) + 1,
        name=terms.name,
        kinds=list(terms.kinds),
        groups=list(terms.groups),
        reviewers=[person for person, _ in terms.reviewers],
        reviewer_addresses=[address for _, address in terms.reviewers],
        started_by=actor.as_json(),
        days=terms.days,
        due_at=now + timedelta(days=terms.days),
        every_months=terms.every_months,
        next_at=None if terms.every_months is None else now + terms.every_months * _MONTH,
        removes=terms.removes,
    )
    ReviewItem.objects.bulk_create(
        ReviewItem(
            review=row,
            kind=one.kind,
            subject=one.subject,
            person=one.person,
            group=one.group,
            whom=one.whom,
            what=one.what,
            since=one.since,
            given_by=one.given_by,
            last_used=one.last_used,
        )
        for one in items
    )
    details = {"items": len(items), "kinds": list(terms.kinds), "removes": terms.removes, "days": terms.days}
    _record(Kind.REVIEW_STARTED, actor, row, details)
    return row.id


@transaction.atomic
def lock_item(*, review: UUID, item: int) -> ItemFacts:
    """Return an item that nobody else answers until the transaction ends.  Raises NotFound and ItemAnswered."""
    return item_facts(_open_item(review, item))


@transaction.atomic
def answer_item(
    *, actor: Actor, review: UUID, item: int, answer: ReviewAnswer, reason: str, by_itself: bool = False
) -> None:
    """Keep the answer to an item.  ``by_itself`` says that nobody gave it by the due day.

    Raises NotFound and ItemAnswered.
    """
    row = _open_item(review, item)
    row.answer, row.reason, row.failure = answer, reason, ""
    row.answered_address = "" if by_itself else actor.address or actor.name
    row.answered_at = timezone.now()
    row.save(update_fields=["answer", "reason", "failure", "answered_address", "answered_at"])
    kind = Kind.REVIEW_KEPT if answer == ReviewAnswer.KEPT else Kind.REVIEW_REMOVED
    details = {"item": row.id, "reviewed": row.kind, "what": row.what, **({"note": reason} if reason else {})}
    details |= {"by_itself": True} if by_itself else {}
    details |= {"gone": True} if answer == ReviewAnswer.GONE else {}
    _record(kind, actor, row.review, details, recipient=row.whom)


@transaction.atomic
def note_failure(*, review: UUID, item: int, failure: str) -> None:
    """Keep why something that nobody kept could not be removed; it stays open."""
    ReviewItem.objects.filter(review_id=review, id=item, answer=ReviewAnswer.OPEN).update(failure=failure[:500])


@transaction.atomic
def close_review(*, actor: Actor | None, review: UUID) -> bool:
    """Close a review: nothing in it is answered any more.  Returns whether anything changed.  Raises NotFound.

    Where somebody closes it, closed by itself or not, it is not repeated either; the service closes it on its day with
    ``actor`` None, and the next one still begins.
    """
    row = _locked(review)
    closes, stops = row.closed_at is None, actor is not None and row.next_at is not None
    if closes:
        row.closed_at = timezone.now()
        row.closed_address = "" if actor is None else actor.address or actor.name
    if stops:
        row.next_at = None
    row.save(update_fields=["closed_at", "closed_address", "next_at"])
    if closes:
        counted = {answer.value or "open": row.items.filter(answer=answer).count() for answer in ReviewAnswer}
        _record(Kind.REVIEW_CLOSED, actor, row, counted)
    if stops:
        _record(Kind.REVIEW_STOPPED, actor, row, {})
    return closes or stops


@transaction.atomic
def next_reminder() -> UUID | None:
    """Return a review of which reviewers are to be reminded, and note that they are; None without any."""
    due = Review.objects.filter(closed_at=None, reminded_at=None, due_at__lte=timezone.now() + REMINDED_BEFORE)
    row = due.select_for_update(skip_locked=True).order_by("number").first()
    if row is None:
        return None
    row.reminded_at = timezone.now()
    row.save(update_fields=["reminded_at"])
    return row.id


def next_overdue() -> UUID | None:
    """Return a review whose due day has passed and that was not seen to; None without any."""
    rows = Review.objects.filter(closed_at=None, told_at=None, due_at__lte=timezone.now())
    return rows.order_by("number").values_list("id", flat=True).first()


def note_told(review: UUID) -> bool:
    """Note that an overdue review was seen to; return whether it was not before.  Raises NotFound."""
    row = _locked(review)
    if row.told_at is not None:
        return False
    row.told_at = timezone.now()
    row.save(update_fields=["told_at"])
    return True


@transaction.atomic
def next_repeated() -> Review | None:
    """Return a review whose next one begins now, and note that it does; None without any."""
    row = Review.objects.select_for_update().filter(next_at__lte=timezone.now()).order_by("number").first()
    if row is not None:
        row.next_at = None
        row.save(update_fields=["next_at"])
    return row


@transaction.atomic
def put_off(*, review: UUID, failure: str) -> None:
    """Have the next one, which could not begin, begin a period later than now.  Raises NotFound.

    ``failure`` says why it could not.
    """
    row = _locked(review)
    if row.every_months is None:
        return
    row.next_at = timezone.now() + row.every_months * _MONTH
    row.save(update_fields=["next_at"])
    _record(Kind.REVIEW_PUT_OFF, None, row, {"failure": failure})


def starter_of(review: UUID) -> Actor:
    """Return who started a review, as whom the worker carries on."""
    return Actor.from_json(Review.objects.values_list("started_by", flat=True).get(id=review))


def _check(terms: ReviewTerms, items: Sequence[NewItem]) -> None:
    unknown = sorted({*terms.kinds} - {*KINDS})
    if unknown or not terms.kinds:
        raise InvalidPolicy(
            message("A review is of at least one of: {names}.", names=", ".join(KINDS)),
        )
    if not 1 <= terms.days <= MOST_DAYS:
        raise InvalidPolicy(message("A review lasts 1 to {most} days.", most=MOST_DAYS))
    if terms.every_months is not None and not 1 <= terms.every_months <= MOST_MONTHS:
        raise InvalidPolicy(message("A review is repeated every 1 to {most} months.", most=MOST_MONTHS))
    if not 1 <= len(terms.reviewers) <= MOST_REVIEWERS:
        raise InvalidPolicy(message("A review has 1 to {most} reviewers.", most=MOST_REVIEWERS))
    if not items:
        raise InvalidPolicy(
            message("There is nothing to review."), remedy=message("Choose something else, or name other groups.")
        )
    if len(items) > MOST_ITEMS:
        raise InvalidPolicy(
            message("There is too much to review at once."),
            remedy=message("Review less at a time: at most {most} items.", most=MOST_ITEMS),
        )


def _locked(review: UUID) -> Review:
    row = Review.objects.select_for_update().filter(id=review).first()
    if row is None:
        raise NotFound(message("There is no such review."))
    return row


def _open_item(review: UUID, item: int) -> ReviewItem:
    closed = _locked(review).closed_at is not None
    row = ReviewItem.objects.select_related("review").filter(Q(review_id=review), id=item).first()
    if row is None:
        raise NotFound(message("There is no such item in this review."))
    if closed or row.answer != ReviewAnswer.OPEN:
        raise ItemAnswered(message("This was answered already, or the review is closed; nothing was changed."))
    return row


def _record(kind: Kind, actor: Actor | None, row: Review, details: dict[str, Any], recipient: str = "") -> None:
    known = {"review": str(row.id), "review_number": row.number, "review_name": row.name}
    record_action(kind, actor, recipient=recipient, details={**known, **details})
