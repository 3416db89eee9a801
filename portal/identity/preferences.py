"""The language and the time zone in which somebody reads."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

GetResponse = Callable[[HttpRequest], HttpResponse]


class PreferencesMiddleware:
    """Shows pages in the language and time zone of the signed-in person.

    Who chose no language, or is not signed in, reads in the language that Django's ``LocaleMiddleware`` found: that of
    the visitor's cookie or browser.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer under the person's preferences."""
        if not request.user.is_authenticated:
            with timezone.override(None):
                return self.get_response(request)
        language = request.user.language or translation.get_language()
        with timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)), translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", str(language))
        return response
