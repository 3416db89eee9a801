"""Whether the database responds, asked a few times a second by a thread of its own.

A database that was stopped, or whose disk hangs, closes no connection: a caller that waits for it waits for ever,
readiness probes included.  One question that stays unanswered tells the whole process.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
from django.db import connections

logger = logging.getLogger(__name__)

ASK_SECONDS: Final = 0.3
STOPPED_AFTER: Final = 1.5
"""Seconds without an answer after which the database counts as stopped; with the pause before, less than two."""


class Pulse:
    """Asks the database for a sign of life."""

    def __init__(self, on_connect: Callable[[], None] = lambda: None) -> None:
        """Begin as not connected; ``on_connect`` is done after each connecting, before anything else may be."""
        self._on_connect = on_connect
        self._asked_at: float | None = None
        self._refused = True

    @property
    def stopped(self) -> bool:
        """Whether a question has been waiting for its answer for too long, or the database cannot be reached."""
        asked_at = self._asked_at
        return self._refused or (asked_at is not None and time.monotonic() - asked_at > STOPPED_AFTER)

    def start(self) -> None:
        """Begin to ask, for as long as the process lives."""
        threading.Thread(target=self._ask_for_ever, name="pulse", daemon=True).start()

    def _ask_for_ever(self) -> None:
        while True:
            self._asked_at = time.monotonic()
            try:
                with psycopg.connect(**_parameters(), autocommit=True) as connection:
                    self._prepare()
                    self._ask_until_lost(connection)
            except psycopg.Error:
                self._refused, self._asked_at = True, None
            except Exception:
                # Not knowing whether the record is whole is no reason to go on as if it were.
                logger.exception("What has to be done after connecting to the database failed")
                self._refused, self._asked_at = True, None
            if self._refused:
                time.sleep(ASK_SECONDS)

    def _prepare(self) -> None:
        """Do what comes before the first answer; it may take longer than a question."""
        self._refused, self._asked_at = True, None
        try:
            self._on_connect()
        finally:
            connections.close_all()

    def _ask_until_lost(self, connection: "psycopg.Connection[Any]") -> None:
        while True:
            self._asked_at = time.monotonic()
            connection.execute("select 1")
            self._refused, self._asked_at = False, None
            time.sleep(ASK_SECONDS)


def _parameters() -> dict[str, Any]:
    known = connections["default"].get_connection_params()
    return {name: known[name] for name in ("dbname", "user", "password", "host", "port") if name in known}
