"""Small pages of the base domain around signing in, and the outbox of the embedded mode."""

from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from portal.identity.organization_sign_in import BACKEND
from portal.identity.redirects import onward
from portal.notifications import outbox as kept_mail
from portal.rejected_input import is_from_here, shown_again, typed_in
from portal.subjects.subject import is_disabled
from tenants.directory.errors import CodeRefused
from tenants.directory.models import Person
from tenants.directory.services.redeem_sign_in_link import redeem_sign_in_link


@require_GET
def sign_in_here(request: HttpRequest) -> HttpResponse:
    """Lead on to the account suite's page; ``/signin/`` is the same path at every host."""
    query = urlencode({"next": request.GET["next"]}) if "next" in request.GET else ""
    return HttpResponseRedirect(reverse("account_login") + (f"?{query}" if query else ""))


@require_http_methods(["GET", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before using a sign-in link up: a mail scanner or a browser that looks ahead only ever reads pages."""
    _only_embedded(request)
    if request.method != "POST":
        return render(request, "identity/sign_in_link.html", {"token": token})
    try:
        person_id, goes_to = redeem_sign_in_link(token=token)
    except CodeRefused as refusal:
        return render(request, "identity/sign_in_refused.html", {"sentence": str(refusal)}, status=HTTPStatus.FORBIDDEN)
    person = Person.objects.get(pk=person_id)
    if is_disabled(person_id):
        return HttpResponseRedirect(reverse("account_inactive"))
    login(request, person, backend=BACKEND)
    record_authentication(request, person, method="code", email=person.email)
    UserSession.objects.create_from_request(request)
    return onward(request, goes_to or "/")


@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """List the mail that the embedded mode kept."""
    _only_embedded(request)
    return render(request, "identity/outbox.html", {"messages_kept": kept_mail.newest()})


@require_GET
def outbox_message(request: HttpRequest, name: str) -> HttpResponse:
    """Show one message as plain text."""
    _only_embedded(request)
    message = kept_mail.one(name)
    if message is None:
        raise Http404
    return render(request, "identity/outbox_message.html", {"kept": message})


def refused_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that came without its token, in the look of the other pages.

    A form of a page of this host that was loaded before somebody signed in or out comes back with a new token: nothing
    is done before they have seen what is in it and send it again.
    """
    typed = typed_in(request) if is_from_here(request) else None
    if typed is not None:
        return shown_again(request, typed, "stale")
    return render(request, "errors/refused_form.html", status=HTTPStatus.FORBIDDEN)


def _only_embedded(request: HttpRequest) -> None:
    """Pretend that the page does not exist outside the embedded mode and beyond this machine."""
    try:
        near = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        near = False
    if not (settings.CHANCERY_EMBEDDED and near):
        raise Http404
