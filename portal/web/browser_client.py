"""Pages whose script is a client of the API, like the command line: what such a page brings along, and its tokens.

Files never leave the browser.  The script proves this browser's device to the API; the page gives it the key of the
installation, words in the reader's language, and tokens that come out of the session.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from csp.constants import SELF
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from chancery.errors import ChanceryError
from chancery.objects.jws import b64
from portal.identity.page_tokens import SECONDS, grant_to_page
from portal.license_requests import members_of
from portal.problems import Problem, of_error, unauthorized
from portal.web.account_pages import person_of
from protection.selectors.installation import installation_public_key


def browser_page(
    request: HttpRequest,
    name: str,
    configuration: dict[str, Any],
    texts: dict[str, Any],
    context: dict[str, Any],
    errors: Mapping[str, tuple[str, str]] = {},
) -> HttpResponse:
    """Render a page; ``configuration``, ``texts`` and words for ``errors`` are what its script gets besides.

    Only opening works without a signed-in person, who is "" then.
    """
    key = installation_public_key()
    full = {
        "configuration": {
            "iss": settings.CHANCERY_BASE_URL,
            "person": str(person_of(request)) if request.user.is_authenticated else "",
            "key": {"alg": key.algorithm.name, "public": b64(key.raw)},
            **configuration,
        },
        "texts": {**_shared_texts(errors), **texts},
        **context,
    }
    response = render(request, f"pages/{name}.html", full)
    response._csp_update = {  # type: ignore[attr-defined]  # noqa: SLF001 - django-csp's interface
        "connect-src": [_organizations()],
        "frame-src": [SELF],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["share-worker", "seal-worker"],
    }
    return response


def _organizations() -> str:
    """Return the source expression of all organizations' hosts under the base domain."""
    return str(settings.CHANCERY_BASE.origin_of(f"*.{settings.CHANCERY_BASE.host}"))


def _shared_texts(errors: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    damaged = _("Get the file again. If that does not help, ask the sender.")
    update = _("Update your browser, or use the command line.")
    return {
        "enrolling": _("Making keys for this browser …"),
        "shared_name": _("{browser} (shared, forgotten with the tab)"),
        "contact": _("Questions about this document: {contact}"),
        "revocation_message": _("The message says: {message}"),
        "successor": _("Another document replaces it:"),
        "successor_unknown": _("Another document replaces it, which you may not open. Ask the owner for it."),
        "unreachable": _("The service does not answer."),
        "unreachable_step": _("Check your connection, then choose the file again."),
        "errors": {
            "invalid_file": (_("This is not a protected file, or it is damaged."), damaged),
            "invalid_object": (_("This file is damaged or was changed."), damaged),
            "invalid_signature": (_("This file was changed after it was protected."), damaged),
            "wrong_binding": (_("Parts of this file do not belong together."), damaged),
            "untrusted_key": (_("This file was not made by the organization that it names."), damaged),
            "cannot_unseal": (_("This file cannot be decrypted here."), damaged),
            "unknown_suite": (_("This file needs a newer browser."), update),
            "revoked": (_("Your access was taken back."), _("Ask the owner if you still need the document.")),
            "expired": (_("Your access has ended."), _("Choose the file again to ask the service.")),
            **errors,
        },
    }


@require_POST
@never_cache
def token(request: HttpRequest) -> HttpResponse:
    """Answer a page's script with an access token for one origin of this installation."""
    if not request.user.is_authenticated:
        return unauthorized(_("You are signed out. Sign in again.")).response()
    try:
        members = members_of(request.body)
        origin, device = str(members["origin"]), members.get("device")
        known = None if device is None else UUID(str(device))
    except (ValueError, KeyError, ChanceryError):
        return Problem(HTTPStatus.BAD_REQUEST, "invalid_object", _("The request names no origin.")).response()
    try:
        granted = grant_to_page(request, person=person_of(request), origin=origin, device=known)
    except ChanceryError as error:
        return of_error(error).response()
    return JsonResponse({"access_token": granted, "expires_in": SECONDS})
