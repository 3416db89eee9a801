"""Decoys and the alarms that they raise."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from chancery.policy.permission import Permission
from portal.usecases.decoys import acknowledge_alarm, mark_decoy, unmark_decoy, visible_alarms, visible_decoys
from portal.web.confirming import confirmed
from portal.web.framework import PAGE_SIZE, PageRequest, carried_out, page, show
from protection.selectors.cursors import InvalidCursor

STATES = {"open": gettext_lazy("Waiting"), "acknowledged": gettext_lazy("Acknowledged")}


@require_GET
@page()
def alarm_list(request: PageRequest) -> HttpResponse:
    """Show alarms, newest first; of one document or one state where the address asks for it."""
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    try:
        document = UUID(request.GET["document"]) if request.GET.get("document") else None
        found = visible_alarms(
            caller=request.caller,
            organization=request.organization,
            state=state,
            cid=document,
            limit=PAGE_SIZE,
            cursor=request.GET.get("cursor", ""),
        )
    except (InvalidCursor, ValueError):
        return redirect("alarms")
    context = {
        "rows": [(one, STATES[one.row.state]) for one in found.rows],
        "next_cursor": found.next,
        "state": state,
        "states": STATES,
        "document": document,
        "may_see_all": request.caller.may(Permission.DOCUMENTS_READ_ALL),
    }
    return show(request, "alarms", "alarms", context)


@require_POST
@page()
def alarm_acknowledge(request: PageRequest, alarm_id: UUID) -> HttpResponse:
    """Keep that somebody looked at an alarm."""
    note = request.POST.get("note", "")
    carried_out(request, lambda: acknowledge_alarm(caller=request.caller, alarm_id=alarm_id, note=note))
    return redirect("alarms")


@require_GET
@page()
def decoy_list(request: PageRequest) -> HttpResponse:
    """Show decoys, the last marked first."""
    try:
        found = visible_decoys(caller=request.caller, limit=PAGE_SIZE, cursor=request.GET.get("cursor", ""))
    except InvalidCursor:
        return redirect("decoys")
    return show(request, "decoys", "alarms", {"rows": found.rows, "next_cursor": found.next})


@require_POST
@page()
def document_decoy(request: PageRequest, cid: UUID) -> HttpResponse:
    """Mark a document as a decoy, or remove the mark once the consequences were seen."""
    if request.POST.get("act") == "mark":
        note = request.POST.get("note", "")
        carried_out(request, lambda: mark_decoy(caller=request.caller, cid=cid, note=note))
        return redirect("document", cid)
    return confirmed(
        request,
        reverse("document", args=[cid]),
        lambda stated: unmark_decoy(caller=request.caller, cid=cid, stated=stated),
        section="documents",
    )
