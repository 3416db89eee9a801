"""How many requests one person may make: a token bucket in this process (docs/protocol.md P25).

Licensing works without Redis, so its limit is kept per process; it guards the service against a client in a loop, not a
secret against guessing.  Wrong guesses at a secret are counted in Redis over all processes, here as in the account
suite; without it nothing may be guessed, so the count raises and the interface refuses.
"""

import math
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from typing import Final

from django.conf import settings
from django.core.cache import cache

BURST_SECONDS: Final = 10
"""For how many seconds' worth of requests somebody may be ahead who was quiet before: opening a folder is one burst."""
_KEPT: Final = 20_000

_buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
_lock = threading.Lock()


def retry_after(name: str, *, rate: float | None = None, burst: float | None = None, now: float | None = None) -> int:
    """Take one token of the named bucket; return 0, or in how many whole seconds the next one is there.

    Without a rate of its own a bucket has the installation's, CHANCERY_REQUESTS_PER_SECOND.
    """
    rate = float(settings.CHANCERY_REQUESTS_PER_SECOND) if rate is None else rate
    burst = rate * BURST_SECONDS if burst is None else burst
    moment = time.monotonic() if now is None else now
    with _lock:
        level, seen = _buckets.pop(name, (burst, moment))
        level = min(burst, level + (moment - seen) * rate)
        allowed = level >= 1
        _buckets[name] = (level - 1 if allowed else level, moment)
        if len(_buckets) > _KEPT:
            _buckets.popitem(last=False)
    return 0 if allowed else max(1, math.ceil((1 - level) / rate))


def may_guess(name: str, *, most: int) -> bool:
    """Tell whether fewer than so many wrong guesses were counted lately.  Raises RedisError without Redis."""
    return int(cache.get(f"guesses:{name}", 0)) < most


def count_wrong_guess(name: str, *, seconds: int) -> None:
    """Count a wrong guess; the count is forgotten so many seconds after its first one.  Raises RedisError."""
    key = f"guesses:{name}"
    if not cache.add(key, 1, timeout=seconds):
        # Between the two it may have run out; then this guess begins no new count, which is one too few at most.
        with suppress(ValueError):
            cache.incr(key)


def forget() -> None:
    """Forget every bucket of this process."""
    with _lock:
        _buckets.clear()
