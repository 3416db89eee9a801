"""Count unauthenticated requests, per minute and address, so that nobody can fill the audit log with it.

A process writes a count when it has doubled: the first refusal of a minute is there at once, a flood costs a dozen
writes, and what a dying process had not written is less than what it had.  See docs/protocol.md P29.
"""

import threading
import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from django.db import connection

DAYS_KEPT: Final = 30
ADDRESSES: Final = 1_000
"""How many addresses a process tells apart in one minute; further ones count together."""
ELSEWHERE: Final = ""

_COUNT: Final = """
with gone as (delete from audit_unauthenticatedrequests where minute < now() - make_interval(days => %(days)s))
insert into audit_unauthenticatedrequests as kept (minute, address, count)
values (date_trunc('minute', now()), %(address)s, %(count)s)
on conflict (minute, address) do update set count = kept.count + excluded.count
"""

_seen: OrderedDict[tuple[int, str, str], int] = OrderedDict()
_lock = threading.Lock()


def count_unauthenticated(*, place: str, address: str) -> None:
    """Count one request to the current organization; ``place`` tells organizations apart in this process's memory."""
    more = _unwritten(int(time.time()) // 60, place, _counted_as(address))
    if more is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"days": DAYS_KEPT, "address": more[0], "count": more[1]})


def _unwritten(minute: int, place: str, address: str) -> tuple[str, int] | None:
    """Return the address and how much to add for it, when its count has doubled."""
    with _lock:
        while _seen and next(iter(_seen))[0] < minute:
            _seen.popitem(last=False)
        if (minute, place, address) not in _seen and len(_seen) >= ADDRESSES:
            address = ELSEWHERE
        seen = _seen[minute, place, address] = _seen.get((minute, place, address), 0) + 1
    doubled = seen & (seen - 1) == 0
    return (address, max(1, seen // 2)) if doubled else None


def _counted_as(address: str) -> str:
    """Return the address, or for IPv6 the network that one customer is given; one attacker has many."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ELSEWHERE
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def forget() -> None:
    """Forget what this process has counted."""
    with _lock:
        _seen.clear()
