"""Mail as operators see it: the outbox of the embedded mode, what could not be sent, and what is forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from portal.models import Notification
from portal.notifications.backend import UNREADABLE, unsealed

SHOWN: Final = 100
"""Messages that the outbox lists."""
KEPT: Final = timedelta(days=30)
"""How long a message that failed, and the outbox of the embedded mode, are kept."""
LATE: Final = timedelta(minutes=5)
"""A message that has waited longer is worth an operator's look."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One message of the outbox."""

    name: str
    to: str
    subject: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that has not left: ``failed`` for good, or waiting for its next attempt at ``due_at``."""

    id: UUID
    to: str
    created_at: datetime
    attempts: int
    reason: str
    failed: bool
    due_at: datetime


def newest(limit: int = SHOWN) -> list[Kept]:
    """Return the newest messages of the outbox, newest first."""
    return [_read(row) for row in Notification.objects.exclude(sent_at=None).order_by("-created_at")[:limit]]


def one(name: str) -> Kept | None:
    """Return one message of the outbox by its name, or nothing."""
    try:
        row = Notification.objects.exclude(sent_at=None).filter(pk=UUID(name)).first()
    except ValueError:
        return None
    return None if row is None or not row.sealed else _read(row)


def unsent(first: int = 0, number: int | None = None) -> list[Unsent]:
    """Return what failed and what has waited for minutes, oldest first; addresses, but no subjects and no texts."""
    last = None if number is None else first + number
    return [_as_unsent(row) for row in _unsent().order_by("created_at", "pk")[first:last]]


def count_unsent() -> int:
    """Return how many messages ``unsent`` lists."""
    return _unsent().count()


def one_unsent(message: UUID) -> Unsent | None:
    """Return one message that ``unsent`` lists, None when it has left or was dropped."""
    row = _unsent().filter(pk=message).first()
    return None if row is None else _as_unsent(row)


def send_again(ids: Iterable[UUID] | None) -> list[UUID]:
    """Let messages be sent at once, as if for the first time, all unsent ones for None; return which."""
    rows = _unsent() if ids is None else Notification.objects.filter(pk__in=list(ids), sent_at=None)
    found = list(rows.values_list("pk", flat=True))
    Notification.objects.filter(pk__in=found).update(due_at=Now(), attempts=0, failed_at=None)
    return found


def drop(ids: Iterable[UUID]) -> list[UUID]:
    """Forget messages that were not sent; return which."""
    rows = Notification.objects.filter(pk__in=list(ids), sent_at=None)
    found = list(rows.values_list("pk", flat=True))
    rows.delete()
    return found


def forget_old() -> int:
    """Forget what was sent an hour ago, and what failed or was kept thirty days ago; return how many."""
    now = timezone.now()
    sent = Q(sent_at__lt=now - (KEPT if settings.CHANCERY_EMBEDDED else timedelta(hours=1)))
    return Notification.objects.filter(sent | Q(failed_at__lt=now - KEPT)).delete()[0]


def _unsent() -> QuerySet[Notification]:
    late = Q(created_at__lt=timezone.now() - LATE)
    return Notification.objects.filter(Q(failed_at__isnull=False) | late, sent_at=None)


def _as_unsent(row: Notification) -> Unsent:
    return Unsent(
        row.pk, _readers(row), row.created_at, row.attempts, row.reason, row.failed_at is not None, row.due_at
    )


def _readers(row: Notification) -> str:
    """Return whom a message is for, "?" where it cannot be read."""
    try:
        return ", ".join(unsealed(bytes(row.sealed)).to)
    except UNREADABLE:
        return "?"


def _read(row: Notification) -> Kept:
    message = unsealed(bytes(row.sealed))
    return Kept(str(row.pk), ", ".join(message.to), str(message.subject), row.created_at, str(message.body))
