"""When access ends, as people write it."""

from datetime import UTC, datetime

from protection.client.errors import Misused


def parse_expiry(text: str | None) -> int | None:
    """Read an end: a date (midnight here), a date with time, or a number of days like 30d."""
    if text is None:
        return None
    if text.endswith("d") and text[:-1].isdigit():
        return int(datetime.now(UTC).timestamp()) + int(text[:-1]) * 86_400
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp())
    except ValueError:
        raise Misused(f"{text!r} is no date.", remedy="Write it like 2027-01-31, or 30d for 30 days.") from None
