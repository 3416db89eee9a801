"""Who calls the API: our own bearer authentication around the issuer's tokens.

The account suite's class answers nothing for a bad token, accepts tokens at every host and knows no applications.
Here a bad token is 401 with the reason in ``WWW-Authenticate``, a token counts at the one origin it names, and an
application's token is the application's own person, at its own organization only.
"""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.identity import origins, tokens
from portal.identity.tokens import VerifiedToken
from tenants.directory.models import Person

SCHEME = "Bearer"


class TokenRefused(AuthenticationFailed):
    """The token is not good here; the text says why and goes into ``WWW-Authenticate``."""


class BearerAuthentication(BaseAuthentication):
    """Reads ``Authorization: Bearer`` and nothing else: no cookie ever authenticates an API call."""

    def authenticate(self, request: Request) -> tuple[Person, VerifiedToken] | None:
        """Return person and token, or nothing when no token is shown, or refuse."""
        token = token_of(request._request, tokens.read)  # noqa: SLF001 - the framework has no public name for it
        if token is None:
            return None
        person = Person.objects.filter(id=token.person_id, is_active=True).first()
        if person is None:
            raise TokenRefused(_("The person of this token is disabled."))
        return person, token

    def authenticate_header(self, request: Request) -> str:
        """Say how to authenticate; with this header the framework answers 401 instead of 403."""
        return f'{SCHEME} realm="{request.get_host()}"'


class DenyByDefault(BasePermission):
    """What a view gets that states no permission: nobody may."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Refuse."""
        return False


class Authenticated(BasePermission):
    """Any signed-in person of the installation; what they may do is decided by the use case."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether a token was shown and accepted."""
        return isinstance(request.auth, VerifiedToken)


def token_of(
    request: HttpRequest, lookup: Callable[[str], VerifiedToken | None] = tokens.verify
) -> VerifiedToken | None:
    """Return the request's token, checked for this host, or nothing when none is shown.

    Raises ``TokenRefused``.  The fast path calls this without the framework, and may use what is remembered, because
    its deciding statement reads person and device; every other interface checks whether the token was withdrawn.
    """
    header = request.headers.get("Authorization", "")
    scheme, _space, value = header.partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None
    token = lookup(value.strip()) if value.strip() else None
    if token is None:
        raise TokenRefused(_("The token is unknown or has expired."))
    if not token.origin:
        raise TokenRefused(_("The token names no origin; ask for it with resource=."))
    if token.origin != origins.origin_of(request):
        raise TokenRefused(_("The token names another origin."))
    organization = getattr(request, "organization", None)
    if token.application_of is not None and organization is not None and organization.id != token.application_of:
        raise TokenRefused(_("This application belongs to another organization."))
    return token


def caller(request: Request) -> Person:
    """Return the signed-in person; only for views behind ``Authenticated``."""
    return cast(Person, request.user)


def token_shown(request: Request) -> VerifiedToken:
    """Return the token of the request; only for views behind ``Authenticated``."""
    return cast(VerifiedToken, request.auth)
