"""Who calls the API: our own bearer authentication around the issuer's tokens.

The account suite's class answers nothing for a bad token, accepts tokens at every host and knows no applications.
Here a bad token is 401 with the reason in ``WWW-Authenticate``, a token counts at the one origin it names, and an
application's token is the application's own person, at its own organization only.
"""

from typing import Any, cast

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.identity import tokens
from portal.identity.clients import OUTSIDER
from portal.identity.tokens import SCHEME, TokenRefused, VerifiedToken, token_of
from tenants.directory.models import Person


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
    """Any signed-in person of the installation; what they may do is decided by the use case.

    A person without an account reaches only what a view opens to them by ``for_outsiders``, which names methods.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether a token was shown and accepted."""
        token = request.auth
        if not isinstance(token, VerifiedToken):
            return False
        return token.client_id != OUTSIDER or request.method in getattr(view, "for_outsiders", ())


def caller(request: Request) -> Person:
    """Return the signed-in person; only for views behind ``Authenticated``."""
    return cast(Person, request.user)


def token_shown(request: Request) -> VerifiedToken:
    """Return the token of the request; only for views behind ``Authenticated``."""
    return cast(VerifiedToken, request.auth)
