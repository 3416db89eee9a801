"""The organization's revocation feed: numbered entries that invalidate cached licenses (docs/protocol.md P24).

Every service that takes something away appends here in its own transaction.  The head's row lock orders revocations;
the same number is what the licensing statement re-checks, so that a license decided before a revocation never leaves
after it.
"""

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from chancery.objects.feed import derived_feed_id
from protection.models import FeedEntry, FeedHead, ServiceSettings

LONGEST_LICENSING: Final = 5
"""Seconds that one licensing transaction may take at most; a person's or device's entry reaches this far ahead."""

LEAP: Final = 1_000_000_000
"""Many times more revocations than an organization makes between two backups."""

MAX_DAYS: Final = 36_500
"""A hundred years, beyond which a date cannot be distinguished from never."""


def invalidate_revisions_below(feed_id: bytes, rev: int) -> int:
    """Invalidate cached licenses of one document that carry a lower revision; return the feed's new number."""
    return _append(feed_id, rev=rev)


def invalidate_many_revisions(revisions: Mapping[bytes, int]) -> int:
    """Invalidate cached licenses of several documents under one number, by feed id and revision; return the number.

    Without any the number is raised all the same, as something that decisions rest on has moved.
    """
    seq = touch()
    days = ServiceSettings.objects.values_list("longest_license_days", flat=True).get(id=1)
    drop_after = Now() + timedelta(days=min(days, MAX_DAYS) + 1)
    FeedEntry.objects.bulk_create(
        FeedEntry(seq=seq, feed_id=feed_id, rev=rev, drop_after=drop_after) for feed_id, rev in revisions.items()
    )
    return seq


def invalidate_issued_until_now(feed_id: bytes) -> int:
    """Invalidate every license of one person or device issued so far; return the feed's new number."""
    return _append(feed_id, rev=None)


def invalidated_since(moment: datetime, feed_ids: Collection[bytes]) -> set[bytes]:
    """Return those of the people and devices whose licenses an entry of this moment or later invalidates."""
    reach = math.ceil(moment.timestamp()) + LONGEST_LICENSING
    entries = FeedEntry.objects.filter(before__gte=reach, feed_id__in=list(feed_ids))
    return {bytes(feed_id) for feed_id in entries.values_list("feed_id", flat=True)}


def touch() -> int:
    """Raise the number without an entry: state that decisions rest on has moved, no cached license is invalidated."""
    with connection.cursor() as cursor:
        cursor.execute("update protection_feedhead set seq = seq + 1 where id = 1 returning seq")
        (seq,) = cursor.fetchone()
    return int(seq)


def leap() -> int:
    """Go on after a confirmed restore: license again, under a number beyond any that clients can have seen before."""
    with connection.cursor() as cursor:
        cursor.execute("update protection_feedhead set seq = seq + %s, gap = '' where id = 1 returning seq", [LEAP])
        (seq,) = cursor.fetchone()
    return int(seq)


def _append(feed_id: bytes, *, rev: int | None) -> int:
    """Add an entry; without a revision it reaches from the moment the head's lock was had, however long that took."""
    seq = touch()
    before = None
    if rev is None:
        FeedHead.objects.filter(id=1).update(withdrawn=seq)
        with connection.cursor() as cursor:
            cursor.execute("select ceil(extract(epoch from clock_timestamp()))::bigint")
            (now,) = cursor.fetchone()
        before = now + LONGEST_LICENSING
    days = ServiceSettings.objects.values_list("longest_license_days", flat=True).get(id=1)
    FeedEntry.objects.create(
        seq=seq, feed_id=feed_id, rev=rev, before=before, drop_after=Now() + timedelta(days=min(days, MAX_DAYS) + 1)
    )
    return seq


def invalidate_all_of(identity: UUID) -> int:
    """Invalidate every license so far of a person, or under a template, a key or the whole organization."""
    secret = ServiceSettings.objects.values_list("feed_secret", flat=True).get(id=1)
    return invalidate_issued_until_now(derived_feed_id(bytes(secret), identity))
