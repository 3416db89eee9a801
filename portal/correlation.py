"""The id that joins an answer, its lines in the log and the error page a person reads out on the telephone."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("correlation", default="-")


class CorrelationFilter(logging.Filter):
    """Puts the id of the current request on every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; no line is held back."""
        record.correlation = _current.get()
        return True


@contextmanager
def fresh() -> Iterator[str]:
    """Give the block an id of its own."""
    correlation_id = uuid.uuid4().hex
    token = _current.set(correlation_id)
    try:
        yield correlation_id
    finally:
        _current.reset(token)


def current() -> str:
    """Return the id of the current request, or a dash outside of requests."""
    return _current.get()
