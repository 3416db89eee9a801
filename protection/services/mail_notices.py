"""Which notices go into the next mail to a person: collected, and never more mails than a person can read."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db.models.functions import Now
from django.utils import timezone

from protection.models import Notice

PER_DOCUMENT: Final = 4
"""Mails about one document to one person within ``HOUR``; what happens beyond them goes into one at its end."""
PER_PERSON: Final = 20
"""The same for all documents together."""
HOUR: Final = timedelta(hours=1)
AT_ONCE: Final = 1000
"""Notices that one mail collects at most."""
KEPT: Final = timedelta(days=1)
"""How long is known what was mailed: longer than an hour, by which mails are counted."""


def take_due(person: UUID) -> list[Notice]:
    """Lock and return what may be mailed to a person now; what has to wait is due when it may be.

    Called in the transaction that writes the mail and marks them by ``mark_mailed``.
    """
    rows = Notice.objects.select_for_update(skip_locked=True).filter(person_id=person, mailed_at=None)
    due = list(rows.filter(due_at__lte=Now()).order_by("due_at", "event_id")[:AT_ONCE])
    mailed = Notice.objects.filter(person_id=person, daily=False, mailed_at__gt=timezone.now() - HOUR)
    rows_lately = mailed.values_list("mail", "content_id", "mailed_at")
    lately = {(mail, cid, at) for mail, cid, at in rows_lately if mail is not None and at is not None}
    after = _later(lately, {one.content_id for one in due if not one.daily})
    held = [one for one in due if not one.daily and one.content_id in after]
    for one in held:
        one.due_at = after[one.content_id]
    Notice.objects.bulk_update(held, ["due_at"])
    return [one for one in due if one not in held]


def _later(lately: set[tuple[UUID, UUID, datetime]], documents: set[UUID]) -> dict[UUID, datetime]:
    """Return for documents that were mailed about too often lately when they may be again."""
    mails = {mail: at for mail, _cid, at in lately}
    if len(mails) >= PER_PERSON:
        return dict.fromkeys(documents, min(mails.values()) + HOUR)
    often = Counter(cid for _mail, cid, _at in lately)
    oldest: dict[UUID, datetime] = {}
    for _mail, cid, at in lately:
        oldest[cid] = min(at, oldest.get(cid, at))
    return {cid: oldest[cid] + HOUR for cid in documents if often[cid] >= PER_DOCUMENT}


def mark_mailed(notices: list[Notice]) -> None:
    """Mark notices as mailed, together and now."""
    mail = uuid4()
    keys = [one.event_id for one in notices]
    rows = Notice.objects.filter(person_id=notices[0].person_id, event_id__in=keys)
    rows.update(mail=mail, mailed_at=Now())


def drop(person: UUID) -> None:
    """Forget what waits to be mailed to a person who may not be told any more."""
    Notice.objects.filter(person_id=person, mailed_at=None).delete()


def forget_mailed() -> int:
    """Forget what was mailed long enough ago."""
    return Notice.objects.filter(mailed_at__lt=timezone.now() - KEPT).delete()[0]
