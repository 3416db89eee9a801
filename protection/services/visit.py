"""When a person was here before: what happened since is new to them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from protection.models import Visit

ANOTHER: Final = timedelta(hours=1)
"""After so long without a page it is another visit."""
_MOVES: Final = timedelta(minutes=5)
"""The mark moves at most so often: most pages only read it."""


def visit(*, person: UUID) -> datetime:
    """Note that a person is here; return when their visit before this one ended."""
    now = timezone.now()
    row = Visit.objects.filter(person_id=person).first()
    if row is None:
        Visit.objects.bulk_create([Visit(person_id=person, seen_at=now, before=now)], ignore_conflicts=True)
        return now
    if now - row.seen_at > ANOTHER:
        Visit.objects.filter(person_id=person, seen_at=row.seen_at).update(before=row.seen_at, seen_at=now)
        return row.seen_at
    if now - row.seen_at > _MOVES:
        Visit.objects.filter(person_id=person).update(seen_at=now)
    return row.before


def last_visit(*, person: UUID) -> datetime | None:
    """Return when the visit before this one ended, without noting anything; None for somebody who was never here."""
    return Visit.objects.filter(person_id=person).values_list("before", flat=True).first()
