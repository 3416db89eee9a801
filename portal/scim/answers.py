"""Answers and refusals in the form of SCIM (RFC 7644, section 3.12)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from django.db import DataError, IntegrityError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from pydantic import ValidationError
from rest_framework.exceptions import ParseError
from scim2_models import Error, SCIMException

from chancery.errors import ChanceryError, Unavailable
from portal.languages import reason_of, translate
from portal.usecases.provisioning.guard import TooManyShutOut
from portal.usecases.provisioning.provisioner import NotAuthenticated
from tenants.connections.conditions import UnknownAttribute
from tenants.directory.errors import AddressTaken, DirectoryRefused, LastAdministrator, NotHere, NotPermitted
from tenants.naming import NameRefused

CONTENT_TYPE: Final = "application/scim+json"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with; ``what`` and ``changes`` say for people whom it concerned and how."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    what: str = ""
    changes: tuple[str, ...] = ()

    def response(self) -> HttpResponse:
        """Return the answer."""
        content = b"" if self.body is None else json.dumps(self.body).encode()
        return HttpResponse(content, status=self.status, content_type=CONTENT_TYPE, headers=dict(self.headers))


class Refusal(Exception):
    """A request that this interface refuses itself."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.scim_type = status, detail, scim_type


EXPECTED: Final = (
    Refusal,
    ValidationError,
    SCIMException,
    ParseError,
    NotAuthenticated,
    TooManyShutOut,
    UnknownAttribute,
    DirectoryRefused,
    NameRefused,
    ChanceryError,
    IntegrityError,
    DataError,
)
"""What a request may fail with; everything else is an error of the service."""


def refused(error: Exception) -> Reply:
    """Return the answer to a request that failed with one of ``EXPECTED``."""
    status, detail, scim_type = _told(error)
    body = Error(status=status, detail=detail, scim_type=scim_type or None).model_dump()
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if status == HTTPStatus.UNAUTHORIZED else {}
    return Reply(status, body, headers, changes=(detail,))


def _told(error: Exception) -> tuple[int, str, str]:
    """Return status, detail and scimType of an error."""
    if isinstance(error, Refusal):
        return error.status, error.detail, error.scim_type
    if isinstance(error, ValidationError):
        first = Error.from_validation_errors(error)[0]
        return first.status or 400, first.detail or "", first.scim_type or ""
    if isinstance(error, SCIMException):
        told = error.to_error()
        return told.status or 400, told.detail or "", told.scim_type or ""
    if isinstance(error, UnknownAttribute):
        return 400, _("Nothing can be compared with {name}.").format(name=error), "invalidFilter"
    if isinstance(error, ParseError):
        return 400, str(error.detail), "invalidSyntax"
    return _of_service(error)


def _of_service(error: Exception) -> tuple[int, str, str]:
    if isinstance(error, NotAuthenticated):
        return 401, str(error), ""
    if isinstance(error, TooManyShutOut):
        return (
            403,
            _("{reason} The connection is stopped until an administrator lets it go on.").format(reason=error),
            "",
        )
    if isinstance(error, AddressTaken):
        return 409, reason_of(error), "uniqueness"
    if isinstance(error, IntegrityError):
        return 409, _("Another request made the same change at the same moment."), "uniqueness"
    if isinstance(error, NotHere):
        return 404, reason_of(error), ""
    if isinstance(error, NotPermitted | LastAdministrator):
        return 403, reason_of(error), ""
    if isinstance(error, ChanceryError):
        return 503 if isinstance(error, Unavailable) else 400, translate(error.message), ""
    if isinstance(error, DataError):
        return 400, _("A value of the request cannot be stored."), "invalidValue"
    return 400, reason_of(error), "invalidValue"
