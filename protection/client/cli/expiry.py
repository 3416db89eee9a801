"""When access ends, as people write it."""

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

from protection.client.errors import Misused
from protection.licensing.days import end_of


def parse_expiry(text: str | None, zone: ZoneInfo) -> int | None:
    """Read an end: a date (the midnight that ends it in ``zone``), a date with time, or a number of days like 30d.

    Raises Misused, also for an end that has passed.
    """
    if text is None:
        return None
    in_days = text.endswith("d") and text[:-1].isdigit()
    end = int(time.time()) + int(text[:-1]) * 86_400 if in_days else parse_moment(text, zone)
    if end <= time.time():
        raise Misused(f"{text} has passed already.", remedy="Name a moment to come, like 30d for 30 days.")
    return end


def parse_moment(text: str, zone: ZoneInfo) -> int:
    """Read a date, which means the midnight that ends it, or a date with time, both in ``zone`` unless they say else.

    Raises Misused.
    """
    try:
        if len(text) == len("2027-01-31"):
            return end_of(date.fromisoformat(text), zone)
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
    except (ValueError, OverflowError):
        raise Misused(f"{text!r} is no date.", remedy="Write it like 2027-01-31, or 30d for 30 days.") from None
