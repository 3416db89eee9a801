"""Pages for what went wrong: what it means, what to do next, and the id under which the log knows it.

A page that is not there and a page that is not for this person answer with the same bytes, the id apart.
"""

import sys
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from psycopg_pool import PoolTimeout

from portal.problems import Problem
from portal.rejected_input import is_from_here, typed_in


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that cannot be understood."""
    return _answer(
        request,
        HTTPStatus.BAD_REQUEST,
        _("The request could not be understood"),
        _("Go back, load the page again and try once more."),
    )


def not_permitted(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that is not permitted."""
    return _answer(
        request,
        HTTPStatus.FORBIDDEN,
        _("You may not do this"),
        str(exception or "") or _("If you need it, ask an administrator of your organization."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer for everything that is not there, or not there for the caller."""
    return _answer(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing here for you"),
        _(
            "The address may be mistyped, or you may not see this page. If you got a link to a document, ask its"
            " owner for access, or sign in with the address it was sent to."
        ),
    )


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer a person who tried too often to sign in, sign up or get a mail; the account suite asks for this page."""
    return _answer(
        request,
        HTTPStatus.TOO_MANY_REQUESTS,
        _("There were too many attempts"),
        _("Nothing was changed. Wait some minutes, go back and try again."),
    )


class FormAddressMiddleware:
    """Explains an address that only takes forms to a person who opens it: by reloading, going back or a bookmark.

    Django answers such a request without a body, of which a browser makes an error page of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with a page in place of an empty refusal of the method."""
        response = self.get_response(request)
        if request.method != "GET" or not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = _answer(
            request,
            HTTPStatus.METHOD_NOT_ALLOWED,
            _("This address only accepts a form"),
            _("Opening it changed nothing. Go back to the page where you sent the form, or begin again."),
        )
        page["Allow"] = response["Allow"]
        return page


def failed(request: HttpRequest) -> HttpResponse:
    """Answer after a failure of our own; nothing here asks the database, which may be what failed."""
    if _is_passing(sys.exc_info()[1]):
        answer = _answer(
            request,
            HTTPStatus.SERVICE_UNAVAILABLE,
            _("This is not possible at the moment"),
            _("Something that the service needs does not respond. Nothing was changed; try again in a moment."),
        )
        answer["Retry-After"] = "2"
        return answer
    return _answer(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something went wrong here"),
        _("It is our fault, not yours, and it is in the log. Try again in a minute."),
    )


def _is_passing(error: BaseException | None) -> bool:
    """Return whether the failure is one of the database that ends without a change here: lost, stopped, disk full."""
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


def _answer(request: HttpRequest, status: HTTPStatus, title: str, next_step: str) -> HttpResponse:
    correlation_id = getattr(request, "correlation_id", "")
    if request.path.startswith("/api/v1/"):
        return Problem(status, status.phrase.lower().replace(" ", "_"), title, next_step).response()
    context = {
        "title": title,
        "next_step": next_step,
        "correlation_id": correlation_id,
        "installation_name": settings.CHANCERY_NAME,
        "base_url": settings.CHANCERY_BASE_URL,
        "organization": getattr(request, "organization", None),
        "typed": typed_in(request) if is_from_here(request) else None,
    }
    return HttpResponse(render_to_string("errors/error.html", context), status=status)
