"""When access ends, as people write it."""

import time
from datetime import datetime

from protection.client.errors import Misused


def parse_expiry(text: str | None) -> int | None:
    """Read an end: a date (midnight here), a date with time, or a number of days like 30d.

    Raises Misused, also for an end that has passed.
    """
    if text is None:
        return None
    in_days = text.endswith("d") and text[:-1].isdigit()
    end = int(time.time()) + int(text[:-1]) * 86_400 if in_days else _moment(text)
    if end <= time.time():
        raise Misused(f"{text} has passed already.", remedy="Name a moment to come, like 30d for 30 days.")
    return end


def _moment(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp())
    except (ValueError, OverflowError):
        raise Misused(f"{text!r} is no date.", remedy="Write it like 2027-01-31, or 30d for 30 days.") from None
