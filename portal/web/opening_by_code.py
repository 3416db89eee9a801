"""Opening without an account, as the page's script asks for it: a code, its entering, and tokens for the hour of a tab.

A code belongs to the browser that asked; what it opens, to the tab that entered it.
"""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from chancery.errors import ChanceryError
from chancery.objects.jws import unb64
from portal import clock
from portal.identity.page_tokens import SECONDS, grant_to_outsider
from portal.languages import reason_of
from portal.license_requests import members_of
from portal.problems import Problem, of_error, too_many_requests, unauthorized
from portal.request_facts import client_address
from portal.throttle import retry_after
from portal.usecases.open_by_code import CodesExhausted, WantedDocument, ask_for_code, redeem_code
from tenants.actor import Actor
from tenants.directory.services.enter_code import session_of
from tenants.naming import NameRefused

RATE: Final = 1.0
BURST: Final = 30.0
"""Requests a second that one network address may make here, and at once; codes themselves are limited much closer."""


@require_POST
@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Mail a code for the document of the file that the page holds; the answer is the same for every address."""
    wait = _wait(request)
    if wait:
        return too_many_requests(wait).response()
    try:
        members = members_of(request.body)
        document = WantedDocument(
            UUID(str(members["organization"])), UUID(str(members["document"])), unb64(str(members["digest"]))
        )
        address = str(members["address"])
    except (ValueError, KeyError, ChanceryError):
        return _invalid()
    if not request.session.session_key:
        request.session.create()
    try:
        asked = ask_for_code(
            document=document, address=address, browser=str(request.session.session_key), actor=_visitor(request)
        )
    except NameRefused as error:
        return Problem(HTTPStatus.BAD_REQUEST, "invalid", reason_of(error)).response()
    except CodesExhausted as error:
        headers = {"Retry-After": str(error.seconds)}
        status = HTTPStatus.TOO_MANY_REQUESTS
        return Problem(status, error.code, error.message, error.next_step, headers=headers).response()
    except ChanceryError as error:
        return of_error(error).response()
    return JsonResponse({"minutes": asked.minutes}, status=HTTPStatus.ACCEPTED)


@require_POST
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """Take the code, and answer with what the tab holds for its hour."""
    wait = _wait(request)
    if wait:
        return too_many_requests(wait).response()
    try:
        code = str(members_of(request.body)["code"])
    except (KeyError, ChanceryError):
        return _invalid()
    try:
        session = redeem_code(code=code, browser=str(request.session.session_key or ""), actor=_visitor(request))
    except ChanceryError as error:
        return of_error(error).response()
    return JsonResponse(
        {"secret": session.secret, "person": str(session.person), "ends": int(session.ends_at.timestamp())}
    )


@require_POST
@never_cache
def token(request: HttpRequest) -> HttpResponse:
    """Answer the tab of an outsider with an access token for one origin."""
    try:
        members = members_of(request.body)
        secret, origin = str(members["secret"]), str(members["origin"])
    except (KeyError, ChanceryError):
        return _invalid()
    session = session_of(str(request.session.session_key or ""), secret)
    if session is None:
        return unauthorized(_("The hour of your code is over. Choose the file again to get a new code.")).response()
    try:
        granted = grant_to_outsider(session, origin=origin)
    except ChanceryError as error:
        return of_error(error).response()
    left = int(session.ends_at.timestamp()) - clock.now()
    return JsonResponse({"access_token": granted, "expires_in": min(SECONDS, left)})


def _visitor(request: HttpRequest) -> Actor:
    """Return who asks: nobody who is known, from a network address."""
    return Actor(person_id=None, name="", source="pages", ip=client_address(request))


def _wait(request: HttpRequest) -> int:
    return retry_after(f"code:{client_address(request)}", rate=RATE, burst=BURST)


def _invalid() -> HttpResponse:
    return Problem(HTTPStatus.BAD_REQUEST, "invalid_object", _("The request is not complete.")).response()
