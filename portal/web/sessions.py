"""Your account, Sessions and devices: what somebody is signed in with, and ending it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from portal.usecases.sessions import end_other_sessions, end_own_session, own_sessions
from portal.web.account_pages import actor_of, person_of, signed_in
from portal.web.confirming import confirmed
from portal.web.framework import paged
from tenants.directory.selectors.devices import devices_of


@require_GET
@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """List browsers and programs that are signed in, and the devices that are in use."""
    rows = own_sessions(actor=actor_of(request), current=_key(request)).rows
    context = {
        "browsers": [one for one in rows if one.kind == "browser"],
        "programs": [one for one in rows if one.kind == "program"],
        "others": any(not one.current for one in rows),
        "shown": paged(request, [one for one in devices_of(person_of(request)) if one.revoked_at is None]),
    }
    return render(request, "pages/sessions.html", context)


@require_http_methods(["POST"])
@signed_in
def end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Ask first, then end one."""
    return confirmed(
        request,
        reverse("sessions"),
        lambda stated: end_own_session(actor=actor_of(request), session_id=session_id, stated=stated),
    )


@require_http_methods(["POST"])
@signed_in
def end_others(request: HttpRequest) -> HttpResponse:
    """Ask first, then end all but this one."""
    return confirmed(
        request,
        reverse("sessions"),
        lambda stated: end_other_sessions(actor=actor_of(request), current=_key(request), stated=stated),
    )


def _key(request: HttpRequest) -> str:
    return str(request.session.session_key)
