"""What another person approves: its kinds, what waits, and what grants and permissions have in common."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from django.db.models import Exists

from protection.models import (
    ApprovalState,
    HandOver,
    HandOverState,
    ReadPermission,
    Review,
    ServiceSettings,
    SuperUserGrant,
    Unmasking,
)

STATES: Final = tuple(ApprovalState.values)
WAITS_DAYS: Final = 7
"""After so many days a request that nobody answered lapses: nobody would remember what it was for."""
DUE: Final = (
    "(state = 'active' and ends <= now()) or (state = 'waiting' and asked_at < now() - make_interval(days => {days}))"
)
"""The condition under which a row is to be closed, for a statement over many schemas."""


class Kind(StrEnum):
    """What another person approves."""

    SUPER_USER_GRANT = "super_user_grant"
    READ_PERMISSION = "read_permission"
    HAND_OVER = "hand_over"
    NAMES = "names"
    REVIEW = "review"


def kinds_waiting(kinds: Collection[Kind]) -> list[Kind]:
    """Return those of the kinds of which anything waits, in one statement: it is asked with each page."""
    waiting = {
        Kind.SUPER_USER_GRANT: SuperUserGrant.objects.filter(state=ApprovalState.WAITING),
        Kind.READ_PERMISSION: ReadPermission.objects.filter(state=ApprovalState.WAITING),
        Kind.HAND_OVER: HandOver.objects.filter(state=HandOverState.WAITING),
        Kind.NAMES: Unmasking.objects.filter(state="waiting"),
        Kind.REVIEW: Review.objects.filter(closed_at=None),
    }
    asked = [Exists(waiting[kind]) for kind in kinds]
    found: tuple[bool, ...] = next(iter(ServiceSettings.objects.filter(id=1).values_list(*asked)), ())
    return [kind for kind, waits in zip(kinds, found, strict=False) if waits]
