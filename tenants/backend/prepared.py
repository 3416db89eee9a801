"""Statements that are run for nearly every request, planned once for each connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import Cursor
from psycopg.rows import BaseRowFactory, Row


@contextmanager
def prepared_cursor(row_factory: BaseRowFactory[Row]) -> Iterator[Cursor[Row]]:
    """Return a cursor on this thread's connection, in its transaction, that sends values apart from the statement.

    Django's own cursors write the values into the text, so that PostgreSQL plans each statement anew: for the
    directory's large one that takes ten times as long as running it.  Statements must name schemas and columns, since
    the search path is not set for them, and type their parameters.  A connection that the server has ended is replaced,
    and errors are Django's, as with its own cursors.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection, row_factory=row_factory) as cursor:
        yield cursor
