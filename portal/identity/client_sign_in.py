"""How applications sign in at the token endpoint: by one of their secrets, or by an assertion of one of their keys.

The account suite knows one secret for each client.  Applications have several, and keys; so they are checked here, and
the suite's validator believes what was found.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from allauth.core import context
from allauth.core.internal.httpkit import extract_basic_auth
from allauth.idp.oidc.internal.oauthlib.request_validator import OAuthLibRequestValidator
from allauth.idp.oidc.internal.oauthlib.server import generate_access_token, generate_refresh_token
from allauth.idp.oidc.internal.oauthlib.utils import convert_response, extract_params
from allauth.idp.oidc.views import RevokeView, TokenView
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse
from oauthlib.common import Request
from oauthlib.openid import Server

from portal.identity.assertions import TYPE, ClientRefused, client_named, way_of
from tenants.directory.selectors.credentials import SignInWay, person_of_client, ways_to_sign_in
from tenants.directory.services.application_credentials import SHA256, hash_of_secret, note_use

SIGNED_IN: Final = "chancery_application"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An application that has shown what it signs in with."""

    client_id: str
    way: SignInWay


def sign_in(request: HttpRequest) -> SignedIn | None:
    """Sign in the application that a request is of; None when it is of no application.  Raises ClientRefused.

    What signed it in is taken out of the request, and what is left names its client.
    """
    fields = request.POST
    basic_id, basic_secret = extract_basic_auth(request.headers)
    secret, assertion = basic_secret or fields.get("client_secret", ""), fields.get("client_assertion", "")
    named = basic_id or fields.get("client_id", "")
    if assertion or "client_assertion_type" in fields:
        if fields.get("client_assertion_type") != TYPE:
            raise ClientRefused(f"client_assertion_type must be {TYPE}.")
        if secret:
            raise ClientRefused("Sign in by a secret or by an assertion, not by both.")
        claimed = client_named(assertion)
        if named not in ("", claimed):
            raise ClientRefused("The assertion is of another client.")
        named = claimed
    person_id = person_of_client(named) if named and "\0" not in named else None
    if person_id is None:
        if assertion:
            raise ClientRefused(_UNKNOWN)
        return None
    ways = ways_to_sign_in(named)
    way = way_of(assertion, client_id=named, person_id=person_id, ways=ways) if assertion else _of_secret(secret, ways)
    note_use(way.id)
    found = SignedIn(named, way)
    kept = fields.copy()
    for name in ("client_secret", "client_assertion", "client_assertion_type"):
        kept.pop(name, None)
    kept["client_id"] = named
    request.POST = kept  # type: ignore[assignment]  # the setter takes any
    setattr(request, SIGNED_IN, found)
    return found


def _of_secret(secret: str, ways: tuple[SignInWay, ...]) -> SignInWay:
    for way in ways:
        if way.kind == "secret" and secret and _is(secret, way.secret_hash):
            return way
    raise ClientRefused(_UNKNOWN)


def _is(secret: str, kept: str) -> bool:
    if kept.startswith(SHA256):
        return hmac.compare_digest(hash_of_secret(secret), kept)
    return check_password(secret, kept)


class _Validator(OAuthLibRequestValidator):
    """The suite's, which takes an application's sign-in as it was found."""

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Tell who the client is."""
        found: SignedIn | None = getattr(context.request, SIGNED_IN, None)
        if found is None:
            return bool(super().authenticate_client(request, *args, **kwargs))
        client = self._lookup_client(request, found.client_id)
        if client is None:
            return False
        self._use_client(request, client)
        return True


def _server(**more: Any) -> Server:
    return Server(
        request_validator=_Validator(),
        token_generator=generate_access_token,
        refresh_token_generator=generate_refresh_token,
        token_expires_in=settings.IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN,
        **more,
    )


class ApplicationTokenView(TokenView):
    """The suite's token endpoint with this validator."""

    def _create_token_response(self, request: HttpRequest, *, user: Any = None, data: Any = None) -> HttpResponse:
        before: list[Callable[[Request], None]] = [lambda asked: self._pre_token(asked, user, data)]
        answer = _server(pre_token=before).create_token_response(*extract_params(request))
        return convert_response(*answer)  # type: ignore[no-any-return]  # the suite has no types


class ApplicationRevokeView(RevokeView):
    """The suite's revocation endpoint with this validator."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Revoke a token of the client."""
        answer = _server().create_revocation_response(*extract_params(request))
        return convert_response(*answer)  # type: ignore[no-any-return]  # the suite has no types


_UNKNOWN: Final = "There is no such client, or it does not sign in by this."
