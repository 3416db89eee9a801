"""How much the current organization was sent by nobody who is signed in."""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class UnauthenticatedRequests:
    """Refused requests without a valid token in one day, at least, and from how many addresses."""

    requests: int
    addresses: int


def unauthenticated_requests_of_a_day() -> UnauthenticatedRequests:
    """Return the counts of the last 24 hours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(count), 0), count(distinct address) from audit_unauthenticatedrequests"
            " where minute > now() - interval '1 day'"
        )
        requests, addresses = cursor.fetchone()
    return UnauthenticatedRequests(int(requests), int(addresses))
