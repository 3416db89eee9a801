"""What happens to a request before a page sees it, from the outside in.

WhiteNoise comes first in ``settings.MIDDLEWARE``: a static file costs no organization lookup.  Then come a correlation
id, the health answers, and the organization that the host names; everything after that runs in its schema.
"""

import contextlib
import logging
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.urls import set_urlconf
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from audit.services.count_unauthenticated import count_unauthenticated
from portal.problems import Problem
from portal.request_facts import client_address, fresh_correlation_id
from portal.runtime.health import healthz, readyz
from tenants import naming
from tenants.context import enter, leave_to_public
from tenants.organizations.selectors import OrganizationFacts, organization_at

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

SESSION_HOST = "chancery.host"

WHILE_SUSPENDED = ("/api/v1/licenses", "/api/v1/licenses/batch", "/api/v1/feed")
"""Calls that a suspended organization answers too: refusals are recorded, and the feed ends kept licenses."""

TEXT = ("text/", "application/json", "image/svg+xml")


class CompressedFilesMiddleware(GZipMiddleware):
    """Compresses scripts and styles that lie in the checkout; collected ones have a compressed copy beside them.

    Only these: a page that holds a secret beside what somebody else chose tells it by its compressed length.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Recognize the file's own tag, which compressing made a weak one."""
        asked = request.META.get("HTTP_IF_NONE_MATCH", "")
        if request.path.startswith(settings.STATIC_URL) and asked:
            request.META["HTTP_IF_NONE_MATCH"] = asked.removeprefix("W/")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress a whole file that is text."""
        is_text = response.headers.get("Content-Type", "").startswith(TEXT)
        is_whole = request.method == "GET" and response.status_code == HTTPStatus.OK
        if request.path.startswith(settings.STATIC_URL) and is_text and is_whole:
            return super().process_response(request, response)
        return response


class CorrelationMiddleware:
    """Gives each request an id that the answer, the log and error pages show.

    An id that the client sends is not taken over: it would let anybody write into our log.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer under a fresh id."""
        with fresh_correlation_id() as correlation_id:
            request.correlation_id = correlation_id  # type: ignore[attr-defined]
            response = self.get_response(request)
        response["X-Correlation-Id"] = correlation_id
        return response


class HealthMiddleware:
    """Answers ``/healthz`` and ``/readyz`` at any host: a probe often knows nothing but an address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a probe, or pass the request on."""
        if request.path == "/healthz":
            return healthz()
        if request.path == "/readyz":
            return readyz()
        return self.get_response(request)


class OrganizationMiddleware:
    """Finds out whose host this is and uses that organization's schema until the answer is made."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer from the base domain, from an organization, or say that nobody lives at this host."""
        leave_to_public()
        host = _host_of(request)
        if host == settings.CHANCERY_BASE.host:
            return self._answer(request, settings.CHANCERY_BASE.origin, settings.PUBLIC_SCHEMA_URLCONF, None)
        organization = organization_at(host) if host else None
        if organization is None or organization.state == "erased":
            return _refuse(
                request, HTTPStatus.NOT_FOUND, "unknown-host", _("There is no organization at this address.")
            )
        if not organization.is_active and request.path not in WHILE_SUSPENDED:
            return _refuse(
                request, HTTPStatus.FORBIDDEN, "organization-suspended", _("This organization is suspended.")
            )
        enter(organization.schema_name)
        try:
            return self._answer(request, organization.origin, settings.ROOT_URLCONF, organization)
        finally:
            leave_to_public()

    def _answer(
        self, request: HttpRequest, origin: str, urlconf: str, organization: OrganizationFacts | None
    ) -> HttpResponse:
        request.organization = organization  # type: ignore[attr-defined]
        # The spelling that tokens and proofs use (docs/protocol.md P13).
        request.origin = origin  # type: ignore[attr-defined]
        request.urlconf = urlconf
        set_urlconf(urlconf)
        return self.get_response(request)


class PrivateAnswersMiddleware:
    """Lets nobody between keep an answer: pages and calls are about people and their documents.

    Files that are the same for everybody are answered before, and an answer that says otherwise keeps its word.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, not to be stored."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class UnauthenticatedRequestsMiddleware:
    """Counts at an organization's host what came without a valid token and was refused (docs/protocol.md P29)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and count a refusal; a count that cannot be written changes no answer."""
        response = self.get_response(request)
        organization: OrganizationFacts | None = getattr(request, "organization", None)
        if response.status_code == HTTPStatus.UNAUTHORIZED and organization is not None:
            with contextlib.suppress(DatabaseError):
                count_unauthenticated(place=organization.schema_name, address=client_address(request))
        return response


class DependencyMiddleware:
    """Turns the loss of Redis into a plain refusal.

    Codes and limits on guessing are counted there: without the counter nothing may be guessed, so what needs it is
    refused instead of let through (P25).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 503 when Redis was needed and is not there."""
        if not isinstance(exception, RedisError):
            return None
        logger.error("Redis is not reachable: %s", exception)
        return _refuse(
            request,
            HTTPStatus.SERVICE_UNAVAILABLE,
            "not-available",
            _("This is not possible at the moment. Try again soon."),
        )


class HostBoundSessionMiddleware:
    """Ties a session to the host it began at and refuses it anywhere else.

    A cookie is for one host only in the browser; on the server a copied session id would be good at every
    organization's host.  A session without the mark, or with another host's, counts as none.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with this host's session, or with an empty one."""
        host = _host_of(request)
        session = request.session
        if not session.is_empty() and session.get(SESSION_HOST) != host:
            request.session = type(session)()
        response = self.get_response(request)
        if request.session.modified and not request.session.is_empty():
            request.session[SESSION_HOST] = host
        return response


def _host_of(request: HttpRequest) -> str:
    """Return the normal form of the host, or nothing when it is none."""
    try:
        return naming.host(request.get_host())
    except ValueError:
        return ""


def _refuse(request: HttpRequest, status: HTTPStatus, code: str, sentence: str) -> HttpResponse:
    """Answer a refusal in the form that the path calls for."""
    correlation_id = getattr(request, "correlation_id", "")
    if request.path.startswith("/api/"):
        return Problem(status, code.replace("-", "_"), sentence, _("Ask the operator of this service.")).response()
    context = {"sentence": sentence, "correlation_id": correlation_id, "base_url": settings.CHANCERY_BASE_URL}
    return render(request, "errors/refused.html", context, status=status)
