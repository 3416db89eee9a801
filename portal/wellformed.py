"""Requests that no page or call can mean: refused once, here, before anything stores or compares what is in them.

A NUL byte cannot be stored in PostgreSQL, half of a surrogate pair cannot be written as UTF-8, and JSON that is nested
a thousand levels deep ends in the parser's stack.  Without this every parameter of every view would have to know that.
"""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import IO, Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from portal.problems import Problem

MAX_LEVELS: Final = 32
URLS: Final = ("resource", "redirect_uri", "next", "return_to")
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


class WellFormedMiddleware:
    """Answers 400 to a host, path, query or form that holds what no text of ours may hold."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the parts of the request that cost nothing to look at."""
        try:
            host = request.get_host()
        except DisallowedHost:
            return _refused(request, _("The host of this request is not a host name."))
        if not host.isascii():
            return _refused(request, _("The host of this request is not a host name."))
        if not _is_storable((request.path_info, *_values(request.GET.lists()))) or not _has_urls(request.GET):
            return _refused(request, _("The address holds a character that no text may hold."))
        response: HttpResponse = self.get_response(request)
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        """Look at a form, which is read by now because its token was checked."""
        if request.method != "POST" or request.content_type not in FORMS:
            return None
        if not _is_storable(_values(request.POST.lists())) or not _has_urls(request.POST):
            raise SuspiciousOperation("a form holds a character that no text may hold")
        return None


class WellFormedJSONParser(JSONParser):
    """Reads JSON whose texts can be stored and whose nesting is bounded."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value, or raise ParseError."""
        try:
            value = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_("The JSON is nested too deep.")) from None
        check_json(value)
        return value


def check_json(value: object) -> None:
    """Raise ParseError for nesting beyond ``MAX_LEVELS`` and for texts that cannot be stored."""
    level: list[object] = [value]
    for _depth in range(MAX_LEVELS):
        if not _is_storable(one for one in level if isinstance(one, str)):
            raise ParseError(_("The JSON holds a character that no text may hold."))
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inner += [*one.keys(), *one.values()]
            elif isinstance(one, list):
                inner += one
        if not inner:
            return
        level = inner
    raise ParseError(_("The JSON is nested too deep."))


def _values(lists: Iterable[tuple[str, list[Any]]]) -> Iterable[str]:
    for name, values in lists:
        yield name
        yield from (str(value) for value in values)


def _has_urls(members: QueryDict) -> bool:
    """Return whether members that hold a URL can be read as one; libraries that take them fail where they cannot."""
    try:
        for name in URLS:
            for value in members.getlist(name):
                urlsplit(value)
    except ValueError:
        return False
    return True


def _is_storable(texts: Iterable[str]) -> bool:
    return not any(_UNSTORABLE.search(text) for text in texts)


def _refused(request: HttpRequest, sentence: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return Problem(HTTPStatus.BAD_REQUEST, "malformed", sentence, _("Correct the request.")).response()
    page = f"<!doctype html><title>400</title><p>{sentence} <a href='{settings.CHANCERY_BASE_URL}'>Chancery</a>"
    return HttpResponse(page, status=HTTPStatus.BAD_REQUEST)
