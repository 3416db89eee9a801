"""The issuer's pages and endpoints that need more than the account suite gives them.

- The device page is exempt from CSRF checks there: a page of a sibling host could confirm an attacker's device for a
  signed-in victim.  Wrapped in a plain function, the exemption is gone.
- The consent page's policy must let the browser follow the redirect to the program that asked.
- The token endpoint notices refresh tokens that come back a second time, and writes down how the person signed in.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from allauth.idp.oidc.internal.oauthlib import authorization_codes, device_codes
from allauth.idp.oidc.models import Client, Token
from allauth.idp.oidc.views import AuthorizationView, DeviceAuthorizationView, DeviceCodeView, TokenView
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt

from portal.identity import clients, tokens
from portal.identity.adapters import ONE_ORIGIN
from portal.identity.proof import prove
from portal.identity.strength import NEVER, Authentication, from_json, of_session
from protection.errors import ChanceryError
from tenants.directory.access import end_family
from tenants.directory.models import Device, SpentRefreshToken

FORM = "application/x-www-form-urlencoded"
BESIDE = "chancery"
View = Callable[[HttpRequest], HttpResponse]

_authorization: View = AuthorizationView.as_view()
_device_authorization: View = DeviceAuthorizationView.as_view()
_device_code: View = DeviceCodeView.as_view()
_token: View = TokenView.as_view()


@dataclass(frozen=True, slots=True)
class Inherited:
    """What new tokens take over from the code or token they were exchanged for."""

    family: UUID
    authentication: Authentication
    spent: Token | None = None


def authorization(request: HttpRequest) -> HttpResponse:
    """Show the consent page, or hand out a code; the sign-in's strength is remembered beside the code."""
    clients.ensure()
    response = _authorization(request)
    if response.status_code == HTTPStatus.FOUND:
        _remember_beside_code(request, response)
    elif response.status_code == HTTPStatus.OK:
        _let_form_leave(request, response)
    return response


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
@transaction.atomic
def token(request: HttpRequest) -> HttpResponse:
    """Exchange a code, a device code, a refresh token or a program's secret for tokens.

    An access token names at most one origin; one that names none is refused wherever it is shown.
    """
    if len(request.POST.getlist("resource")) > 1:
        return _invalid_target(ValidationError(ONE_ORIGIN))
    inherited = _inherited(request)
    if inherited is None:
        return JsonResponse({"error": "invalid_grant"}, status=HTTPStatus.BAD_REQUEST)
    try:
        response = _token(request)
    except ValidationError as error:
        return _invalid_target(error)
    if response.status_code == HTTPStatus.OK:
        _mark(json.loads(response.content), inherited)
    return response


def _invalid_target(error: ValidationError) -> HttpResponse:
    """Answer a program, in English: OAuth allows no letters of other languages here (RFC 6749, 5.2)."""
    with override("en"):
        body = {"error": "invalid_target", "error_description": " ".join(error.messages)}
    return JsonResponse(body, status=HTTPStatus.BAD_REQUEST)


def _inherited(request: HttpRequest) -> Inherited | None:
    """Return what the new tokens take over, or nothing when a spent refresh token was shown."""
    match request.POST.get("grant_type"):
        case Client.GrantType.REFRESH_TOKEN:
            return _of_refresh_token(request, request.POST.get("refresh_token", ""))
        case Client.GrantType.AUTHORIZATION_CODE:
            kept = authorization_codes.lookup(request.POST.get("client_id", ""), request.POST.get("code", ""))
        case Client.GrantType.DEVICE_CODE:
            kept = cache.get(device_codes.cache_device_code_key(request.POST.get("device_code", "")))
        case _:
            kept = None
    return Inherited(uuid.uuid4(), from_json((kept or {}).get(BESIDE)))


