"""Signing in at an organization's host: by code and PKCE against our own issuer at the base domain.

A cookie of the base domain never reaches an organization's host, and must not: so the host asks the issuer for a code,
redeems it inside this process, and begins a session that is good at this host only.  The code is bound to the client,
to the address it was sent to and to the browser that began; nobody knows the client's secret, so the token endpoint
cannot redeem it.
"""

import base64
import hashlib
import hmac
import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from allauth.idp.oidc.internal.oauthlib import authorization_codes
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login, logout
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.identity import clients, strength
from portal.identity.redirects import led_on
from portal.identity.sessions import BASE_SESSION, BEGAN
from portal.identity.sign_on.sessions import provider_of, way_out
from portal.identity.sign_on.target import AGAIN, safe_target
from portal.identity.token_exchange import BESIDE, is_current
from portal.subjects.subject import is_blocked, is_disabled
from tenants import naming
from tenants.directory.access import end_sessions
from tenants.directory.models import Person
from tenants.sign_on.services.sessions import BASE

PENDING = "chancery.signin"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the issuer; where it wanted to go is kept in this host's session."""
    goes_to = safe_target(request.GET.get("next", "/"))
    if request.user.is_authenticated:
        return HttpResponseRedirect(goes_to)
    clients.ensure()
    verifier = secrets.token_urlsafe(48)
    pending = {"state": secrets.token_urlsafe(24), "verifier": verifier, "next": goes_to}
    request.session[PENDING] = pending
    query = {
        "response_type": "code",
        "client_id": clients.pages_client_for(naming.host(request.get_host())),
        "redirect_uri": _callback(request),
        "scope": "openid",
        "state": pending["state"],
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
        **({AGAIN: request.GET[AGAIN]} if AGAIN in request.GET else {}),
    }
    return HttpResponseRedirect(f"{settings.CHANCERY_BASE_URL}/identity/o/authorize?{urlencode(query)}")


@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """Redeem the code and begin this host's session."""
    pending = request.session.pop(PENDING, None)
    if not pending or not hmac.compare_digest(request.GET.get("state", "").encode(), pending["state"].encode()):
        return _refused(request, _("This sign-in was not begun in this browser, or it is over. Begin again."))
    kept = _redeem(request, pending["verifier"])
    person = None if kept is None else Person.objects.filter(pk=kept["sub"], is_active=True).first()
    if (
        kept is None
        or person is None
        or not is_current(kept, person.pk)
        or is_disabled(person.pk)
        or is_blocked(person.pk, request.organization.id)  # type: ignore[attr-defined]  # by middleware
    ):
        return _refused(request, _("The sign-in could not be completed. Begin again."))
    beside = kept.get(BESIDE) or {}
    login(request, person, backend=BACKEND)
    request.session[strength.HANDED_OVER] = strength.from_json(beside).as_json()
    request.session[BASE_SESSION], request.session[BEGAN] = beside.get("session"), beside.get("began")
    UserSession.objects.create_from_request(request)
    # So that signing out at the base domain finds what it handed over.
    UserSession.objects.filter(session_key=request.session.session_key).update(data={BASE: beside.get("session")})
    return HttpResponseRedirect(pending["next"])


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this host's session and the one at the base domain, or the next page would sign in again by itself.

    With ``next`` the browser is led to a new sign-in at once and from there to that page.
    """
    base_session = request.session.get(BASE_SESSION)
    provider, leave = provider_of(request), way_out(request)
    if base_session:
        end_sessions(UserSession.objects.filter(session_key=base_session))
        end_sessions(UserSession.objects.filter(**{f"data__{BASE}": base_session}))
    logout(request)
    if "next" in request.POST:
        goes_to = {"next": safe_target(request.POST["next"]), **({AGAIN: str(provider)} if provider else {})}
        sign_in = f"{reverse('signin')}?{urlencode(goes_to)}"
        return led_on(request, sign_in) if provider else HttpResponseRedirect(sign_in)
    return led_on(request, leave) if leave else render(request, "identity/signed_out.html")


def _redeem(request: HttpRequest, verifier: str) -> dict[str, Any] | None:
    """Return what belongs to the code, once, if it was made for this client, this address and this browser."""
    client_id = clients.pages_client_for(naming.host(request.get_host()))
    code = request.GET.get("code", "")
    kept = authorization_codes.lookup(client_id, code) if code else None
    # Deleting tells whether it was there, so of two requests with one code only one goes on.
    if kept is None or not cache.delete(authorization_codes.cache_key(client_id, code)):
        return None
    proof = kept.get("pkce") or {}
    if kept["redirect_uri"] != _callback(request) or proof.get("code_challenge_method") != "S256":
        return None
    return kept if hmac.compare_digest(proof["code_challenge"].encode(), _challenge(verifier).encode()) else None


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _callback(request: HttpRequest) -> str:
    return str(settings.CHANCERY_BASE.origin_of(naming.host(request.get_host()))) + clients.CALLBACK


def _refused(request: HttpRequest, sentence: str) -> HttpResponse:
    return render(request, "identity/sign_in_refused.html", {"sentence": sentence}, status=HTTPStatus.FORBIDDEN)
