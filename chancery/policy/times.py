"""Times of the week at which something may be opened, on the clocks of a named time zone (decision 46).

One is written ``mon-fri 08:00-18:00 Europe/Berlin``: days or ranges of days, from when until when, and the zone.  An
end that is not after the beginning is one of the next day, so that ``fri 22:00-06:00`` ends on Saturday; ``24:00`` is
the end of the day.  What counts is what the clocks of the zone show: where they are put back, an hour that they show
twice is in the times twice, and where they are put forward, what they never show is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from chancery.errors import InvalidPolicy
from chancery.texts import message

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_SECONDS: Final = 86_400
_MIDNIGHT: Final = 24 * 60
_LOOKED_AHEAD: Final = 15
"""Days: a time of the week that the clocks leave out one day comes a week later."""
_SPAN: Final = re.compile(r"([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Times:
    """One time of the week.  Days count from Monday, 0; beginning and end are minutes of the day."""

    days: frozenset[int]
    begins: int
    ends: int
    zone: str

    def __str__(self) -> str:
        return f"{_days_in_words(self.days)} {_clock(self.begins)}-{_clock(self.ends)} {self.zone}"

    def hold_at(self, weekday: int, minute: int) -> bool:
        """Tell whether a moment on the zone's clocks is one of these times."""
        if self.begins < self.ends:
            return weekday in self.days and self.begins <= minute < self.ends
        begun, over_midnight = weekday in self.days, (weekday - 1) % 7 in self.days
        return (begun and minute >= self.begins) or (over_midnight and minute < self.ends)


def parse_times(texts: Iterable[str]) -> tuple[Times, ...]:
    """Read times as they are written.  Raises InvalidPolicy."""
    return tuple(map(_parsed, texts))


def is_open(times: Sequence[Times], now: int) -> bool:
    """Tell whether a moment, in seconds since 1970, is one of the times; where there are none, every moment is."""
    return not times or any(_holds(one, now) for one in times)


def next_change(times: Sequence[Times], now: int) -> int | None:
    """Return the first moment after now at which what ``is_open`` says changes; None where it does not in two weeks."""
    if not times:
        return None
    before = is_open(times, now)
    moments = sorted({moment for one in times for moment in _moments(one, now) if moment > now})
    return next((moment for moment in moments if is_open(times, moment) is not before), None)


def _holds(times: Times, now: int) -> bool:
    shown = datetime.fromtimestamp(now, _zone(times.zone))
    return times.hold_at(shown.weekday(), shown.hour * 60 + shown.minute)


def _moments(times: Times, now: int) -> Iterator[int]:
    """Yield the moments at which one may begin or end: where the clocks show that, and where they are changed."""
    zone = _zone(times.zone)
    today = datetime.fromtimestamp(now, zone).date()
    for number in range(-1, _LOOKED_AHEAD):
        day = today + timedelta(days=number)
        for minute in (times.begins, times.ends):
            yield from _shown(day, minute, zone)
        yield from _changed_clocks(now + number * DAY_SECONDS, zone)


def _shown(day: date, minute: int, zone: ZoneInfo) -> Iterator[int]:
    """Yield when the clocks show a minute of a day: an hour that they show twice, twice."""
    shown = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    for fold in (0, 1):
        yield int(shown.replace(tzinfo=zone, fold=fold).timestamp())


def _changed_clocks(begins: int, zone: ZoneInfo) -> Iterator[int]:
    """Yield when the clocks are changed within a day from a moment on."""
    low, high = begins, begins + DAY_SECONDS
    if _offset(low, zone) == _offset(high, zone):
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == _offset(low, zone) else (low, middle)
    yield high


def _offset(moment: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(moment, zone).utcoffset()


@lru_cache(maxsize=512)
def _parsed(text: str) -> Times:
    *days, span, zone = text.split() if len(text.split()) > 2 else ("", "", "")
    found = _SPAN.fullmatch(span)
    if found is None:
        raise _refused(text)
    first_hour, first_minute, last_hour, last_minute = map(int, found.groups())
    begins, ends = first_hour * 60 + first_minute, last_hour * 60 + last_minute
    if begins >= _MIDNIGHT or ends > _MIDNIGHT or begins == ends:
        raise _refused(text)
    try:
        _zone(zone)
        return Times(frozenset(day for one in days for day in _range(one)), begins, ends, zone)
    except (ValueError, OSError):
        raise _refused(text) from None


def _range(text: str) -> Iterator[int]:
    """Yield the days of ``mon`` or ``mon-fri``; a range may go over the end of the week.  Raises ValueError."""
    first, separator, last = text.lower().partition("-")
    begins, ends = DAYS.index(first), DAYS.index(last if separator else first)
    yield from ((begins + number) % 7 for number in range((ends - begins) % 7 + 1))


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    """Return a time zone.  Raises ValueError, its ZoneInfoNotFoundError included, and OSError for what is a folder."""
    try:
        return ZoneInfo(name)
    except KeyError as error:
        raise ValueError(name) from error


def _refused(text: str) -> InvalidPolicy:
    return InvalidPolicy(
        message("{text!r} is no time of the week.", text=text),
        remedy=message("Write it like: mon-fri 08:00-18:00 Europe/Berlin."),
    )


def _days_in_words(days: frozenset[int]) -> str:
    """Return days in the one form in which they are kept: in the week's order, three or more in a row as a range."""
    parts: list[str] = []
    left = sorted(days)
    while left:
        run = [left.pop(0)]
        while left and left[0] == run[-1] + 1:
            run.append(left.pop(0))
        parts += [f"{DAYS[run[0]]}-{DAYS[run[-1]]}"] if len(run) > 2 else [DAYS[one] for one in run]
    return " ".join(parts)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
