"""When access begins and ends, as people write it."""

import time
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from chancery.errors import InvalidPolicy
from chancery.policy.days import LAST_DAY, beginning_of, end_of
from chancery.sdk.errors import Misused
from chancery.texts import message


def parse_expiry(text: str | None, zone: ZoneInfo) -> int | None:
    """Read an end: a date (the midnight that ends it in ``zone``), a date with time, or a number of days like 30d.

    Raises Misused, also for an end that has passed.
    """
    if text is None:
        return None
    in_days = text.endswith("d") and text[:-1].isdecimal()
    end = int(time.time()) + int(text[:-1]) * 86_400 if in_days else parse_end(text, zone)
    if end > end_of(LAST_DAY, zone):
        raise Misused(message("{text} is too late.", text=text), remedy=message("Name fewer days, or none."))
    if end <= time.time():
        raise Misused(
            message("{text} has passed already.", text=text),
            remedy=message("Name a moment to come, like 30d for 30 days."),
        )
    return end


def parse_beginning(text: str, zone: ZoneInfo) -> int:
    """Read a date, which means the midnight that begins it, or a date with time; in ``zone`` unless they say else.

    Raises Misused.
    """
    return _moment(text, zone, beginning_of)


def parse_end(text: str, zone: ZoneInfo) -> int:
    """Read a date, which means the midnight that ends it, or a date with time; in ``zone`` unless they say else.

    Raises Misused.
    """
    return _moment(text, zone, end_of)


def _moment(text: str, zone: ZoneInfo, midnight: Callable[[date, ZoneInfo], int]) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(
            message("{text!r} is no date.", text=text), remedy=message("Write it like 2027-01-31, or 2027-01-31T09:00.")
        ) from None
    try:
        of_day = midnight(moment.date(), zone)
    except InvalidPolicy as error:
        raise Misused(error.message, remedy=error.next_step) from None
    if _is_date(text):
        return of_day
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
