"""How errors of a call become answers: one problem for each, in the form of RFC 9457."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.db import DataError, IntegrityError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import set_rollback

from chancery.errors import ChanceryError
from portal import problems
from portal.api.framework import OrganizationView, TooManyRequests
from portal.languages import reason_of
from portal.problems import Problem
from portal.usecases.confirmation import ConfirmationRequired, FreshSignInRequired, ReasonRequired
from portal.usecases.permissions import PermissionMissing
from portal.usecases.refused_calls import protecting_refused
from protection.services.protecting import ProtectingNotAllowed
from tenants.directory.errors import DirectoryRefused, NotHere, NotPermitted
from tenants.naming import NameRefused

logger = logging.getLogger(__name__)


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn every expected error into a problem; what is not expected stays an error and reaches the log."""
    set_rollback()
    if isinstance(error, PermissionMissing) and isinstance(view := context["view"], OrganizationView):
        view.refuse(error.permission)
    if isinstance(error, ProtectingNotAllowed) and isinstance(view := context["view"], OrganizationView):
        protecting_refused(caller=view.caller, organization=view.organization, error=error)
    found = _problem_of(error)
    return None if found is None else problem_response(found)


def problem_response(found: Problem) -> Response:
    """Return a problem as the framework's answer."""
    return Response(
        found.as_json(), status=found.status, headers=dict(found.headers), content_type=problems.CONTENT_TYPE
    )


def _problem_of(error: Exception) -> Problem | None:
    if isinstance(error, ChanceryError):
        return problems.of_error(error)
    if isinstance(error, ConfirmationRequired):
        return _unconfirmed(error)
    if isinstance(error, DirectoryRefused | NameRefused):
        return _refused_by_directory(error)
    if isinstance(error, Http404):
        return Problem(HTTPStatus.NOT_FOUND, "not_found", _("There is nothing here, or nothing that you may see."))
    if isinstance(error, DataError):
        # Every parser has ranges; a value that passed them all and still fits into no column is the caller's as well.
        logger.warning("A value could not be stored: %s", type(error.__cause__).__name__)
        return Problem(HTTPStatus.BAD_REQUEST, "invalid", _("A value of the request cannot be stored."))
    if isinstance(error, IntegrityError):
        detail = _("Another person made the same change at the same moment.")
        return Problem(HTTPStatus.CONFLICT, "conflict", detail, _("Look at the state and try again."))
    if isinstance(error, exceptions.ValidationError):
        detail, step = _("The request is not valid."), _("Correct the named members.")
        return Problem(HTTPStatus.BAD_REQUEST, "invalid", detail, step, more={"errors": error.detail})
    return _of_framework(error) if isinstance(error, APIException) else None


def _refused_by_directory(error: DirectoryRefused | NameRefused) -> Problem:
    if isinstance(error, NotPermitted):
        return Problem(HTTPStatus.FORBIDDEN, "not_permitted", reason_of(error))
    status = HTTPStatus.NOT_FOUND if isinstance(error, NotHere) else HTTPStatus.BAD_REQUEST
    return Problem(status, getattr(error, "code", "refused_by_directory"), reason_of(error))


def _unconfirmed(error: ConfirmationRequired) -> Problem:
    """Say what the act would do and what to send to have it done."""
    prompt = error.prompt
    more = {
        "consequences": list(prompt.consequences),
        "confirm": prompt.confirm,
        "typed": prompt.typed,
        "reason_required": prompt.needs_reason,
        "fresh_sign_in_required": prompt.needs_fresh,
    }
    if isinstance(error, FreshSignInRequired):
        detail, step = _("This needs a sign-in of the last ten minutes."), _("Sign in again, then repeat it.")
        return Problem(HTTPStatus.FORBIDDEN, "fresh_sign_in_required", detail, step, more=more)
    if isinstance(error, ReasonRequired):
        step = _("Send the reason; it is recorded.")
        return Problem(HTTPStatus.CONFLICT, "reason_required", _("This needs a reason."), step, more=more)
    detail = " ".join((prompt.question, *prompt.consequences))
    step = _("To do it, send 'confirm' with the value that this answer names.")
    return Problem(HTTPStatus.CONFLICT, "confirmation_required", detail, step, more=more)


def _of_framework(error: APIException) -> Problem:
    if isinstance(error, TooManyRequests):
        return problems.too_many_requests(error.wait)
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        return problems.unauthorized(str(error.detail), getattr(error, "auth_header", "Bearer"))
    return Problem(error.status_code, str(error.default_code), str(error.detail))
