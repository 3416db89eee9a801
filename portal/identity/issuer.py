"""The issuer's pages and endpoints that need more than the account suite gives them.

- The device page is exempt from CSRF checks there: a page of a sibling host could confirm an attacker's device for a
  signed-in victim.  Wrapped in a plain function, the exemption is gone.
- The consent page's policy must let the browser follow the redirect to the program that asked.
- The token endpoint notices codes and refresh tokens that come back a second time, and keeps how the person signed in.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from allauth.idp.oidc.internal.oauthlib import authorization_codes, device_codes
from allauth.idp.oidc.internal.oauthlib.server import get_server
from allauth.idp.oidc.internal.oauthlib.utils import extract_params, respond_html_error
from allauth.idp.oidc.models import Client, Token
from allauth.idp.oidc.views import AuthorizationView, DeviceAuthorizationView, DeviceCodeView
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from oauthlib.oauth2.rfc6749.errors import FatalClientError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import ConsentRequired

from portal import clock
from portal.identity import client_sign_in, clients, recent_sign_in, tokens
from portal.identity.adapters import ONE_ORIGIN
from portal.identity.assertions import ClientRefused
from portal.identity.homes import asserting
from portal.identity.homes.names import installation_of
from portal.identity.sessions import signed_in_at
from portal.identity.sign_on.target import AGAIN
from portal.identity.token_exchange import (
    BESIDE,
    GrantRefused,
    Inherited,
    forgive,
    inherited,
    of_session_with_generation,
    remember_exchange,
)
from tenants.directory.services.application_credentials import CREDENTIAL

FORM = "application/x-www-form-urlencoded"
ASKED, ASKED_AT = "chancery_asked", "chancery_asked_at"
View = Callable[[HttpRequest], HttpResponse]


class ConsentView(AuthorizationView):
    """The suite's consent page, with no way around it.

    Asked with ``prompt=none`` the suite hands out a code to any client while the person holds any token at all.  What a
    person confirms here is one request of one client: the form names who confirms it, and is good for ten minutes.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or answer that it would have to be shown."""
        silent = "none" in request.GET.get("prompt", "").split()
        client = Client.objects.filter(id=request.GET.get("client_id", "")).first()
        if not silent or (client is not None and client.skip_consent):
            return cast(HttpResponse, super().get(request, *args, **kwargs))
        try:
            get_server().validate_authorization_request(*extract_params(request))
        except FatalClientError as error:
            return cast(HttpResponse, respond_html_error(request, error=error))
        except OAuth2Error as error:
            return _leading_back(error)
        refusal = ConsentRequired(state=request.GET.get("state"))
        refusal.redirect_uri = request.GET["redirect_uri"]
        return _leading_back(refusal)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what another installation would learn, where one asks."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return found | asserting.told(self.request, found["client"].id)

    def get_initial(self) -> dict[str, Any]:
        """Sign into the form who is asked, and when."""
        self._request_info |= {ASKED: str(self.request.user.pk), ASKED_AT: clock.now()}
        return dict(super().get_initial())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take a consent only from the person who was asked, while the page is fresh."""
        if request.POST.get("request") and request.user.is_authenticated:
            asked = _asked(request)
            if (
                asked.get(ASKED) != str(request.user.pk)
                or clock.now() - int(asked.get(ASKED_AT, 0)) > recent_sign_in.SECONDS
            ):
                raise PermissionDenied
        return cast(HttpResponse, super().post(request, *args, **kwargs))


_authorization: View = ConsentView.as_view()
_device_authorization: View = DeviceAuthorizationView.as_view()
_device_code: View = DeviceCodeView.as_view()
_token: View = client_sign_in.ApplicationTokenView.as_view()
_revoke: View = client_sign_in.ApplicationRevokeView.as_view()


