"""Cursors of lists that are sorted by the database: the order, and the place of the last row in it."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

Place: TypeAlias = str | datetime


class InvalidCursor(ValueError):
    """The cursor was not made by the selector that got it, or for another order."""


def make_cursor(sort: str, place: Place, identity: UUID) -> str:
    """Return the cursor after a row with this place in the order and this id."""
    text = {"at": place.astimezone(UTC).isoformat()} if isinstance(place, datetime) else place
    return base64.urlsafe_b64encode(json.dumps([sort, text, str(identity)]).encode()).decode()


def read_cursor(sort: str, cursor: str) -> tuple[Place, UUID]:
    """Return place and id of the last row.  Raises InvalidCursor."""
    try:
        of, text, identity = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        place: Place = datetime.fromisoformat(text["at"]) if isinstance(text, dict) else text
        found = place, UUID(identity)
    except (ValueError, TypeError, AttributeError, KeyError, binascii.Error, UnicodeError) as error:
        raise InvalidCursor("this cursor is not known") from error
    # A place of another kind than the column would reach the database.
    if of != sort or not isinstance(place, str | datetime):
        raise InvalidCursor("this cursor is of another order")
    return found
