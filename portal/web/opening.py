"""Opening a sealed file in the browser: the page, the frame in which content is shown, and the script's tokens.

The file never leaves the browser.  Its script is a client like any other: it verifies the file, proves this browser's
device to the API, and hands what it decrypted to a frame that can reach nothing.
"""

import json
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from chancery.errors import ChanceryError
from chancery.objects.jws import b64
from chancery.policy.rights import Right
from chancery.policy.words import right_in_words
from portal.identity.page_tokens import SECONDS, grant_to_page
from portal.languages import translate
from portal.problems import Problem, of_error, unauthorized
from portal.web.account_pages import person_of, signed_in
from protection.selectors.installation import installation_public_key

FRAME: Final[dict[str, Any]] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": ["blob:"],
    "media-src": ["blob:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-scripts", "allow-modals"],
}
"""What the content may do in its frame: nothing but be shown.  The frame has no origin and no network."""


def _texts() -> dict[str, Any]:
    """Return what the page's script says, in the reader's language."""
    damaged = _("Get the file again. If that does not help, ask the sender.")
    return {
        "title": _("Open a protected file"),
        "checking": _("Checking the file …"),
        "enrolling": _("Making keys for this browser …"),
        "asking": _("Asking whether you may open it …"),
        "decrypting": _("Decrypting … {percent} %"),
        "never": _("Never"),
        "asked": _("The owner was asked. You get a mail when they answer."),
        "contact": _("Questions about this document: {contact}"),
        "unreachable": _("The service does not answer."),
        "unreachable_step": _("Check your connection, then choose the file again."),
        "too_large": _("This file is larger than 2 GiB, which a browser cannot open."),
        "rights": {right.value: translate(right_in_words(right)) for right in Right},
        "errors": {
            "invalid_file": (_("This is not a protected file, or it is damaged."), damaged),
            "invalid_object": (_("This file is damaged or was changed."), damaged),
            "invalid_signature": (_("This file was changed after it was protected."), damaged),
            "wrong_binding": (_("Parts of this file do not belong together."), damaged),
            "untrusted_key": (_("This file was not made by the organization that it names."), damaged),
            "cannot_unseal": (_("This file cannot be decrypted here."), damaged),
            "unknown_suite": (
                _("This file needs a newer browser."),
                _("Update your browser, or use the command line."),
            ),
            "revoked": (_("Your access was taken back."), _("Ask the owner if you still need the document.")),
            "expired": (_("Your access has ended."), _("Choose the file again to ask the service.")),
        },
    }


def _organizations() -> str:
    """Return the source expression of all organizations' hosts under the base domain."""
    return str(settings.CHANCERY_BASE.origin_of(f"*.{settings.CHANCERY_BASE.host}"))


@require_GET
@never_cache
@signed_in
def open_page(request: HttpRequest) -> HttpResponse:
    """Show where to drop a file; everything else happens in the page."""
    key = installation_public_key()
    context = {
        "configuration": {
            "iss": settings.CHANCERY_BASE_URL,
            "person": str(person_of(request)),
            "key": {"alg": key.algorithm.name, "public": b64(key.raw)},
        },
        "texts": _texts(),
    }
    response = render(request, "pages/open.html", context)
    response._csp_update = {  # type: ignore[attr-defined]  # noqa: SLF001 - django-csp's interface
        "connect-src": [_organizations()],
        "frame-src": [SELF],
        "require-trusted-types-for": ["'script'"],
    }
    return response


@require_GET
@signed_in
def afresh(request: HttpRequest) -> HttpResponse:
    """Lead back to the page; who comes here was asked to sign in again, as a new device takes."""
    return redirect("open")


@require_GET
@csp(FRAME)
@xframe_options_sameorigin
def viewer(request: HttpRequest) -> HttpResponse:
    """Answer with the empty frame that shows what it is handed."""
    return render(request, "pages/viewer.html")


@require_POST
@never_cache
def token(request: HttpRequest) -> HttpResponse:
    """Answer the page's script with an access token for one origin of this installation."""
    if not request.user.is_authenticated:
        return unauthorized(_("You are signed out. Sign in again.")).response()
    try:
        members = json.loads(request.body)
        origin, device = str(members["origin"]), members.get("device")
        known = None if device is None else UUID(str(device))
    except (ValueError, KeyError, TypeError):
        return Problem(HTTPStatus.BAD_REQUEST, "invalid_object", _("The request names no origin.")).response()
    try:
        granted = grant_to_page(request, person=person_of(request), origin=origin, device=known)
    except ChanceryError as error:
        return of_error(error).response()
    return JsonResponse({"access_token": granted, "expires_in": SECONDS})
