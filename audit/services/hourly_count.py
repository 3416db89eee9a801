"""Tell the first refusals of somebody in an hour from the many that follow, so that nobody fills a ledger with them.

Kept in each process: what is lost with one is that its first few are recorded once more.
"""

import threading
import time
from collections import OrderedDict
from typing import Final

HOUR: Final = 3_600
KEPT: Final = 20_000
"""How many callers a process tells apart in one hour; beyond that the longest known one is forgotten."""

_seen: OrderedDict[tuple[int, str, str], int] = OrderedDict()
_lock = threading.Lock()


def nth_this_hour(*, place: str, who: str) -> int:
    """Count one more and return how many there were in this hour, this one included."""
    hour = int(time.time()) // HOUR
    with _lock:
        while _seen and (next(iter(_seen))[0] < hour or len(_seen) >= KEPT):
            _seen.popitem(last=False)
        number = _seen[hour, place, who] = _seen.get((hour, place, who), 0) + 1
    return number


def forget() -> None:
    """Forget what this process has counted."""
    with _lock:
        _seen.clear()
