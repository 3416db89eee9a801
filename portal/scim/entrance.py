"""The way into this package: its library takes a second to import, so it is imported by the first request."""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt  # Only a bearer token authenticates here, never a cookie.
def scim(request: HttpRequest, route: str, name: str = "") -> HttpResponse:
    """Answer a request of a provisioning client."""
    return _answer()(request, route, name)


@cache
def _answer() -> Callable[[HttpRequest, str, str], HttpResponse]:
    found: Callable[[HttpRequest, str, str], HttpResponse] = import_string("portal.scim.requests.answer")
    return found
