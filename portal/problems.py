"""Problems (RFC 9457): the only place that knows which error is which HTTP status, for every interface.

Every body has ``type, title, status, detail, code, next_step`` and the correlation id under which the log knows the
request; refusals add ``reason``, ``contact`` and the ``event`` that records them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from django.http import JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
from portal.languages import translate
from portal.request_facts import correlation_id
from portal.usecases.addresses import TooManyAddressCodes
from portal.usecases.decoys import OnlyWatchersMark
from portal.usecases.individuals import TooManyStarted
from portal.usecases.lost_devices import TooManyGuesses
from portal.usecases.merging import TooManyMergeCodes
from portal.usecases.read_permissions.query import PermissionRefused
from protection.services.access import OnlyTheOwner
from protection.services.change import Widening
from protection.services.paused import PausedGivesNothing
from protection.services.prelicense_request import MayNotPrelicense
from protection.services.protecting import ProtectingNotAllowed
from protection.services.register_on_first_use import SendWholeLicense
from protection.services.relabel import MayNotRelabel
from protection.services.revoke import OnlyAdministratorsShutOut
from protection.services.running import NotRunning

CONTENT_TYPE: Final = "application/problem+json"

_STATUS: Final[tuple[tuple[type[ChanceryError], HTTPStatus], ...]] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Widening, HTTPStatus.FORBIDDEN),
    (OnlyTheOwner, HTTPStatus.FORBIDDEN),
    (OnlyAdministratorsShutOut, HTTPStatus.FORBIDDEN),
    (OnlyWatchersMark, HTTPStatus.FORBIDDEN),
    (MayNotRelabel, HTTPStatus.FORBIDDEN),
    (MayNotPrelicense, HTTPStatus.FORBIDDEN),
    (NotRunning, HTTPStatus.FORBIDDEN),
    (ProtectingNotAllowed, HTTPStatus.FORBIDDEN),
    (PausedGivesNothing, HTTPStatus.FORBIDDEN),
    (PermissionRefused, HTTPStatus.FORBIDDEN),
    (TooManyAddressCodes, HTTPStatus.TOO_MANY_REQUESTS),
    (TooManyStarted, HTTPStatus.TOO_MANY_REQUESTS),
    (TooManyGuesses, HTTPStatus.TOO_MANY_REQUESTS),
    (TooManyMergeCodes, HTTPStatus.TOO_MANY_REQUESTS),
    (SendWholeLicense, HTTPStatus.CONFLICT),
    (Conflict, HTTPStatus.CONFLICT),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (InvalidPolicy, HTTPStatus.BAD_REQUEST),
    (InvalidFile, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UntrustedKey, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidObject, HTTPStatus.UNPROCESSABLE_ENTITY),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error answer; ``more`` are the members that only some codes have."""

    status: int
    code: str
    detail: str
    next_step: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the members of the body, its sentences in the caller's language."""
        return {
            "type": f"/problems/{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": int(self.status),
            "detail": translate(self.detail),
            "code": self.code,
            "next_step": translate(self.next_step),
            "correlation_id": correlation_id(),
            **self.more,
        }

    def response(self) -> JsonResponse:
        """Return the answer, for code that runs before the framework."""
        return JsonResponse(self.as_json(), status=self.status, content_type=CONTENT_TYPE, headers=dict(self.headers))


def of_error(error: ChanceryError) -> Problem:
    """Return the problem of a domain error; the first matching line of the table gives the status."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
    return Problem(
        status,
        error.code,
        error.message,
        error.next_step,
        more=_members_of(error),
        headers=_headers_of(error),
    )


def _headers_of(error: ChanceryError) -> dict[str, str]:
    if isinstance(error, TooManyAddressCodes | TooManyGuesses | TooManyMergeCodes):
        return {"Retry-After": str(error.seconds)}
    return {"Retry-After": "2"} if isinstance(error, Unavailable) else {}


def _members_of(error: ChanceryError) -> dict[str, Any]:
    """Return the members that only the problem of this error has."""
    if isinstance(error, SendWholeLicense):
        return {"documents": list(error.places)}
    return {"entry": error.entry} if isinstance(error, InvalidPolicy) and error.entry else {}


def unauthorized(detail: str, challenge: str = 'Bearer error="invalid_token"') -> Problem:
    """Return the problem of a call without a token that is accepted here."""
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        detail,
        _("Sign in again."),
        headers={"WWW-Authenticate": challenge},
    )


def too_many_requests(wait: int) -> Problem:
    """Return the problem of a caller who has used up their rate limit for so many seconds."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_requests",
        _("Too many requests."),
        ngettext("Wait {seconds} second.", "Wait {seconds} seconds.", wait).format(seconds=wait),
        headers={"Retry-After": str(wait)},
    )
