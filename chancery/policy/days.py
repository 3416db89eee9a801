"""Days as moments: a date without a time means a midnight where its setter lives (docs/protocol.md P26)."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from chancery.errors import InvalidPolicy
from chancery.texts import message

LAST_DAY: Final = date(9998, 12, 31)
"""The last day that a policy may name: the calendar must not end before the day does, in any time zone."""

LAST_MOMENT: Final = 253_370_851_200
"""9999-01-02 UTC in seconds since 1970, later than the end of ``LAST_DAY`` in every time zone.  No policy, envelope or
signed object names a later time, so that every calendar and every database can show each of them."""


def beginning_of(day: date, zone: ZoneInfo) -> int:
    """Return the midnight that begins a day in a time zone, in seconds since 1970.  Raises InvalidPolicy."""
    return _midnight(_named(day), zone)


def end_of(day: date, zone: ZoneInfo) -> int:
    """Return the midnight that ends a day in a time zone, in seconds since 1970: on the day itself access lasts.

    Raises InvalidPolicy.
    """
    return _midnight(_named(day) + timedelta(days=1), zone)


def last_day_before(end: int, zone: ZoneInfo) -> date:
    """Return the day in a time zone that an end, in seconds since 1970, still lets pass or cuts short."""
    return datetime.fromtimestamp(end - 1, UTC).astimezone(zone).date()


def _named(day: date) -> date:
    if day > LAST_DAY:
        raise InvalidPolicy(
            message("{day} is too late.", day=day), remedy=message("Name a day before the year 9999, or none.")
        )
    return day


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
