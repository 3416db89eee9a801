"""Protecting files in the browser: who may open them is chosen here, everything else happens in the page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from chancery.policy.rights import LEVELS, in_order
from chancery.sealing.layout import NOTICE
from portal.web.account_pages import person_of, signed_in
from portal.web.browser_client import browser_page
from portal.words.policies import LEVEL_BADGES, LEVEL_WORDS
from tenants.directory.selectors.people import memberships_of


@require_GET
@never_cache
@signed_in
def protect_page(request: HttpRequest) -> HttpResponse:
    """Show where to drop files and whom to name."""
    places = [place for place in memberships_of(person_of(request)) if not place.disabled and not place.guest]
    levels = [(level, f"{LEVEL_BADGES[level]}: {words}") for level, words in LEVEL_WORDS.items()]
    configuration = {
        "organizations": [str(place.organization_id) for place in places],
        "levels": {level: in_order(rights) for level, rights in LEVELS.items()},
    }
    texts = {
        "notice": NOTICE,
        "nobody": _("Name at least one person, or choose a template."),
        "no_file": _("Choose at least one file."),
        "waiting": _("Waiting"),
        "sealing": _("Encrypting … {percent} %"),
        "verifying": _("Checking the protected copy …"),
        "protected": _("Protected"),
        "save": _("Save"),
        "track": _("See who opens it"),
        "working": _("Your files are being protected …"),
        "all_done": _("Your files are protected. Save the copies and send those."),
        "some_failed": _("Not every file could be protected."),
        "mail": _(
            "I am sending you {files}. These files are protected. To open them, go to {address} and enter the"
            " address to which I sent this; you need no program and no password from me."
        ),
    }
    context = {"organizations": places, "levels": levels, "afresh": reverse("protect_afresh")}
    return browser_page(request, "protect", configuration, texts, context)


@require_GET
@signed_in
def afresh(request: HttpRequest) -> HttpResponse:
    """Lead back to the page; who comes here was asked to sign in again, as a new device takes."""
    return redirect("protect")
