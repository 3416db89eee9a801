"""The language and the time zone in which somebody reads."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

GetResponse = Callable[[HttpRequest], HttpResponse]


class PreferencesMiddleware:
    """Shows pages in the language and the time zone of whoever is signed in, else in the browser's language and UTC."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer under the person's preferences."""
        person = request.user if request.user.is_authenticated else None
        zone = zoneinfo.ZoneInfo(person.time_zone) if person else None
        language = (person.language if person else "") or translation.get_language_from_request(request)
        with timezone.override(zone), translation.override(language):
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", language)
        return response
