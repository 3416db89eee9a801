"""Days as ends: a date without a time means the midnight that ends it, where its setter lives (PROTOCOL P26)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def end_of(day: date, zone: ZoneInfo) -> int:
    """Return the midnight that ends a day in a time zone, in seconds since 1970: on the day itself access lasts."""
    after = day + timedelta(days=1)
    return int(datetime(after.year, after.month, after.day, tzinfo=zone).timestamp())


def last_day_before(end: int, zone: ZoneInfo) -> date:
    """Return the day in a time zone that an end, in seconds since 1970, still lets pass or cuts short."""
    return datetime.fromtimestamp(end - 1, UTC).astimezone(zone).date()
