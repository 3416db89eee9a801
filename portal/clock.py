"""The one clock of the service: the database's (docs/protocol.md P26)."""

from django.db import connection


def now() -> int:
    """Return the database's time in whole seconds since 1970.

    Several web nodes whose own clocks differ must agree on when a certificate begins and ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("select floor(extract(epoch from clock_timestamp()))::bigint")
        return int(cursor.fetchone()[0])
