"""Access reviews as administrators and auditors see them, and as a file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chancery.policy.permission import Permission
from chancery.spreadsheets import csv_line
from portal.usecases.caller import Caller
from portal.usecases.reviews.remove import TAKES, is_own
from portal.words.reviews import item_in_words
from protection.selectors.reviews import ItemFacts, ReviewFacts, review, review_items, reviews

COLUMNS: Final = (
    *("id", "kind", "whom", "what", "since", "given_by", "last_used"),
    *("answer", "reason", "answered_by", "answered_at", "failure"),
)
"""The columns of the file."""
_ALL: Final = 10_000


@dataclass(frozen=True, slots=True)
class VisibleReviews:
    """Reviews, the newest first; ``next`` is the number after which the next page begins, None at the end."""

    rows: tuple[ReviewFacts, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item, what it is about in words, and whether the caller answers it."""

    item: ItemFacts
    what: str
    answers: bool


@dataclass(frozen=True, slots=True)
class ShownReview:
    """One review with a part of its items; ``next`` is the id after which the next part begins, None at the end."""

    review: ReviewFacts
    items: tuple[ShownItem, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """A review with all its answers as a file."""

    name: str
    content_type: str
    text: str


def visible_reviews(*, caller: Caller, before: int | None = None, limit: int = 50) -> VisibleReviews:
    """Return reviews of the organization; the interface has asked for the permission to read its records."""
    found = reviews(before=before, limit=limit + 1)
    return VisibleReviews(found[:limit], found[limit - 1].number if len(found) > limit else None)


def visible_review(
    *, caller: Caller, review_id: UUID, after: int = 0, limit: int = 50, answer: str | None = None
) -> ShownReview:
    """Return one review with a part of its items.  Raises NotFound."""
    found = review(review_id)
    rows = review_items(review_id, after=after, limit=limit + 1, answer=answer)
    shown = tuple(ShownItem(one, item_in_words(one), may_answer(caller, found, one)) for one in rows[:limit])
    return ShownReview(found, shown, rows[limit - 1].id if len(rows) > limit else None)


def may_answer(caller: Caller, found: ReviewFacts, item: ItemFacts) -> bool:
    """Tell whether the caller may answer about an item: a reviewer who could take it away, and not about their own."""
    if found.closed_at is not None or item.answer or caller.person not in found.reviewers:
        return False
    return caller.may(Permission.ROLES_MANAGE) and caller.may(TAKES[item.kind]) and not is_own(caller, item)


def exported_review(*, caller: Caller, review_id: UUID, form: str) -> ReviewFile:
    """Return a review as CSV or JSON.  Raises NotFound."""
    found = review(review_id)
    rows = [_members(one) for one in _every(review_id)]
    name = f"review-{found.number}"
    if form == "json":
        body = {"review": found.number, "name": found.name, "due_at": found.due_at.isoformat(), "items": rows}
        return ReviewFile(f"{name}.json", "application/json", json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    lines = [csv_line(COLUMNS), *(csv_line([str(row[column]) for column in COLUMNS]) for row in rows)]
    return ReviewFile(f"{name}.csv", "text/csv", "".join(lines))


def _every(review_id: UUID) -> Iterator[ItemFacts]:
    yield from review_items(review_id, limit=_ALL)


def _members(one: ItemFacts) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(one, name) for name in COLUMNS}
    return {name: value.isoformat() if isinstance(value, datetime) else value or "" for name, value in found.items()}
