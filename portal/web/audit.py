"""The record: everything that happened, and how to prove it."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from audit.selectors.events import Filter, InvalidCursor, events
from audit.selectors.proofs import newest_checkpoint
from audit.selectors.unauthenticated import unauthenticated_requests_of_a_day
from portal.usecases.permissions import Permission
from portal.web.framework import PageRequest, page, show
from portal.words.events import shown_events

GROUPS = [
    ("", gettext_lazy("Everything")),
    ("content.", gettext_lazy("Documents")),
    ("key.", gettext_lazy("Keys")),
    ("template.", gettext_lazy("Templates")),
    ("person.", gettext_lazy("People")),
    ("group.", gettext_lazy("Groups")),
    ("device.", gettext_lazy("Devices")),
    ("settings.", gettext_lazy("Settings")),
]
OUTCOMES = [
    ("", gettext_lazy("Any")),
    ("allowed", gettext_lazy("Allowed")),
    ("refused", gettext_lazy("Refused")),
    ("done", pgettext_lazy("how something ended", "Done")),
    ("failed", gettext_lazy("Failed")),
]


@require_GET
@page(Permission.AUDIT_READ)
def audit(request: PageRequest) -> HttpResponse:
    """Show events, newest first, and the newest signed checkpoint."""
    kind, outcome = request.GET.get("kind", ""), request.GET.get("outcome", "")
    wanted = Filter(
        kinds=[kind] if kind in dict(GROUPS) and kind else [],
        outcome=outcome if outcome in dict(OUTCOMES) else "",
    )
    try:
        found = events(filter=wanted, limit=50, cursor=request.GET.get("cursor", ""))
    except InvalidCursor:
        return redirect("audit")
    context = {
        "events": shown_events(found.events, request.organization.id, request.organization.name),
        "next_cursor": found.next_cursor,
        "checkpoint": newest_checkpoint(),
        "unauthenticated": unauthenticated_requests_of_a_day(),
        "kinds": GROUPS,
        "outcomes": OUTCOMES,
        "kind": kind,
        "outcome": outcome,
    }
    return show(request, "audit", "audit", context)
