"""Requests to see who opened one document or all, where the organization shows no names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from protection.models import Content, Tracking, Unmasking
from protection.selectors.sight import tracking_settings

MAX_LISTED: Final = 200
STATES: Final = ("waiting", "approved", "declined")
ABOUT: Final = ("document", "all", "group")


@dataclass(frozen=True, slots=True)
class UnmaskingFacts:
    """One request with everything its row shows; ``until`` is how long names are shown to the two people.

    ``cid`` is None for a request to show names on all documents again, and for one to hide another group's members;
    they have no end.  ``group_address`` is what that group is called, "" for no group.
    """

    id: UUID
    cid: UUID | None
    title: str
    asked_by: UUID
    asked_address: str
    asked_at: datetime
    reason: str
    state: str
    answered_by: UUID | None
    answered_address: str
    answered_at: datetime | None
    until: datetime | None
    group_before: UUID | None
    group_after: UUID | None
    group_address: str

    @property
    def about(self) -> str:
        """What is asked, one of ``ABOUT``: names on one document, on all, or to hide another group's members."""
        if self.cid is not None:
            return "document"
        return "all" if self.group_after is None else "group"


@dataclass(frozen=True, slots=True)
class Unmaskings:
    """Requests, the newest first.

    ``hidden`` tells whether the organization shows no names at present, ``group`` whose members it hides.
    """

    hidden: bool
    group: UUID | None
    rows: tuple[UnmaskingFacts, ...]


def unmaskings_for(person: UUID, *, everybody: bool, state: str = "") -> Unmaskings:
    """Return a person's own requests, or all of them."""
    rows = (
        Unmasking.objects.all() if everybody else Unmasking.objects.filter(Q(asked_by=person) | Q(answered_by=person))
    )
    rows = rows.filter(state=state) if state else rows
    found = list(rows.order_by("-asked_at", "id")[:MAX_LISTED])
    cids = {one.content_id for one in found if one.content_id is not None}
    titles: dict[UUID | None, str] = dict(Content.objects.filter(cid__in=cids).values_list("cid", "title"))
    tracking, group, _untold = tracking_settings()
    return Unmaskings(
        tracking is not Tracking.NAMED,
        group,
        tuple(facts_of(one, titles.get(one.content_id) or "") for one in found),
    )


def waiting_since(person: UUID, cid: UUID) -> datetime | None:
    """Return since when a person's own request about a document waits, None where none does."""
    rows = Unmasking.objects.filter(asked_by=person, content_id=cid, state="waiting")
    return rows.values_list("asked_at", flat=True).first()


def facts_of(row: Unmasking, title: str | None = None) -> UnmaskingFacts:
    """Return a request as a value."""
    if title is None and row.content_id is not None:
        title = Content.objects.filter(cid=row.content_id).values_list("title", flat=True).first()
    return UnmaskingFacts(
        id=row.id,
        cid=row.content_id,
        title=title or "",
        asked_by=row.asked_by,
        asked_address=row.asked_address,
        asked_at=row.asked_at,
        reason=row.reason,
        state=row.state,
        answered_by=row.answered_by,
        answered_address=row.answered_address,
        answered_at=row.answered_at,
        until=row.until,
        group_before=row.group_before,
        group_after=row.group_after,
        group_address=row.group_address,
    )