def _of_refresh_token(request: HttpRequest, value: str) -> Inherited | None:
    """Look at the refresh token before it is exchanged; the row is locked, so two exchanges follow each other.

    The device of the token is locked first, as it is when it is revoked: the revocation then finds what came out of an
    exchange under way, and an exchange that waited finds nothing.  Of a token that was exchanged before, somebody holds
    a copy: the whole family ends, thief's and owner's alike.  The exception is a device that lost the answer.
    """
    token_hash = tokens.hash_of(value)
    rows = Token.objects.filter(type=Token.Type.REFRESH_TOKEN, hash=token_hash)
    seen = rows.first()
    if seen is not None and isinstance(seen.data, dict) and tokens.FAMILY in seen.data:
        list(Device.objects.select_for_update().filter(token_family=seen.data[tokens.FAMILY]))
    row = rows.select_for_update().first()
    if row is not None:
        data = row.data if isinstance(row.data, dict) else {}
        family = UUID(data[tokens.FAMILY]) if tokens.FAMILY in data else uuid.uuid4()
        return Inherited(family, from_json(data.get(tokens.AUTHENTICATION)), spent=row)
    spent = SpentRefreshToken.objects.filter(token_hash=token_hash).first()
    if spent is None:
        return Inherited(uuid.uuid4(), NEVER)
    restored = _restored(request, spent, value)
    if restored is not None:
        return restored
    end_family(spent.person_id, spent.family)
    tokens.forget()
    return None


def _restored(request: HttpRequest, spent: SpentRefreshToken, value: str) -> Inherited | None:
    """Take back the last exchange for the device of the family that did not get its answer, or return None.

    It counts only while the successor was never exchanged, and with a proof by the key of the very device: who holds a
    copy of the token alone does not have that.  The successor is spent from then on, so whoever should hold it and
    shows it ends the family.
    """
    newest = SpentRefreshToken.objects.filter(family=spent.family).order_by("-expires_at").first()
    device = Device.objects.select_for_update().filter(token_family=spent.family, revoked_at__isnull=True).first()
    if newest is None or newest.token_hash != spent.token_hash or device is None:
        return None
    try:
        if prove(request, spent.person_id, shown=value).id != device.id:
            return None
    except ChanceryError:
        return None
    live = Token.objects.select_for_update().filter(
        type=Token.Type.REFRESH_TOKEN, user_id=spent.person_id, data__contains={tokens.FAMILY: str(spent.family)}
    )
    row = live.first()
    if row is None:
        return None
    _spend(row, spent.family)
    row.hash = spent.token_hash
    row.save(update_fields=["hash"])
    spent.delete()
    return Inherited(spent.family, from_json(row.data.get(tokens.AUTHENTICATION)), spent=row)


def _mark(answer: dict[str, Any], inherited: Inherited) -> None:
    """Write family and sign-in into the new tokens, and keep the hash of the one that was exchanged."""
    values = [answer[name] for name in ("access_token", "refresh_token") if name in answer]
    for row in Token.objects.filter(hash__in=[tokens.hash_of(value) for value in values]):
        data = row.data if isinstance(row.data, dict) else {}
        beside = {tokens.FAMILY: str(inherited.family), tokens.AUTHENTICATION: inherited.authentication.as_json()}
        row.data = data | beside
        row.save(update_fields=["data"])
    if inherited.spent is not None and inherited.spent.user_id is not None:
        _spend(inherited.spent, inherited.family)


def _spend(row: Token, family: UUID) -> None:
    """Keep the hash of a refresh token that counts no more."""
    SpentRefreshToken.objects.create(
        token_hash=row.hash,
        family=family,
        person_id=row.user_id,
        expires_at=timezone.now() + timedelta(seconds=settings.IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN),
    )


def _remember_beside_code(request: HttpRequest, response: HttpResponse) -> None:
    code = parse_qs(urlsplit(response["Location"]).query).get("code", [""])[0]
    client_id = request.GET.get("client_id") or _client_of_form(request)
    key = authorization_codes.cache_key(client_id, code)
    kept = cache.get(key) if code else None
    if kept is None:
        return
    kept[BESIDE] = of_session(request).as_json() | {"session": request.session.session_key}
    cache.set(key, kept, timeout=settings.IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN)


def _client_of_form(request: HttpRequest) -> str:
    """Return the client of a consent form that was sent; the account suite signed it into the form."""
    try:
        _scopes, wanted = Signer().unsign_object(request.POST.get("request", ""))
    except BadSignature:
        return ""
    return str(wanted.get("client_id", ""))


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
        kept[BESIDE] = of_session(request).as_json()
        device_codes.update_device_state(key, kept)
