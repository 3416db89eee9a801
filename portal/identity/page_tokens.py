"""Access tokens for the scripts of our own pages: for minutes, for one origin, out of the session that is signed in.

A page's script calls the same API as every other client and proves its device with each request that matters
(docs/protocol.md P13); a cookie never authenticates an API call.  There is no refresh token: what lasts is the session,
and signing out ends what came out of it.
"""

import secrets
import uuid
from datetime import timedelta
from typing import Final
from uuid import UUID

from allauth.idp.oidc.models import Token
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from chancery.errors import InvalidObject, NotFound
from chancery.texts import message
from portal.identity import clients
from portal.identity.origins import is_ours
from portal.identity.strength import of_session
from portal.identity.tokens import AUTHENTICATION, FAMILY, hash_of
from tenants.directory.selectors.devices import device_of

SECONDS: Final = 300
_FAMILY: Final = "chancery.page_tokens"
"""In the session: the family of its tokens while this browser is no device yet."""


def grant_to_page(request: HttpRequest, *, person: UUID, origin: str, device: UUID | None) -> str:
    """Return an access token for a page's script.  Raises InvalidObject and NotFound.

    Tokens of a browser that is a device belong to the device's family, so that whatever revokes or blocks the device
    reaches them too.
    """
    if not is_ours(origin):
        raise InvalidObject(message("This is not an address of this installation."))
    clients.ensure()
    value = secrets.token_urlsafe(48)
    token = Token(
        type=Token.Type.ACCESS_TOKEN,
        hash=hash_of(value),
        client_id=clients.BROWSER,
        user_id=person,
        expires_at=timezone.now() + timedelta(seconds=SECONDS),
        data={
            "resources": [origin],
            FAMILY: str(_family(request, person, device)),
            AUTHENTICATION: of_session(request).as_json(),
        },
    )
    token.set_scopes([clients.ACCESS])
    token.save()
    return value


def _family(request: HttpRequest, person: UUID, device: UUID | None) -> UUID:
    """Return the family of the browser's device, or before there is one a family of this session."""
    if device is None:
        return UUID(request.session.setdefault(_FAMILY, str(uuid.uuid4())))
    facts = device_of(person, device)
    if facts is None or facts.revoked_at is not None or facts.token_family is None:
        raise NotFound(message("This browser is no longer a device of yours."))
    # The next device that this session enrolls is another sign-in, so that revoking one does not reach the other.
    request.session.pop(_FAMILY, None)
    return facts.token_family


@receiver(user_logged_out, dispatch_uid="portal.identity.page_tokens")
def _signed_out(user: object, **_kwargs: object) -> None:
    """End the tokens of all pages of the person; a page that is still signed in gets a new one by itself."""
    person = getattr(user, "pk", None)
    if person is not None:
        Token.objects.filter(client_id=clients.BROWSER, user_id=person).delete()
