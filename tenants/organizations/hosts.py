"""Host → organization, remembered for seconds in each process.

Looking it up costs a query for each request otherwise.  What is remembered is only who lives where; a decision reads
the organization's state in its own statement (docs/protocol.md P25).
"""

import time
from collections.abc import Callable

from tenants.organizations.selectors import OrganizationFacts, organization_at

KEPT_SECONDS = 5.0
_LIMIT = 10_000

_kept: dict[str, tuple[float, OrganizationFacts | None]] = {}


def lookup(host: str, clock: Callable[[], float] = time.monotonic) -> OrganizationFacts | None:
    """Return the organization at a host in its normal form; also remembers that nobody lives there."""
    now = clock()
    entry = _kept.get(host)
    if entry is not None and entry[0] > now:
        return entry[1]
    found = organization_at(host)
    if len(_kept) >= _LIMIT:
        _kept.clear()
    _kept[host] = (now + KEPT_SECONDS, found)
    return found


def forget() -> None:
    """Forget everything in this process; called after a change to organizations or hosts has committed."""
    _kept.clear()
