"""Whether the process lives, and whether it can do what it promises.

Ready means more than reachable: a license leaves only after a durable event, so a database that does not flush its
writes is not ready (docs/protocol.md P29).
"""

import os
from http import HTTPStatus

from django.core.cache import cache
from django.db import DatabaseError, OperationalError, connection, transaction
from django.http import HttpResponse, JsonResponse
from psycopg.errors import DiskFull
from redis.exceptions import RedisError

from portal.rendering.exchange import announced

_LARGE = 64 * 1024
"""Bytes that do not fit into what a table has left, so that writing them needs space on the disk."""
_DURABLE = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')"


def healthz() -> HttpResponse:
    """Answer that the process is alive; looks at nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz() -> HttpResponse:
    """Answer whether the parts are there: 503 without a durable database; everything else is reported but not fatal."""
    report = parts()
    status = HTTPStatus.OK if report["database"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(report, status=status)


def parts() -> dict[str, str]:
    """Return the state of each part that the service needs: "ok", or what is wrong with it."""
    return {"database": _database(), "redis": _redis(), "viewer": _viewer()}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_DURABLE)
            fsync, commit, pages = cursor.fetchone()
            if not (fsync == "on" and commit != "off" and pages == "on"):
                return "not durable"
        return _writable()
    except DatabaseError:
        return "unreachable"


def _writable() -> str:
    """Write what needs space and take it back: a full disk still answers every question."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select lo_from_bytea(0, %s)", [os.urandom(_LARGE)])
            transaction.set_rollback(True)
    except OperationalError as error:
        if isinstance(error.__cause__, DiskFull):
            return "the disk of the database is full"
        raise
    return "ok"


def _viewer() -> str:
    """Say whether viewer-only documents can be shown: a worker of its own draws them."""
    try:
        able = announced()
    except RedisError:
        return "not running"
    if able is None:
        return "not running"
    return "ok" if able["draws"] else "no sandbox"


def _redis() -> str:
    try:
        cache.get("readyz")
    except RedisError:
        return "unreachable"
    return "ok"
