"""Problems (RFC 9457): the only place that knows which error is which HTTP status.

Every body has ``type, title, status, detail, code, next_step`` and the correlation id under which the log knows the
request; refusals add ``reason``, ``contact`` and the ``event`` under which they are on record.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.http import JsonResponse

from chancery.errors import (
    ChanceryError,
    Conflict,
    InvalidFile,
    InvalidObject,
    InvalidPolicy,
    NotFound,
    Unavailable,
    UntrustedKey,
)
from portal import correlation
from portal.languages import told
from protection.services.access import OnlyTheOwner
from protection.services.change import Widening
from protection.services.register_on_first_use import SendWholeLicense
from protection.services.relabel import MayNotRelabel
from protection.services.running import NotRunning

CONTENT_TYPE: Final = "application/problem+json"

_STATUS: Final[tuple[tuple[type[ChanceryError], HTTPStatus], ...]] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Widening, HTTPStatus.FORBIDDEN),
    (OnlyTheOwner, HTTPStatus.FORBIDDEN),
    (MayNotRelabel, HTTPStatus.FORBIDDEN),
    (NotRunning, HTTPStatus.FORBIDDEN),
    (SendWholeLicense, HTTPStatus.CONFLICT),
    (Conflict, HTTPStatus.CONFLICT),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (InvalidPolicy, HTTPStatus.BAD_REQUEST),
    (InvalidFile, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UntrustedKey, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidObject, HTTPStatus.UNPROCESSABLE_ENTITY),
)


def status_of(error: ChanceryError) -> HTTPStatus:
    """Return the HTTP status of a domain error; the first matching line of the table counts."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)


def body(
    status: int, code: str, detail: str, *, next_step: str = "", more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the members of a problem, its sentences in the caller's language."""
    return {
        "type": f"/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": told(detail),
        "code": code,
        "next_step": told(next_step),
        "correlation_id": correlation.current(),
        **(more or {}),
    }


def problem(
    status: int, code: str, detail: str, *, next_step: str = "", more: Mapping[str, Any] | None = None
) -> JsonResponse:
    """Return a problem as an answer, for doors that stand before the framework."""
    return JsonResponse(
        body(status, code, detail, next_step=next_step, more=more), status=status, content_type=CONTENT_TYPE
    )


def of_error(error: ChanceryError) -> JsonResponse:
    """Return the answer for a domain error."""
    more = {"documents": list(error.places)} if isinstance(error, SendWholeLicense) else None
    answer = problem(status_of(error), error.code, error.message, next_step=error.next_step, more=more)
    if isinstance(error, Unavailable):
        answer["Retry-After"] = "2"
    return answer
