"""Whether the process lives, and whether it can do what it promises.

Ready means more than reachable: a license leaves only after a durable event, so a database that does not flush its
writes is not ready (PROTOCOL P29).
"""

from http import HTTPStatus

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from redis.exceptions import RedisError

_DURABLE = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')"


def healthz() -> HttpResponse:
    """Answer that the process is alive; looks at nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz() -> HttpResponse:
    """Answer whether the parts are there: 503 without a durable database; a lost Redis is reported but not fatal."""
    database = _database()
    report = {"database": database, "redis": _redis()}
    status = HTTPStatus.OK if database == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(report, status=status)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_DURABLE)
            fsync, commit, pages = cursor.fetchone()
    except DatabaseError:
        return "unreachable"
    return "ok" if fsync == "on" and commit != "off" and pages == "on" else "not durable"


def _redis() -> str:
    try:
        cache.get("readyz")
    except RedisError:
        return "unreachable"
    return "ok"
