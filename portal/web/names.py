"""Requests to see who opened one document or all, where the organization shows no names."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from chancery.policy.permission import Permission
from portal.subjects.untracked import untracked_address
from portal.usecases.names import (
    answer_names,
    ask_for_all_names,
    ask_for_group,
    ask_for_names,
    visible_names_requests,
)
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page, show

STATES = {
    "waiting": gettext_lazy("Waiting"),
    "approved": gettext_lazy("Approved"),
    "declined": gettext_lazy("Declined"),
}
ANSWERS = {"show": True, "decline": False}


@require_GET
@page()
def names(request: PageRequest) -> HttpResponse:
    """Show requests: one's own, or all to auditors and administrators."""
    found = visible_names_requests(caller=request.caller)
    context = {
        "rows": [(one, STATES[one.state], one.asked_by == request.caller.person) for one in found.rows],
        "answers": request.caller.may(Permission.NAMES_ANSWER),
        "hidden": found.hidden,
        "manages": request.caller.may(Permission.SETTINGS_MANAGE),
        "group": untracked_address(request.organization.id, found.group),
        "answer_words": pgettext_lazy("names of readers", "Show names"),
    }
    return show(request, "names", "documents", context)


@require_POST
@page(Permission.SETTINGS_MANAGE)
def all_names(request: PageRequest) -> HttpResponse:
    """Ask, after the question, to show names on all documents again."""
    return confirmed(
        request,
        reverse("names"),
        lambda stated: ask_for_all_names(caller=request.caller, organization=request.organization, stated=stated),
        section="documents",
    )


@require_POST
@page(Permission.SETTINGS_MANAGE)
def hidden_group(request: PageRequest) -> HttpResponse:
    """Ask, after the question, to hide another group's members from owners."""
    group = request.POST.get("untracked_group", "").strip().lower()
    return confirmed(
        request,
        reverse("names"),
        lambda stated: ask_for_group(
            caller=request.caller, organization=request.organization, untracked_group=group, stated=stated
        ),
        section="documents",
    )


@require_POST
@page()
def document_names(request: PageRequest, cid: UUID) -> HttpResponse:
    """Ask, after the question, to see who opened a document."""
    return confirmed(
        request,
        reverse("document", args=[cid]),
        lambda stated: ask_for_names(caller=request.caller, organization=request.organization, cid=cid, stated=stated),
        section="documents",
    )


@require_POST
@page()
def names_answer(request: PageRequest, request_id: UUID) -> HttpResponse:
    """Show names or decline."""
    act = request.POST.get("act", "")
    if act not in ANSWERS:
        raise Http404
    return confirmed(
        request,
        reverse("names"),
        lambda stated: answer_names(
            caller=request.caller,
            organization=request.organization,
            request_id=request_id,
            show=ANSWERS[act],
            stated=stated,
        ),
        section="documents",
    )
