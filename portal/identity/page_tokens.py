"""Access tokens for the scripts of our own pages: for minutes, for one origin, out of the session that is signed in.

A page's script calls the same API as every other client and proves its device with each request that matters
(docs/protocol.md P13); a cookie never authenticates an API call.  There is no refresh token: what lasts is the session,
and signing out ends what came out of it.
"""

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from chancery.errors import InvalidObject, NotFound
from chancery.policy.policy import Strength
from chancery.texts import message
from portal.identity import clients
from portal.identity.origins import is_ours
from portal.identity.strength import Authentication, of_session
from portal.identity.tokens import AUTHENTICATION, FAMILY, VerifiedToken, forget, hash_of
from tenants.directory.selectors.devices import device_of
from tenants.directory.selectors.sessions import DEVICES
from tenants.directory.services.enter_code import OutsiderSession, session_with_id
from tenants.organizations.selectors import hosts_of, organization_by_id

SECONDS: Final = 300
_FAMILY: Final = "chancery.page_tokens"
"""In the session: the family of its tokens while this browser is no device yet."""
_DEVICE: Final = "chancery.device"
"""In the session: the device that this browser is, as far as it is written beside the session already."""


def grant_to_page(request: HttpRequest, *, person: UUID, origin: str, device: UUID | None) -> str:
    """Return an access token for a page's script.  Raises InvalidObject and NotFound.

    Tokens of a browser that is a device belong to the device's family, so that whatever revokes or blocks the device
    reaches them too.
    """
    if not is_ours(origin):
        raise InvalidObject(message("This is not an address of this installation."))
    if device is not None:
        _note_device(request, device)
    until = timezone.now() + timedelta(seconds=SECONDS)
    return _granted(clients.BROWSER, person, origin, _family(request, person, device), of_session(request), until)


def grant_to_outsider(session: OutsiderSession, *, origin: str) -> str:
    """Return an access token for the tab of an outsider, which ends with it.  Raises InvalidObject.

    It names the base domain or the organization that the code was asked for.  How the address was proven makes no
    difference here: another provider's sign-in would begin the same session (docs/protocol.md P22).
    """
    organization = organization_by_id(session.organization_id)
    known = [] if organization is None else hosts_of(organization.id)
    if origin not in {settings.CHANCERY_BASE.origin, *(settings.CHANCERY_BASE.origin_of(host) for host in known)}:
        raise InvalidObject(message("The code was for a document of another organization."))
    signed_in = Authentication(Strength.CODE, int(session.began_at.timestamp()))
    until = min(timezone.now() + timedelta(seconds=SECONDS), session.ends_at)
    return _granted(clients.OUTSIDER, session.person, origin, session.id, signed_in, until)


def outsider_session(token: VerifiedToken) -> OutsiderSession | None:
    """Return the session that a token of an outsider came out of, None for everybody else's.  Raises NotFound."""
    if token.client_id != clients.OUTSIDER:
        return None
    found = None if token.family is None else session_with_id(token.family)
    if found is None:
        raise NotFound(message("This code's hour is over. Ask for a new one."))
    return found


def _granted(client: str, person: UUID, origin: str, family: UUID, signed_in: Authentication, until: datetime) -> str:
    clients.ensure()
    value = secrets.token_urlsafe(48)
    token = Token(
        type=Token.Type.ACCESS_TOKEN,
        hash=hash_of(value),
        client_id=client,
        user_id=person,
        expires_at=until,
        data={"resources": [origin], FAMILY: str(family), AUTHENTICATION: signed_in.as_json()},
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


def _note_device(request: HttpRequest, device: UUID) -> None:
    """Write beside the session which device the browser is, so that it can end together with the session."""
    if request.session.get(_DEVICE) != str(device):
        rows = UserSession.objects.select_for_update().filter(session_key=request.session.session_key)
        with transaction.atomic():
            for row in rows:
                row.data = {**row.data, DEVICES: sorted({*row.data.get(DEVICES, ()), str(device)})}
                row.save(update_fields=["data"])
        request.session[_DEVICE] = str(device)


def end_page_tokens(person: UUID) -> None:
    """End the tokens of all pages of the person; a page that is still signed in gets a new one by itself."""
    Token.objects.filter(client_id=clients.BROWSER, user_id=person).delete()
    forget()


@receiver(user_logged_out, dispatch_uid="portal.identity.page_tokens")
def _signed_out(user: object, **_kwargs: object) -> None:
    """End the tokens of pages when their person signs out."""
    person = getattr(user, "pk", None)
    if person is not None:
        end_page_tokens(person)
