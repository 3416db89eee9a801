"""Assertions: an application signs in by what its private key signed (RFC 7523, 2.2 and 3; docs/protocol.md P33).

It names itself, this installation and a moment, and is good once.  State is in the database, so a second use is noticed
by whatever process sees it.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from chancery.errors import ChanceryError
from portal import clock
from portal.identity.public_keys import ALGORITHMS, keys_at, usable_algorithms
from tenants.directory.models import SpentSecret
from tenants.directory.selectors.credentials import SignInWay, keys_kept
from tenants.directory.services.application_credentials import keep_keys

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECONDS: Final = 300
"""How far ahead an assertion may end."""
SKEW: Final = 60
"""How many seconds the application's clock may differ from ours."""
MOST_BYTES: Final = 16_000
_MOST_ID: Final = 200
READ_AGAIN: Final = timedelta(hours=1)
"""After what time keys at an address are read again, so that one that was taken away there ends here, too."""
GRACE: Final = timedelta(minutes=10)
"""How much longer the keys of the last reading count while another process reads them again."""
_READ_EVERY: Final = 60
"""Seconds between two readings where an assertion names a key that is not known."""
_READING, _FAILED = 1, 2
"""What the cache keeps of the last reading: that it was begun, or that it failed."""


class ClientRefused(Exception):
    """The application is not signed in; the text, in English, says what is wrong (RFC 6749, 5.2)."""


class _Unreadable(Exception):
    """The keys at an address cannot be read, and those of the last reading are too old."""


def token_endpoint() -> str:
    """Return the address of the token endpoint, which an assertion may name as its audience."""
    return f"{settings.CHANCERY_BASE_URL}{reverse('issuer_token', urlconf='portal.urls_base')}"


def client_named(assertion: str) -> str:
    """Return which client an assertion claims to be of, before anything is believed.  Raises ClientRefused."""
    if len(assertion) > MOST_BYTES:
        raise ClientRefused("The assertion is too long.")
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise ClientRefused("The assertion is not a signed JWT.") from error
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or issuer != claims.get("sub"):
        raise ClientRefused("The assertion's iss and sub must both be the client id.")
    return issuer


def way_of(assertion: str, *, client_id: str, person_id: UUID, ways: Sequence[SignInWay]) -> SignInWay:
    """Return the keys by which an assertion signs an application in, and use it up.  Raises ClientRefused."""
    header, unreadable = _header(assertion), None
    for way in ways:
        if way.kind == "secret":
            continue
        try:
            claims = _claims_by(assertion, header, client_id, way)
        except _Unreadable as error:
            # One of its other keys may have signed.
            unreadable = error
            continue
        if claims is not None:
            _use_up(claims, client_id, person_id)
            return way
    if unreadable is not None:
        raise ClientRefused("The application's keys cannot be read at their address.") from unreadable
    raise ClientRefused("The assertion is not signed by a key of this application.")


def _header(assertion: str) -> Mapping[str, Any]:
    header = jwt.get_unverified_header(assertion)
    if header.get("alg") not in ALGORITHMS:
        raise ClientRefused(f"The assertion must be signed by one of {', '.join(ALGORITHMS)}.")
    if "crit" in header:
        raise ClientRefused("The assertion's header names crit, which is not supported.")
    return header


def _claims_by(assertion: str, header: Mapping[str, Any], client_id: str, way: SignInWay) -> dict[str, Any] | None:
    """Return the claims when a key of this credential signed them; None when none did.

    Raises ClientRefused and _Unreadable.
    """
    keys = _fitting(way.keys, header)
    if way.keys_url and (not keys or way.read_at is None or timezone.now() - way.read_at > READ_AGAIN):
        keys = _fitting(_read(way), header)
    for key in keys:
        try:
            return _believed(assertion, jwt.PyJWK(key, algorithm=header["alg"]), str(header["alg"]), client_id)
        except jwt.InvalidSignatureError:
            continue
    return None


def _fitting(keys: Mapping[str, Any], header: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        dict(one)
        for one in keys.get("keys", [])
        if header["alg"] in usable_algorithms(one)
        and ("kid" not in header or "kid" not in one or one["kid"] == header["kid"])
    ]


def _read(way: SignInWay) -> Mapping[str, Any]:
    """Return the keys at the address of a credential, read again unless that was just now.

    Raises _Unreadable where the last reading is too old and there is no new one: a key that was taken away there must
    not go on here.  While another process reads, the last reading counts a little longer, so that not everybody who
    comes in these seconds is refused.
    """
    mark = f"application-keys:{way.id}"
    if cache.add(mark, _READING, timeout=_READ_EVERY):
        try:
            found = keys_at(way.keys_url)
        except ChanceryError as error:
            cache.set(mark, _FAILED, timeout=_READ_EVERY)
            if way.read_at is None or timezone.now() - way.read_at > READ_AGAIN:
                raise _Unreadable from error
            return way.keys
        keep_keys(way.id, found)
        return found
    # Read again: the other process may have found by now that a key was taken away.
    kept = keys_kept(way.id)
    longest = READ_AGAIN if cache.get(mark) == _FAILED else READ_AGAIN + GRACE
    if kept is None or kept.read_at is None or timezone.now() - kept.read_at > longest:
        raise _Unreadable
    return kept.keys


def _believed(assertion: str, key: jwt.PyJWK, algorithm: str, client_id: str) -> dict[str, Any]:
    """Return the claims of an assertion, checked.  Raises InvalidSignatureError and ClientRefused."""
    audiences = (token_endpoint(), str(settings.CHANCERY_BASE_URL))
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key,
            algorithms=[algorithm],
            audience=audiences,
            issuer=client_id,
            leeway=SKEW,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
        )
    except jwt.InvalidSignatureError:
        raise
    except jwt.InvalidAudienceError as error:
        raise ClientRefused("The assertion's aud must be the token endpoint or the issuer.") from error
    except jwt.ExpiredSignatureError as error:
        raise ClientRefused("The assertion has expired.") from error
    except jwt.MissingRequiredClaimError as error:
        raise ClientRefused(f"The assertion names no {error.claim}.") from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise ClientRefused("The assertion is not valid.") from error
    named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not set(named) <= set(audiences):
        raise ClientRefused("The assertion is for others as well.")
    if claims["exp"] > clock.now() + SECONDS + SKEW:
        raise ClientRefused(f"The assertion must end within {SECONDS} seconds.")
    if not isinstance(claims["jti"], str) or not 0 < len(claims["jti"]) <= _MOST_ID:
        raise ClientRefused(f"The assertion's jti must have 1 to {_MOST_ID} characters.")
    return claims


def _use_up(claims: Mapping[str, Any], client_id: str, person_id: UUID) -> None:
    """Keep that an assertion was used; of two that come at once the second one waits here and is refused."""
    hashed = hashlib.sha256(f"assertion:{client_id}:{claims['jti']}".encode()).hexdigest()
    until = datetime.fromtimestamp(claims["exp"] + 2 * SKEW, UTC)
    values = {"family": uuid.uuid4(), "person_id": person_id, "expires_at": until}
    _row, created = SpentSecret.objects.get_or_create(token_hash=hashed, defaults=values)
    if not created:
        raise ClientRefused("The assertion was used before.")
