"""The steps that super-user grants and read permissions go through alike (docs/protocol.md P21, P31).

Each kind records its own events and has its own rules about who may do what; what is here keeps the rows right when two
people do something at once.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Now

from chancery.errors import Conflict, NotFound
from chancery.texts import Text, message
from protection.actor import Actor
from protection.models import ApprovalState, ScopedRequest, ServiceSettings
from protection.selectors.approvals import WAITS_DAYS
from protection.services.paused import refuse_paused

MOST_REASON: Final = 500
MOST_CASE: Final = 100

Row = TypeVar("Row", bound=ScopedRequest)


def next_number(rows: QuerySet[Row]) -> int:
    """Return the number of the next request, holding the row of settings until the transaction ends.

    It orders the numbers, and whoever takes the right to ask away meanwhile.
    """
    ServiceSettings.objects.select_for_update().get(id=1)
    return (rows.aggregate(last=Max("number"))["last"] or 0) + 1


def locked(rows: QuerySet[Row], identity: UUID, *, missing: Text) -> Row:
    """Return a row that nobody else answers until the transaction ends.  Raises NotFound."""
    row = rows.select_for_update().filter(id=identity).first()
    if row is None:
        raise NotFound(missing)
    return row


def waiting(row: Row, *, answered: Conflict) -> Row:
    """Return the row if it still waits for an answer, and raise what is given otherwise."""
    if row.state != ApprovalState.WAITING:
        raise answered
    return row


def answered_words(state: str, who: str) -> Text:
    """Say how something was answered before the caller did, for a second tab or a second person."""
    if who and state in {"declined", "withdrawn"}:
        return message("It was declined or withdrawn already, by {who}; nothing was changed.", who=who)
    if who:
        return message("It was approved already, by {who}; nothing was changed.", who=who)
    return message("It is over already, and nothing was changed.")


def answer(row: ScopedRequest, actor: Actor, state: ApprovalState, *also: str) -> None:
    """Store the answer and who gave it, with other members of the row that were changed.  Raises PausedGivesNothing."""
    if state == ApprovalState.ACTIVE:
        refuse_paused(actor)
    row.state, row.answered_by, row.answered_address, row.answered_at = state, actor.person, actor.address, Now()
    row.save(update_fields=["state", "answered_by", "answered_address", "answered_at", *also])


def close(row: ScopedRequest, actor: Actor | None, state: ApprovalState) -> None:
    """Store that it is over; ``actor`` is None where its time is."""
    row.state, row.ended_at = state, Now()
    if actor is not None:
        row.ended_by, row.ended_address = actor.person, actor.address or actor.name
    row.save(update_fields=["state", "ended_at", "ended_by", "ended_address"])


def due(rows: QuerySet[Row]) -> Iterator[Row]:
    """Yield, locked, what is over by its time and what nobody answered; another worker's are left alone."""
    over = Q(state=ApprovalState.ACTIVE, ends__lte=Now())
    forgotten = Q(state=ApprovalState.WAITING, asked_at__lt=Now() - timedelta(days=WAITS_DAYS))
    yield from rows.select_for_update(skip_locked=True).filter(over | forgotten).order_by("number")
