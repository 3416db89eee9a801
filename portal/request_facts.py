"""What the log and the ledger say of a request itself: its id, and the network address that it came from.

The id joins an answer, its lines in the log, and the error page that a person reads out on the telephone.  The address
is taken from proxies only where proxies are configured (docs/protocol.md P30).
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

_current: ContextVar[str] = ContextVar("correlation", default="-")


class CorrelationFilter(logging.Filter):
    """Puts the id of the current request on every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; no line is held back."""
        record.correlation = _current.get()
        return True


@contextmanager
def fresh_correlation_id() -> Iterator[str]:
    """Give the block an id of its own."""
    fresh = uuid.uuid4().hex
    token = _current.set(fresh)
    try:
        yield fresh
    finally:
        _current.reset(token)


def correlation_id() -> str:
    """Return the id of the current request, or a dash outside of requests."""
    return _current.get()


def client_address(request: HttpRequest) -> str:
    """Return the address the request came from.

    Each trusted proxy appends the address it saw to ``X-Forwarded-For``; with ``n`` of them the n-th from the right is
    the client's.  Without proxies the header is anybody's claim and is not read.
    """
    hops = int(settings.CHANCERY_TRUSTED_PROXIES)
    if hops:
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(forwarded) >= hops:
            return forwarded[-hops]
    return str(request.META.get("REMOTE_ADDR", ""))
