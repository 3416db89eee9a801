"""The sessions of a person as an administrator ends them; the person's page lists them."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from chancery.policy.permission import Permission
from portal.usecases.sessions import end_member_session, end_member_sessions
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page


@require_POST
@page(Permission.PEOPLE_MANAGE)
def person_session_end(request: PageRequest, person_id: UUID, session_id: UUID) -> HttpResponse:
    """Ask first and why, then end one."""
    return confirmed(
        request,
        reverse("person", args=[person_id]),
        lambda stated: end_member_session(
            caller=request.caller, person_id=person_id, session_id=session_id, stated=stated
        ),
        section="people",
    )


@require_POST
@page(Permission.PEOPLE_MANAGE)
def person_sessions_end(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Ask first and why, then end all of them."""
    return confirmed(
        request,
        reverse("person", args=[person_id]),
        lambda stated: end_member_sessions(caller=request.caller, person_id=person_id, stated=stated),
        section="people",
    )
