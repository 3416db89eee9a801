"""What somebody typed into a form that could not be taken: it comes back, to be read, copied or sent again.

A form can fail for reasons that have nothing to do with what is in it: the session ended meanwhile, what it is about
is gone, the database does not answer.  Nothing is stored for that; the answer holds what the request held.  Passwords
and codes are left out; of the account suite's pages only what is named here comes back: an address, a passkey's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

_LEFT_OUT: Final = re.compile(r"passw|secret|token|code|otp|credential|^confirm$", re.IGNORECASE)
_CHOSEN: Final = frozenset(
    {"act", "based_on", "decision", "ends", "level", "lift", "next", "publish", "seen", "status"}
)
"""Fields that buttons and choices fill in; a form that has nothing else is not worth keeping."""
_ID: Final = re.compile(r"[0-9a-f-]{32,36}|\d*|on", re.IGNORECASE)
"""Values that nobody typed: they are sent again but not shown."""
_ACCOUNT: Final = "/accounts/"
_OF_ACCOUNTS: Final = frozenset({"login", "email", "name", "next", "remember", "action_add"})
"""Fields of the account suite's forms that hold no secret; its other buttons act on an address that nobody typed."""
_MOST: Final = 200_000
"""Characters that come back; a form of a template with twenty thousand names is longer, and its page stays open."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form, all that are sent again and the texts among them that somebody typed."""

    fields: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    again: str
    """The address that the form was sent to, with its query."""


def typed_in(request: HttpRequest) -> Typed | None:
    """Return what was typed into the form that a request sent, None where there is no text in it."""
    if request.method != "POST" or request.path.startswith(("/identity/", "/api/v1/")):
        return None
    account = request.path.startswith(_ACCOUNT)
    try:
        sent = request.POST
    except (RequestDataTooBig, SuspiciousOperation, OSError):
        return None
    if account and any(name.startswith("action_") and name not in _OF_ACCOUNTS for name in sent):
        return None
    fields = tuple(
        (name, value)
        for name, values in sent.lists()
        for value in values
        if name != "csrfmiddlewaretoken" and not _LEFT_OUT.search(name) and (not account or name in _OF_ACCOUNTS)
    )
    texts = tuple(value for name, value in fields if name not in _CHOSEN and not _ID.fullmatch(value.strip()))
    if not texts or sum(len(value) for _, value in fields) > _MOST:
        return None
    return Typed(fields, texts, request.get_full_path())


def is_from_here(request: HttpRequest) -> bool:
    """Tell whether the browser says that the form was on a page of this host, which no other site can make it say."""
    site = request.headers.get("Sec-Fetch-Site", "")
    own = f"{request.scheme}://{request.get_host()}"
    return site == "same-origin" or (not site and request.headers.get("Origin", "") == own)


def signed_out(request: HttpRequest, sign_in: str) -> HttpResponse:
    """Lead a person who is not signed in to the page where they sign in; a form that was sent comes back instead."""
    typed = typed_in(request)
    if typed is None:
        return HttpResponseRedirect(f"{sign_in}?{urlencode({'next': request.get_full_path()})}")
    return shown_again(request, typed, "signed_out", {"sign_in": f"{sign_in}?{urlencode({'next': '/'})}"})


def shown_again(
    request: HttpRequest, typed: Typed, reason: str, context: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Answer with a form that holds what was typed and sends it again; ``reason`` is why it was not taken.

    One of ``signed_out`` (``sign_in`` is where to sign in), ``stale`` and ``refused`` (``back`` leads out).
    """
    full = {"typed": typed, "reason": reason, **(context or {})}
    status = HTTPStatus.CONFLICT if reason == "refused" else HTTPStatus.FORBIDDEN
    return render(request, "errors/come_back.html", full, status=status)
