"""The signed feed statement: what was withdrawn since a client last asked, and a heartbeat (docs/protocol.md P24)."""

from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from audit.selectors.proofs import newest_checkpoint
from chancery.objects.feed import FeedEntry as StatedEntry
from chancery.objects.feed import FeedStatement
from protection.keys.subordinate import issuer
from protection.models import FeedEntry

NEVER: Final = 0


def feed_statement(*, organization: UUID, since: int = NEVER) -> tuple[str, str]:
    """Return the statement of everything after ``since`` (0: the full list) and the delegation behind it.

    ``as_of`` is read from the database's clock before the head, in a statement of its own: what was committed before
    it is in the list, so a client may rely on it.
    """
    with connection.cursor() as cursor:
        cursor.execute("select floor(extract(epoch from clock_timestamp()))::bigint")
        (as_of,) = cursor.fetchone()
        cursor.execute("select seq from protection_feedhead where id = 1")
        (seq,) = cursor.fetchone()
    signing = issuer(organization)
    statement = FeedStatement(
        org=organization,
        seq=seq,
        as_of=as_of,
        from_seq=since + 1 if NEVER < since <= seq else NEVER,
        entries=tuple(_entries(since if since <= seq else NEVER, seq)),
        checkpoint=newest_checkpoint(),
    )
    return statement.sign(signing.key), signing.delegation


def _entries(after: int, up_to: int) -> list[StatedEntry]:
    rows = FeedEntry.objects.filter(seq__gt=after, seq__lte=up_to, drop_after__gt=Now()).order_by("seq", "id")
    return [StatedEntry(bytes(row.feed_id), row.rev, row.before) for row in rows]
