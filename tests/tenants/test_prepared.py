"""Prepared statements go over a connection that Django keeps, and gives up as it gives up its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import OperationalError, connection
from psycopg.rows import tuple_row

from tenants.backend.prepared import prepared_cursor


def backend() -> int:
    with prepared_cursor(tuple_row) as cursor:
        row = cursor.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def ended() -> int:
    """Let the server end this thread's connection, and return which one it was."""
    former = backend()
    killer = threading.Thread(target=_end, args=[former])
    killer.start()
    killer.join()
    return former


def _end(other: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", [other])
    connection.close()


def in_a_thread(test: Callable[[], None]) -> None:
    """Run something on a connection of its own, and raise what it raises."""

    def run() -> None:
        with closing(connection):
            test()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(run).result()


@pytest.mark.django_db
def test_a_connection_that_the_server_has_ended_is_replaced_at_the_next_request() -> None:
    def test() -> None:
        former = ended()
        # As at the beginning of a request.
        connection.health_check_enabled, connection.health_check_done = True, False
        assert backend() != former

    in_a_thread(test)


@pytest.mark.django_db
def test_one_that_breaks_during_a_request_is_given_up_with_an_error_that_is_answered_by_503() -> None:
    def test() -> None:
        ended()
        connection.health_check_enabled, connection.health_check_done = True, True
        with pytest.raises(OperationalError):
            backend()
        assert connection.errors_occurred

    in_a_thread(test)
