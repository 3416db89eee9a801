"""Access tokens: checking one, and giving one out without a browser.

The account suite's own check loads three rows with the ORM for each request.  Here one statement reads a token with its
client, and what cannot change meaning is remembered for seconds (docs/protocol.md P25): a token's person, origin and
expiry never change.  Whether the person may still act is read where the decision is made.
"""

import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from allauth.idp.oidc.models import Token
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.rows import tuple_row
from rest_framework.exceptions import AuthenticationFailed

from portal import clock
from portal.identity import clients
from portal.identity.strength import Authentication, from_json
from tenants.backend.prepared import prepared_cursor

KEPT_SECONDS = 5.0
FAMILY = "family"
AUTHENTICATION = "authentication"
BEGAN = "began"
"""In a token's data: when the sign-in was made that it came out of, in seconds since 1970."""
_LIMIT = 50_000

BEARER_SQL: Final = """
SELECT t.user_id, t.client_id, t.expires_at, t.data, t.scopes, p.person_id, p.organization_id,
  (SELECT array_agg(o) FROM public.directory_device d, unnest(d.blocked_by) AS o
   WHERE d.token_family = (t.data ->> 'family')::uuid),
  (SELECT array_agg(d.id) FROM public.directory_device d
   WHERE d.token_family = (t.data ->> 'family')::uuid AND d.revoked_at IS NULL)
FROM public.allauth_idp_oidc_token t
LEFT JOIN public.directory_apiclient p
  ON (p.client_id = t.client_id OR p.person_id = t.user_id) AND p.disabled_at IS NULL
LEFT JOIN public.directory_person u ON u.id = coalesce(t.user_id, p.person_id)
WHERE t.type = 'at' AND t.hash = %(hash)s AND t.expires_at > statement_timestamp() AND u.is_active
  AND (p.client_id IS NOT NULL OR NOT u.is_service)
"""
"""An application without a client that is enabled is nobody: its token must not count as that of a person."""


SCHEME = "Bearer"


class TokenRefused(AuthenticationFailed):
    """The token is not good here; the text says why and goes into ``WWW-Authenticate``."""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What an access token says: who acts, through which client, at which single origin, how they had signed in.

    ``application_of`` is the organization of an application's token, and nothing for people.  ``family`` is the sign-in
    that the token came out of.
    """

    person_id: UUID
    client_id: str
    origin: str
    scopes: frozenset[str]
    expires_at: datetime
    authentication: Authentication
    application_of: UUID | None
    family: UUID | None
    token_hash: str
    blocked_at: frozenset[UUID] = frozenset()
    """Organizations that have blocked the device of this sign-in: there its tokens do nothing either."""
    devices: frozenset[UUID] = frozenset()
    """The devices that were enrolled with this sign-in: its tokens change nothing without a proof by one of them."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A refresh token in clear, shown once, and how long it is good."""

    refresh_token: str
    expires_in: int


_kept: dict[str, tuple[float, VerifiedToken]] = {}


def hash_of(value: str) -> str:
    """Return the hash under which the issuer keeps a token."""
    return hashlib.sha256(value.encode()).hexdigest()


def read(value: str) -> VerifiedToken | None:
    """Return what the access token says, or nothing when it is unknown, withdrawn, expired or its person disabled."""
    token_hash = hash_of(value)
    with prepared_cursor(tuple_row) as cursor:
        cursor.execute(BEARER_SQL, {"hash": token_hash})
        row = cursor.fetchone()
    return None if row is None else from_row(token_hash, row)


def verify(value: str, clock: Callable[[], float] = time.monotonic) -> VerifiedToken | None:
    """Do the same with what this process remembers; only for an interface that reads the device's state again."""
    token_hash = hash_of(value)
    now = clock()
    entry = _kept.get(token_hash)
    if entry is not None and entry[0] > now:
        return entry[1] if entry[1].expires_at > timezone.now() else None
    found = read(value)
    if found is None:
        return None
    if len(_kept) >= _LIMIT:
        _kept.clear()
    _kept[token_hash] = (now + KEPT_SECONDS, found)
    return found


def token_of(request: HttpRequest, lookup: Callable[[str], VerifiedToken | None] = verify) -> VerifiedToken | None:
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
    if token.origin != getattr(request, "origin", ""):
        raise TokenRefused(_("The token names another origin."))
    organization = getattr(request, "organization", None)
    if token.application_of is not None and organization is not None and organization.id != token.application_of:
        raise TokenRefused(_("This application belongs to another organization."))
    return token


def forget() -> None:
    """Forget every token in this process; after tokens were withdrawn here, and between tests."""
    _kept.clear()


def from_row(token_hash: str, row: tuple[Any, ...]) -> VerifiedToken:
    """Turn the row of ``BEARER_SQL`` into a value."""
    user_id, client_id, expires_at, data, scopes, application_person, application_of, blocked_at, devices = row
    kept = json.loads(data) if isinstance(data, str) else data
    kept = kept if isinstance(kept, dict) else {}
    resources = kept.get("resources") or []
    return VerifiedToken(
        person_id=user_id or application_person,
        client_id=client_id,
        origin=resources[0] if len(resources) == 1 else "",
        scopes=frozenset(scopes.split()),
        expires_at=expires_at,
        authentication=from_json(kept.get(AUTHENTICATION)),
        application_of=application_of,
        family=UUID(kept[FAMILY]) if FAMILY in kept else None,
        token_hash=token_hash,
        blocked_at=frozenset(blocked_at or ()),
        devices=frozenset(devices or ()),
    )


def grant_refresh_token(*, person_id: UUID, client_id: str, authentication: Authentication) -> Granted:
    """Give a device its refresh token without a browser, after an enrollment code has been redeemed.

    It starts a family of its own; the issuer's token endpoint turns it into access tokens, one for each origin.
    """
    value = secrets.token_urlsafe(64)
    lifetime = int(settings.IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN)
    token = Token(
        type=Token.Type.REFRESH_TOKEN,
        hash=hash_of(value),
        client_id=client_id,
        user_id=person_id,
        expires_at=timezone.now() + timedelta(seconds=lifetime),
        data={FAMILY: str(uuid.uuid4()), AUTHENTICATION: authentication.as_json(), BEGAN: clock.now()},
    )
    token.set_scopes([clients.ACCESS])
    token.save()
    return Granted(refresh_token=value, expires_in=lifetime)
