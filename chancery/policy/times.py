"""Times of the week at which something may be opened, on the clocks of a named time zone (decision 46).

One is written ``mon-fri 08:00-18:00 Europe/Berlin``: days or ranges of days, from when until when, and the zone.  An
end that is not after the beginning is one of the next day, so that ``fri 22:00-06:00`` ends on Saturday; ``24:00`` is
the end of the day.  What counts is what the clocks of the zone show: where they are put back, an hour that they show
twice is in the times twice, and where they are put forward, what they never show is left out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from chancery.errors import InvalidPolicy
from chancery.texts import message

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_SECONDS: Final = 86_400
MOST_TIMES: Final = 20
"""Different times in one list, of a policy or of an organization: every decision looks at each of them."""
_MIDNIGHT: Final = 24 * 60
_FIRST_DAY: Final = DAYS.index("thu")
"""The day of the week on which 1970 began."""
_LOOKED_AHEAD: Final = 16
"""Days from the beginning of one: a time of the week that the clocks leave out one day comes a week later."""
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
    """Read times as they are written; what is there twice is kept once.  Raises InvalidPolicy, also for too many."""
    found: dict[Times, None] = {}
    for text in texts:
        found[_parsed(text)] = None
        if len(found) > MOST_TIMES:
            raise InvalidPolicy(
                message("At most {most} times can be named.", most=MOST_TIMES),
                remedy=message("Name several days in one time, like: mon wed fri 08:00-18:00 Europe/Berlin."),
            )
    return tuple(found)


def is_open(times: Sequence[Times], now: int) -> bool:
    """Tell whether a moment, in seconds since 1970, is one of the times; where there are none, every moment is."""
    return not times or any(_holds(one, now) for one in times)


def next_change(times: Sequence[Times], now: int) -> int | None:
    """Return the first moment after now at which what ``is_open`` says changes; None where it does not in two weeks."""
    changes = _changes(tuple(times), now // DAY_SECONDS)
    place = bisect_right(changes, now)
    return changes[place] if place < len(changes) else None


def _holds(times: Times, now: int) -> bool:
    shown = datetime.fromtimestamp(now, _zone(times.zone))
    return times.hold_at(shown.weekday(), shown.hour * 60 + shown.minute)


@lru_cache(maxsize=512)
def _changes(times: tuple[Times, ...], day: int) -> tuple[int, ...]:
    """Return when what ``is_open`` says changes from a day on, counted from 1970, in order.

    It is kept by day: an opening asks for it several times, and a batch of openings for each of its documents.
    """
    begins, ends = day * DAY_SECONDS, (day + _LOOKED_AHEAD) * DAY_SECONDS
    merged: list[int] = []
    for first, last in sorted(span for one in times for span in _spans(one, begins, ends)):
        if merged and first <= merged[-1]:
            merged[-1] = max(merged[-1], last)
        else:
            merged += (first, last)
    return tuple(moment for moment in merged if begins < moment < ends)


def _spans(times: Times, begins: int, ends: int) -> Iterator[tuple[int, int]]:
    """Yield from when until when a time holds within a span, apart wherever the clocks are changed."""
    until = times.ends if times.begins < times.ends else times.ends + _MIDNIGHT
    for low, high, ahead in _clocks(times.zone, begins, ends):
        # The day before the first one counts too: what begins on it may end on the first.
        for day in range((low + ahead) // DAY_SECONDS - 1, (high + ahead) // DAY_SECONDS + 1):
            if (day + _FIRST_DAY) % 7 in times.days:
                midnight = day * DAY_SECONDS - ahead
                first, last = max(low, midnight + times.begins * 60), min(high, midnight + until * 60)
                if first < last:
                    yield first, last


@lru_cache(maxsize=512)
def _clocks(zone: str, begins: int, ends: int) -> tuple[tuple[int, int, int], ...]:
    """Return from when until when within a span the clocks of a zone are how many seconds ahead of UTC."""
    known = _zone(zone)
    changed = [moment for day in range(begins, ends, DAY_SECONDS) for moment in _changed_clocks(day, known)]
    return tuple((low, high, _ahead(low, known)) for low, high in pairwise((begins, *changed, ends)))


def _changed_clocks(begins: int, zone: ZoneInfo) -> Iterator[int]:
    """Yield when the clocks are changed within a day from a moment on."""
    low, high = begins, begins + DAY_SECONDS
    if _ahead(low, zone) == _ahead(high, zone):
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _ahead(middle, zone) == _ahead(low, zone) else (low, middle)
    yield high


def _ahead(moment: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    return 0 if offset is None else offset // timedelta(seconds=1)


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
