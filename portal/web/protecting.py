"""Protecting files in the browser: who may open them is chosen here, everything else happens in the page."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from chancery.policy.rights import LEVELS, in_order
from chancery.sealing import html_form
from chancery.sealing.layout import NOTICE
from portal.rendering.requests import draws_office
from portal.usecases.protecting import protecting_places
from portal.web.account_pages import person_of, signed_in
from portal.web.browser_client import browser_page
from portal.words.policies import LEVEL_BADGES, LEVEL_WORDS
from tenants.directory.selectors.people import MembershipFacts, memberships_of


@require_GET
@never_cache
@signed_in
def protect_page(request: HttpRequest) -> HttpResponse:
    """Show where to drop files and whom to name."""
    found = protecting_places(actor=person_of(request), platform="browser")
    places = found.open
    levels = [(level, f"{LEVEL_BADGES[level]}: {words}") for level, words in LEVEL_WORDS.items()]
    configuration = {
        "organizations": [str(place.organization_id) for place in places],
        "levels": {level: in_order(rights) for level, rights in LEVELS.items()},
    }
    context = {
        "organizations": places,
        "closed": found.closed,
        "levels": levels,
        "afresh": reverse("protect_afresh"),
        "draws_office": draws_office(),
    }
    return browser_page(request, "protect", configuration, _texts(), context)


@require_GET
@never_cache
@signed_in
def page_head(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """Answer with what web pages begin with that carry files of this person for an organization."""
    names = [place.name for place in _places(request) if place.organization_id == organization_id]
    if not names:
        raise Http404
    person = cast(Any, request.user)
    address = f"{settings.CHANCERY_BASE_URL}{reverse('open')}"
    head = html_form.head(address=address, sender=person.name or person.email, organization=names[0])
    return HttpResponse(head, content_type="text/plain; charset=utf-8")


def _places(request: HttpRequest) -> list[MembershipFacts]:
    """Return where the person may protect something."""
    return [place for place in memberships_of(person_of(request)) if not place.disabled and not place.guest]


def _texts() -> dict[str, object]:
    return {
        "notice": NOTICE,
        "nobody": _("Name at least one person, or choose a template."),
        "no_file": _("Choose at least one file."),
        "past": _("This day has passed already. Choose a later one."),
        "more": _("and {number} more"),
        "waiting": _("Waiting"),
        "sealing": _("Encrypting … {percent} %"),
        "verifying": _("Checking the protected copy … {percent} %"),
        "whole": _("File {number} of {count}, {percent} % of all"),
        "protected": _("Protected"),
        "left_out": _("Left out: it is protected already."),
        "missing": _("Left to do; choose it once more."),
        "save": _("Save"),
        "track": _("See who opens it"),
        "anew": _("Protect it a second time"),
        "working": _("Your files are being protected …"),
        "all_done": _("Your files are protected. Save the copies and send those."),
        "all_written": _("Your files are protected. The copies are in “{place}”; send those."),
        "some_failed": _("Not every file could be protected."),
        "none_protected": _("There was nothing to protect."),
        "cancelled": _("Cancelled. What was protected stays protected."),
        "left": _("These files are left from the last time"),
        "left_begun": _("Begun {when}, for {whom}."),
        "left_open": _("Not protected yet: {open} of {count} files."),
        "left_unsaved": _("They are protected, but not all copies were saved."),
        "go_on": _("Go on"),
        "forget": _("Forget"),
        "mend_entry": _("Nothing was protected yet. Mend the marked entry, then protect the same files again."),
        "mend": _("Nothing was protected yet. Change what is written here, then protect the same files again."),
        "failures": _failures(),
        **_of_licenses(),
        "mail_with_pages": _(
            "I am sending you {files}. These files are protected. Open them with a double click, or drop them on the"
            " page {address}, and enter the address to which I sent this; you need no program and no password from me."
        ),
        "mail": _(
            "I am sending you {files}. These files are protected. To open them, go to {address} and enter the"
            " address to which I sent this; you need no program and no password from me."
        ),
    }


def _of_licenses() -> dict[str, object]:
    """Return what is said of licenses that are sent ahead."""
    return {
        "save_licenses": _("Save the licenses"),
        "ahead_working": _("Licenses are being fetched …"),
        "ahead_done": _("The licenses are in {file}. Send it along, and recipients open the file at once."),
        "ahead_none": _("No license for {recipient}: {why}"),
        "ahead_nobody": _("Nobody is named by address, so no license was sent ahead."),
        "ahead_failed": _("No license was sent ahead; recipients open the file with a network."),
    }


def _failures() -> dict[str, str]:
    """Return why a single file could not be protected, by the codes of the page's script."""
    return {
        "taken": _("There is a file of this name already. Nothing was overwritten."),
        "missing": _("Choose this file once more, then go on."),
        "unreadable": _(
            "The browser could not read or write this file. Look whether it is still there, and try again."
        ),
        "full": _("There is not enough room for the protected copy. Make room, then go on."),
        "unreachable": _("The service does not answer. Check your connection, then go on."),
        "too_large_for_page": _("This file is too large for a web page. Protect it without that."),
        "lost": _(
            "The protected copy is gone, but the document may be in your list already. Protecting the file again"
            " makes a second document."
        ),
    }


@require_GET
@signed_in
def afresh(request: HttpRequest) -> HttpResponse:
    """Lead back to the page; who comes here was asked to sign in again, as a new device takes."""
    return redirect("protect")
