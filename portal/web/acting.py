"""Act for another person, and for oneself again."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from chancery.policy.permission import Permission
from portal.usecases.acting import act_for, stop_acting
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, carried_out, page


@require_POST
@page(Permission.DOCUMENTS_REVOKE)
def person_acting(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Act for a person once the consequences were seen."""
    return confirmed(
        request,
        reverse("person", args=[person_id]),
        lambda stated: act_for(
            caller=request.caller, organization=request.organization, person_id=person_id, stated=stated
        ),
        done=reverse("documents"),
        section="people",
    )


@require_POST
@page(Permission.DOCUMENTS_REVOKE)
def acting_end(request: PageRequest) -> HttpResponse:
    """Act for oneself again."""
    carried_out(request, lambda: stop_acting(caller=request.caller))
    return redirect("documents")
