"""What this installation says of its people when they sign in at another one (docs/protocol.md P32)."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from allauth.idp.oidc.models import Client
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from portal.identity.homes.names import CALLBACK, DOCUMENT, SCOPE, host_of, installation_of
from portal.identity.strength import Authentication
from portal.request_facts import client_address
from tenants.actor import Actor
from tenants.directory.models import Person
from tenants.homes.selectors import Assertion, assertion_of, forbidden_by
from tenants.homes.services.installations import note_visit

EXCHANGED: Final = "chancery_exchanged"
"""The attribute of a request to the token endpoint that holds how the person of the code had signed in."""


def ensure_client(installation: str) -> None:
    """Make the client that an installation is; everything about it follows from its origin."""
    Client.objects.get_or_create(
        id=f"{installation}{DOCUMENT}",
        defaults={
            "name": host_of(installation)[:100],
            "type": Client.Type.PUBLIC,
            "secret": "!",
            "scopes": f"openid\n{SCOPE}",
            "default_scopes": "openid",
            "grant_types": Client.GrantType.AUTHORIZATION_CODE,
            "redirect_uris": f"{installation}{CALLBACK}",
        },
    )


def stopped(request: HttpRequest, installation: str) -> HttpResponse | None:
    """Return what stops a signed-in person from signing in at another installation, or None.

    A sign-in that must be new begins anew.  Where an organization of theirs forbids the installation, or none speaks
    for them, a page says so: the code would be worth nothing there.
    """
    if "login" in request.GET.get("prompt", "").split():
        return _anew(request)
    if not request.user.is_authenticated:
        return None
    person_id, host = UUID(str(request.user.pk)), host_of(installation)
    organization = forbidden_by(person_id, host)
    if not organization and assertion_of(person_id) is not None:
        ensure_client(installation)
        return None
    context = {"installation": host, "forbidden_by": organization}
    return render(request, "identity/elsewhere_refused.html", context, status=HTTPStatus.FORBIDDEN)


def told(request: HttpRequest, client: str) -> dict[str, Any]:
    """Return what the page that asks for consent says about an installation; nothing for other clients."""
    installation = installation_of(client)
    said = assertion_of(UUID(str(request.user.pk))) if installation else None
    return {} if said is None else {"installation": host_of(installation), "said": said}


def claims_for(person: Person, request: HttpRequest) -> dict[str, Any]:
    """Return what the signed answer to another installation holds, as of now; nothing where nobody speaks for them."""
    said: Assertion | None = assertion_of(person.pk)
    if said is None:
        return {}
    authentication = getattr(request, EXCHANGED, None)
    known: dict[str, Any] = {}
    if isinstance(authentication, Authentication):
        known = {"auth_time": authentication.at, "acr": authentication.strength.value}
    return {
        "email": said.address,
        "email_verified": True,
        "addresses": list(said.addresses),
        "groups": list(said.groups),
        "name": person.name,
        **known,
    }


def note_arrival(request: HttpRequest, person: Person, installation: str) -> None:
    """Record that an installation has exchanged its code, with what it learned."""
    said = assertion_of(person.pk)
    if said is None:
        return
    actor = Actor(
        person_id=person.pk, name=str(person), source="issuer", ip=client_address(request), address=person.email
    )
    note_visit(person_id=person.pk, installation=installation, addresses=said.addresses, actor=actor)


def _anew(request: HttpRequest) -> HttpResponse:
    """End the sign-in and lead to a new one, and back to this request without that part of it."""
    query = request.GET.copy()
    left = [one for one in query.pop("prompt")[-1].split() if one != "login"]
    if left:
        query["prompt"] = " ".join(left)
    logout(request)
    back = {"next": f"{request.path}?{query.urlencode()}"}
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode(back)}")