def authorization(request: HttpRequest) -> HttpResponse:
    """Show the consent page, or hand out a code; the sign-in's strength is remembered beside the code."""
    clients.ensure()
    again = "" if request.user.is_authenticated else request.GET.get(AGAIN, "")
    if again and request.method == "GET":
        return _anew(request, again)
    installation = installation_of(_client_of(request))
    refused = asserting.stopped(request, installation) if installation else None
    if refused is not None:
        return refused
    response = _authorization(request)
    if response.status_code == HTTPStatus.FOUND:
        _remember_beside_code(request, response)
        _name_issuer(response)
    elif response.status_code == HTTPStatus.OK:
        _let_form_leave(request, response)
    return response


def _anew(request: HttpRequest, connection: str) -> HttpResponse:
    """Lead who came to sign in anew to their identity provider, and back to this very request."""
    query = request.GET.copy()
    del query[AGAIN]
    try:
        page = reverse("sign_on", args=[UUID(connection)])
    except ValueError:
        raise Http404 from None
    back = {"next": f"{request.path}?{query.urlencode()}", "fresh": "1"}
    return HttpResponseRedirect(f"{page}?{urlencode(back)}")


def device_authorization(request: HttpRequest) -> HttpResponse:
    """Show the device page, with the CSRF check that the view behind it opted out of."""
    response = _device_authorization(request)
    if request.method == "POST" and request.user.is_authenticated:
        _remember_beside_device(request)
    return response


@csrf_exempt
def device_code(request: HttpRequest) -> HttpResponse:
    """Start a device flow; called by programs, which have no cookie to steal."""
    if request.method == "POST" and request.content_type != FORM:
        # The suite behind would fall over a request without the header.
        return JsonResponse({"error": "invalid_request"}, status=HTTPStatus.BAD_REQUEST)
    clients.ensure()
    try:
        return _device_code(request)
    except ValidationError as error:
        return _invalid_target(error)


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    """Exchange a code, a device code, a refresh token or what an application signs in with for tokens.

    An access token names at most one origin; one that names none is refused wherever it is shown.  What an assertion
    uses up stays used, whatever is answered, so it is no part of the exchange's transaction.
    """
    try:
        application = client_sign_in.sign_in(request)
    except ClientRefused as refusal:
        return _invalid_client(refusal)
    return _exchanged(request, application)


