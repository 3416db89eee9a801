"""The fast path's own connections: psycopg's pool, autocommit, qualified names, never a search path.

See docs/protocol.md P16.
"""

import functools
from typing import Any

from django.conf import settings
from django.db import connections
from psycopg import Connection, RawCursor
from psycopg.rows import TupleRow
from psycopg.types.array import ListBinaryDumper
from psycopg_pool import ConnectionPool

STATEMENT_SECONDS = 2
"""The longest one statement may take: a decision that cannot be recorded in this time is none (P29)."""


@functools.cache
def pool() -> ConnectionPool[Connection[TupleRow]]:
    """Return the pool of this process; each web thread uses one connection at a time."""
    parameters: dict[str, Any] = connections["default"].get_connection_params()
    # Planning the deciding statement takes longer than running it, so each connection plans it once.
    options = f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout=1s -c plan_cache_mode=force_generic_plan"
    if settings.CHANCERY_DATABASE_ROLE:
        options += f" -c role={settings.CHANCERY_DATABASE_ROLE}"
    keywords: dict[str, Any] = {
        name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters
    }
    return ConnectionPool(
        kwargs={
            **keywords,
            "options": options,
            "autocommit": True,
            "prepare_threshold": 0,
            "cursor_factory": RawCursor,
        },
        connection_class=Connection[TupleRow],
        configure=_configured,
        min_size=1,
        max_size=16,
        timeout=STATEMENT_SECONDS,
        open=True,
    )


def _configured(connection: Connection[TupleRow]) -> None:
    """Send lists in binary form: writing a batch's events as texts of arrays took a quarter of its time."""
    connection.adapters.register_dumper(list, ListBinaryDumper)
