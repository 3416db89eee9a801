"""Home: what matters now, and the next step for a person who has just arrived."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.selectors.events import Filter
from chancery.policy.permission import Permission
from portal.usecases.notices import news_for
from portal.usecases.pauses import own_pause
from portal.usecases.sight import audit_events, sight_of
from portal.web.first_steps import first_steps
from portal.web.framework import PageRequest, page, show
from portal.words.events import shown_events
from protection.selectors.document_list import documents_of
from protection.selectors.organization import keys
from protection.selectors.requests import requests_for
from protection.selectors.totals import totals_for
from tenants.directory.selectors.people import count_in


@require_GET
@page()
def home(request: PageRequest) -> HttpResponse:
    """Show counts, newest documents and, by role, the newest refusals and what is still to be set up."""
    caller = request.caller
    administers = caller.may(Permission.DOCUMENTS_READ_ALL)
    sight = sight_of(caller=caller)
    totals = totals_for(
        caller.actor,
        everybody=administers,
        today=timezone.localdate(),
        zone=timezone.get_current_timezone_name(),
        sight=sight,
    )
    context = {
        "totals": totals,
        "news": news_for(caller=caller, sight=sight, visiting=True),
        "steps": first_steps(request, totals) if caller.may(Permission.PEOPLE_MANAGE) else (),
        "documents": documents_of(caller.actor, everybody=administers, limit=5, sight=sight).documents,
        "administers": administers,
        "pending": documents_of(caller.actor, everybody=True, state="pending", limit=5).documents
        if administers
        else (),
        "people": count_in(request.organization.id) if caller.may(Permission.PEOPLE_READ) else None,
        "waiting": requests_for(caller.actor, limit=5),
        "own": own_pause(caller=caller),
        "refusals": (),
        "key": None,
    }
    if caller.may(Permission.AUDIT_READ) and not sight.is_off:
        wanted = Filter(kinds=["content.opened", "content.edited", "content.tampered"], outcome="refused")
        refused = audit_events(caller=caller, wanted=wanted, limit=5, sight=sight).events
        context["refusals"] = shown_events(refused, request.organization.id, request.organization.name)
    if caller.may(Permission.KEYS_READ):
        context["key"] = next((key for key in keys() if key.status == "active"), None)
    return show(request, "home", "home", context)
