"""Cursors of lists that are sorted by the database: the order, and the place of the last row in it."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

Place: TypeAlias = str | int | datetime
MOST: Final = 2**63
"""Where the numbers of a database end."""


class InvalidCursor(ValueError):
    """The cursor was not made by the selector that got it, or for another order."""


def make_cursor(sort: str, place: Place, identity: UUID) -> str:
    """Return the cursor after a row with this place in the order and this id."""
    kept = {"at": place.astimezone(UTC).isoformat()} if isinstance(place, datetime) else place
    return base64.urlsafe_b64encode(json.dumps([sort, kept, str(identity)]).encode()).decode()


def read_cursor(sort: str, cursor: str, *, by_moment: bool = False, by_number: bool = False) -> tuple[Any, UUID]:
    """Return place and id of the last row; ``by_moment`` and ``by_number`` tell which kind of place the order has.

    Anybody can write a cursor, so nothing reaches the database that the column cannot hold.  Raises InvalidCursor.
    """
    try:
        of, kept, identity = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        place = _moment(kept["at"]) if by_moment else _number(kept) if by_number else _text(kept)
        found = place, UUID(identity)
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError, binascii.Error) as error:
        raise InvalidCursor("this cursor is not known") from error
    if of != sort:
        raise InvalidCursor("this cursor is of another order")
    return found


def _moment(text: str) -> Place:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


def _number(number: object) -> Place:
    if type(number) is not int or not 0 <= number < MOST:
        raise ValueError("no count that a database knows")
    return number


def _text(text: str) -> Place:
    if b"\0" in text.encode():
        raise ValueError("a text that no column holds")
    return text
