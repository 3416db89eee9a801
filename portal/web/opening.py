"""Opening a protected file in the browser: the page, and the frame in which content is shown."""

import json
from typing import Any, Final

from csp.constants import NONE, SELF, WASM_UNSAFE_EVAL
from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from chancery.policy.programs import Program
from chancery.policy.rights import Right
from chancery.policy.words import right_in_words
from portal.languages import translate
from portal.web.account_pages import signed_in
from portal.web.browser_client import browser_page
from portal.web.handbook import rights_rows

FRAME: Final[dict[str, Any]] = {
    "default-src": [NONE],
    "script-src": [SELF, WASM_UNSAFE_EVAL],
    "style-src": [SELF],
    "img-src": ["blob:"],
    "media-src": ["blob:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-scripts", "allow-modals"],
}
"""What the content may do in its frame: nothing but be shown.  The frame has no origin and no network.

The decoders of pictures in PDF files are compiled; nothing that a file holds is ever compiled.
"""


@require_GET
@never_cache
def open_page(request: HttpRequest) -> HttpResponse:
    """Show where to drop a file; everything else happens in the page.

    A person who is not signed in drops the file as well, and then signs in or gets a code by mail.
    """
    texts = {
        "title": _("Open a protected file"),
        "unnamed": _("Protected document"),
        "checking": _("Checking the file …"),
        "asking": _("Asking whether you may open it …"),
        "decrypting": _("Decrypting … {percent} %"),
        "never": _("Never"),
        "under_grant": _("Open under super-user grant {number}: {reason}"),
        "opened_under_grant": _("You opened it under super-user grant {number}, until {when}. It is on record."),
        "asked": _("The owner was asked. You get a mail when they answer."),
        "viewer_waiting": _("Waiting for the service to draw the pages …"),
        "viewer_sending": _("This document is viewer only. The protected file is sent to the service … {percent} %"),
        "viewer_drawing": _("The service draws the pages …"),
        "too_large": _("This file is larger than 2 GiB, which a browser cannot open."),
        "rights": {right.value: translate(right_in_words(right)) for right in Right},
    }
    megabytes = settings.CHANCERY_VIEWER_BYTES // 2**20
    ask = _("Ask the owner for the right to export, or for a smaller file.")
    errors = {
        "viewer_too_large": (
            _("This document is viewer only, and the service draws files of up to {number} MB.").format(
                number=megabytes
            ),
            ask,
        ),
        "viewer_off": (
            _("This document is viewer only, and the service does not draw pages at the moment."),
            _("Try again later. If that does not help, tell the operator of this service."),
        ),
        "licenses_only": (
            _("This file holds licenses for a protected file, not the protected file itself."),
            _("Choose the protected file that came with it."),
        ),
        "viewer_silent": (
            _("The service does not draw pages at the moment."),
            _("Try again later. If that does not help, tell the operator of this service."),
        ),
    }
    configuration = {
        "pdf": _pdf_folders(),
        "viewer_bytes": settings.CHANCERY_VIEWER_BYTES,
        "reader": request.user.email if request.user.is_authenticated else "",
    }
    context = {"afresh": reverse("open_afresh"), "rights": rights_rows([Program.BROWSER, Program.VIEWER])}
    return browser_page(request, "open", configuration, texts, context, errors)


@require_GET
@never_cache
def handed_page(request: HttpRequest) -> HttpResponse:
    """Take over a file from a page on the reader's disk, which opened this one in a tab.

    Only this page lets the one that opened it know its window; it does nothing but keep the file.
    """
    response = render(request, "pages/handed.html")
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


def _pdf_folders() -> dict[str, str]:
    """Return where the page finds what PDF.js asks for while it shows a file, by the kinds it names."""
    folders = {"cMapUrl": "cmaps", "standardFontDataUrl": "standard_fonts", "wasmUrl": "wasm"}
    return {kind: static(f"pdfjs/{folder}/") for kind, folder in folders.items()}


@require_GET
@signed_in
def afresh(request: HttpRequest) -> HttpResponse:
    """Lead back to the page; who comes here was asked to sign in again, as a new device takes."""
    return redirect("open")


@require_GET
def share_worker(request: HttpRequest) -> HttpResponse:
    """Answer with the script that keeps what the share menu hands over; by its address it sees nothing but that."""
    text = (settings.ROOT / "static" / "js" / "share-worker.mjs").read_text(encoding="utf-8")
    return HttpResponse(text, content_type="text/javascript")


@csrf_exempt
@never_cache
def shared_file(request: HttpRequest) -> HttpResponse:
    """Lead to the page that opens files, without a look at what was sent.

    The share menu hands files to a script in the browser.  Only where the browser has lost that script, but not the
    app, does a file come here, encrypted as it is; the person chooses it on the page then.
    """
    return redirect("open")


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """Describe the installation as an app.

    Where it is installed, a double click on a sealed file opens it here, and so does the share menu.
    """
    application = {
        "name": settings.CHANCERY_NAME,
        "id": "/",
        "start_url": reverse("open"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f6f2",
        "theme_color": "#7a2e1f",
        "icons": [{"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        "share_target": {
            "action": reverse("open_shared"),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"files": [{"name": "file", "accept": ["application/octet-stream", ".sealed", "text/html"]}]},
        },
        "file_handlers": [
            {
                "action": reverse("open"),
                "accept": {"application/octet-stream": [".sealed"]},
                "launch_type": "multiple-clients",
            }
        ],
    }
    return JsonResponse(application, content_type="application/manifest+json")


@require_GET
@csp(FRAME)
@xframe_options_sameorigin
def viewer(request: HttpRequest) -> HttpResponse:
    """Answer with the empty frame that shows what it is handed."""
    texts = {
        "unpacking": _("Unpacking …"),
        "back": _("Back to the list"),
        "cannot": _("This kind of file cannot be shown in the browser."),
        "cut": _("The first {number} files:"),
        "empty": _("There is nothing in this file."),
        "page": _("Page {number} of {count}"),
    }
    return render(
        request, "pages/viewer.html", {"has_packages": settings.BROWSER_PACKAGES.is_dir(), "texts": json.dumps(texts)}
    )