@csrf_exempt
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke a token of a program; an application signs in for it as for a token."""
    try:
        client_sign_in.sign_in(request)
    except ClientRefused as refusal:
        return _invalid_client(refusal)
    return _revoke(request)


@transaction.atomic
def _exchanged(request: HttpRequest, application: client_sign_in.SignedIn | None) -> HttpResponse:
    if len(request.POST.getlist("resource")) > 1:
        return _invalid_target(ValidationError(ONE_ORIGIN))
    try:
        taken = inherited(request)
    except GrantRefused as refusal:
        why = {"error_description": refusal.why} if refusal.why else {}
        return JsonResponse({"error": refusal.error, **why}, status=HTTPStatus.BAD_REQUEST)
    setattr(request, asserting.EXCHANGED, taken.authentication)
    try:
        response = _token(request)
    except ValidationError as error:
        response = _invalid_target(error)
    if response.status_code == HTTPStatus.OK:
        answer = json.loads(response.content)
        given = _mark(answer, taken, application)
        response.content = json.dumps(_told_its_end(answer, taken)).encode()
        installation = installation_of(request.POST.get("client_id", ""))
        if installation and taken.person is not None:
            # It has learned who that is, and can do nothing else here.
            given.delete()
            asserting.note_arrival(request, taken.person, installation)
    else:
        forgive(taken)
    return response


def _invalid_target(error: ValidationError) -> HttpResponse:
    """Answer a program, in English: OAuth allows no letters of other languages here (RFC 6749, 5.2)."""
    with override("en"):
        body = {"error": "invalid_target", "error_description": " ".join(error.messages)}
    return JsonResponse(body, status=HTTPStatus.BAD_REQUEST)


def _invalid_client(refusal: ClientRefused) -> HttpResponse:
    body = {"error": "invalid_client", "error_description": str(refusal)}
    headers = {"WWW-Authenticate": "Basic"}
    return JsonResponse(body, status=HTTPStatus.UNAUTHORIZED, headers=headers)


def _mark(answer: dict[str, Any], taken: Inherited, application: client_sign_in.SignedIn | None) -> QuerySet[Token]:
    """Write family and sign-in into the new tokens, and keep the hash of the one that was exchanged.

    No token outlives its sign-in, nor the secret or key that an application signed in with.
    """
    values = [answer[name] for name in ("access_token", "refresh_token") if name in answer]
    rows: QuerySet[Token] = Token.objects.filter(hash__in=[tokens.hash_of(value) for value in values])
    for row in rows:
        data = row.data if isinstance(row.data, dict) else {}
        beside = {tokens.FAMILY: str(taken.family), tokens.AUTHENTICATION: taken.authentication.as_json()}
        row.data = data | beside | {tokens.BEGAN: taken.began}
        ends = [row.expires_at, taken.ends]
        if application is not None:
            row.data[CREDENTIAL] = str(application.way.id)
            ends.append(application.way.expires_at)
        row.expires_at = min((one for one in ends if one is not None), default=None)
        row.save(update_fields=["data", "expires_at"])
    remember_exchange(taken)
    return rows


def _told_its_end(answer: dict[str, Any], taken: Inherited) -> dict[str, Any]:
    """Return the answer with how long the token is good, where its sign-in is over before that."""
    if taken.ends is None or "expires_in" not in answer:
        return answer
    left = int((taken.ends - timezone.now()).total_seconds())
    return {**answer, "expires_in": max(1, min(answer["expires_in"], left))}


def _remember_beside_code(request: HttpRequest, response: HttpResponse) -> None:
    code = parse_qs(urlsplit(response["Location"]).query).get("code", [""])[0]
    key = authorization_codes.cache_key(_client_of(request), code)
    kept = cache.get(key) if code else None
    if kept is None:
        return
    session = {"session": request.session.session_key, "began": signed_in_at(dict(request.session.items()))}
    kept[BESIDE] = of_session_with_generation(request) | session
    cache.set(key, kept, timeout=settings.IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN)


def _name_issuer(response: HttpResponse) -> None:
    """Say in an answer to a client whose answer it is, so that nobody takes it for another one's (RFC 9207)."""
    parts = urlsplit(response["Location"])
    if parts.netloc and {"code", "error"} & parse_qs(parts.query).keys():
        query = f"{parts.query}&{urlencode({'iss': settings.CHANCERY_BASE_URL})}"
        response["Location"] = parts._replace(query=query).geturl()


def _client_of(request: HttpRequest) -> str:
    return str(request.GET.get("client_id") or _asked(request).get("client_id", ""))


def _asked(request: HttpRequest) -> dict[str, Any]:
    """Return what a consent form that was sent is about, as it was signed into the form."""
    try:
        _scopes, wanted = Signer().unsign_object(request.POST.get("request", ""))
    except BadSignature:
        return {}
    return dict(wanted)


def _leading_back(error: OAuth2Error) -> HttpResponse:
    """Tell the client what went wrong, at an address that has been checked."""
    response = HttpResponse(status=HTTPStatus.FOUND)
    response["Location"] = error.in_uri(error.redirect_uri)
    return response


def _let_form_leave(request: HttpRequest, response: HttpResponse) -> None:
    """Widen ``form-action`` on the consent page by the origin that the code goes to; it has been checked by then."""
    try:
        redirect = urlsplit(request.GET.get("redirect_uri", ""))
    except ValueError:
        return
    if redirect.scheme not in {"http", "https"} or not redirect.hostname:
        return
    loopback = redirect.hostname in {"127.0.0.1", "::1"}
    target = "http://127.0.0.1:*" if loopback else f"{redirect.scheme}://{redirect.netloc}"
    response._csp_update = {"form-action": [target]}  # type: ignore[attr-defined]  # noqa: SLF001 - django-csp's interface


def _remember_beside_device(request: HttpRequest) -> None:
    code = request.GET.get("code", "")
    key = cache.get(device_codes.cache_user_code_key(code)) if code else None
    kept = cache.get(device_codes.cache_device_code_key(key)) if key else None
    if kept is not None and kept.get("user") == str(request.user.pk):
        kept[BESIDE] = of_session_with_generation(request)
        device_codes.update_device_state(key, kept)
