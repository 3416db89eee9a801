"""What may be exchanged for tokens, once: codes of clients and devices, and refresh tokens (RFC 6749, 10.5; RFC 9700).

A code is used up by the first try, right or wrong.  Whatever comes back a second time was copied, and ends everything
that came out of the same sign-in.  A code is good only for the person's access of its own moment: when that has ended
since, by disabling or by a fresh start, the code is worth nothing.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from allauth.idp.oidc.internal.oauthlib import authorization_codes, device_codes
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from chancery.errors import ChanceryError
from portal import clock
from portal.identity import tokens
from portal.identity.proof import prove
from portal.identity.strength import NEVER, Authentication, from_json, of_session
from tenants.directory.access import end_family
from tenants.directory.models import Device, Person, SpentSecret
from tenants.directory.session_limits import program_limits
from tenants.sign_on.services.sessions import is_over

BESIDE: Final = "chancery"
GENERATION: Final = "generation"


LOST: Final = "device_lost"
"""What a device is told that was reported lost, as ``error_description``: only who holds its last token hears it."""


class GrantRefused(Exception):
    """The code or token is not exchanged; ``error`` is the word of RFC 6749 or RFC 8628."""

    def __init__(self, error: str = "invalid_grant", why: str = "") -> None:
        super().__init__(error)
        self.error, self.why = error, why


@dataclass(frozen=True, slots=True)
class Inherited:
    """What new tokens take over from the code or token they are exchanged for."""

    family: UUID
    authentication: Authentication
    spent: Token | None = None
    retried: str = ""
    """The hash of a device code, which its device asks with again when it was too early."""
    began: int = field(default_factory=clock.now)
    """When the sign-in was made, in seconds since 1970."""
    ends: datetime | None = None
    """When the sign-in is over however it is used, where that is limited."""
    person: Person | None = None
    """Whose code it was, of a code of a client alone."""


def of_session_with_generation(request: HttpRequest) -> dict[str, Any]:
    """Return what is kept beside a code: how the person was signed in, and the generation of their access."""
    generation = Person.objects.values_list("access_generation", flat=True).get(pk=request.user.pk)
    return of_session(request).as_json() | {GENERATION: generation}


def is_current(kept: dict[str, Any], person_id: object) -> bool:
    """Tell whether nothing has ended the person's access since the code was made."""
    beside = kept.get(BESIDE) or {}
    if beside.get("by") and is_over(UUID(beside["by"])):
        return False
    generation = beside.get(GENERATION)
    return Person.objects.filter(pk=person_id, is_active=True, access_generation=generation).exists()


def inherited(request: HttpRequest) -> Inherited:
    """Return what the new tokens of this request take over.  Raises GrantRefused."""
    fields = request.POST
    match fields.get("grant_type"):
        case Client.GrantType.REFRESH_TOKEN:
            return _of_refresh_token(request, fields.get("refresh_token", ""))
        case Client.GrantType.AUTHORIZATION_CODE:
            code = fields.get("code", "")
            kept = authorization_codes.lookup(fields.get("client_id", ""), code) if code else None
            taken = _spent(_hash("authorization", code), kept, "sub")
            return replace(taken, person=None if kept is None else Person.objects.filter(pk=kept["sub"]).first())
        case Client.GrantType.DEVICE_CODE:
            return _of_device_code(fields.get("device_code", ""))
        case _:
            return Inherited(uuid.uuid4(), NEVER)


def forgive(taken: Inherited) -> None:
    """Let a device ask again with its code: it had come too early, or not by itself, and got nothing."""
    if taken.retried:
        SpentSecret.objects.filter(token_hash=taken.retried).delete()


def remember_exchange(taken: Inherited) -> None:
    """Keep the hash of the refresh token that was exchanged."""
    if taken.spent is not None and taken.spent.user_id is not None:
        _remember(taken.spent.hash, taken.family, taken.spent.user_id)


def _of_device_code(code: str) -> Inherited:
    kept = cache.get(device_codes.cache_device_code_key(code)) if code else None
    if kept is not None and kept.get("granted") is not True:
        return Inherited(uuid.uuid4(), NEVER)
    if kept is not None and BESIDE not in kept:
        # Confirmed this very moment; how the person is signed in is being written down.
        raise GrantRefused("authorization_pending")
    hashed = _hash("device", code)
    taken = _spent(hashed, kept, "user")
    return Inherited(taken.family, taken.authentication, retried=hashed)


def _spent(hashed: str, kept: dict[str, Any] | None, person: str) -> Inherited:
    """Use a code up; of two requests with one code the second waits here and finds that it is the second."""
    family = uuid.uuid4()
    if kept is None or not _remember(hashed, family, UUID(str(kept[person]))):
        _end_what_it_gave(SpentSecret.objects.filter(token_hash=hashed).first())
        raise GrantRefused
    if not is_current(kept, kept[person]):
        raise GrantRefused
    return Inherited(family, from_json(kept[BESIDE]))


def _of_refresh_token(request: HttpRequest, value: str) -> Inherited:
    """Look at the refresh token before it is exchanged; the row is locked, so two exchanges follow each other.

    The device of the token is locked first, as it is when it is revoked: the revocation then finds what came out of an
    exchange under way, and an exchange that waited finds nothing.  Of a token that was exchanged before, somebody holds
    a copy; the exception is a device that lost the answer.
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
        ends = _ends(row, family)
        return Inherited(family, from_json(data.get(tokens.AUTHENTICATION)), spent=row, began=_began(row), ends=ends)
    spent = SpentSecret.objects.filter(token_hash=token_hash).first()
    if spent is None:
        return Inherited(uuid.uuid4(), NEVER)
    if Device.objects.filter(token_family=spent.family, lost_at__isnull=False).exists():
        raise GrantRefused(why=LOST)
    restored = _restored(request, spent, value)
    if restored is None:
        _end_what_it_gave(spent)
        raise GrantRefused
    return restored


def _restored(request: HttpRequest, spent: SpentSecret, value: str) -> Inherited | None:
    """Take back the last exchange for the device of the family that did not get its answer, or return None.

    It counts only while the successor was never exchanged, and with a proof by the key of the very device: who holds a
    copy of the token alone does not have that.  The successor is spent from then on, so a client that holds it and
    shows it ends the family.
    """
    newest = SpentSecret.objects.filter(family=spent.family).order_by("-expires_at").first()
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
    _remember(row.hash, spent.family, spent.person_id)
    row.hash = spent.token_hash
    row.save(update_fields=["hash"])
    spent.delete()
    ends = _ends(row, spent.family)
    return Inherited(
        spent.family, from_json(row.data.get(tokens.AUTHENTICATION)), spent=row, began=_began(row), ends=ends
    )


def _began(row: Token) -> int:
    """Return when the sign-in of a refresh token was made; older tokens say that by how it was made alone."""
    data = row.data if isinstance(row.data, dict) else {}
    known = data.get(tokens.BEGAN) or from_json(data.get(tokens.AUTHENTICATION)).at
    return int(known or row.created_at.timestamp())


def _ends(row: Token, family: UUID) -> datetime | None:
    """Return when a sign-in is over by the limits of its person's organizations; None for an application's.

    Raises GrantRefused for one that is over now, which ends.
    """
    if row.user_id is None or Person.objects.filter(pk=row.user_id, is_service=True).exists():
        return None
    limits, began = program_limits(row.user_id), datetime.fromtimestamp(_began(row), UTC)
    if limits.is_over(began=began, used=row.created_at):
        end_family(row.user_id, family)
        tokens.forget()
        raise GrantRefused
    return began + limits.longest


def _end_what_it_gave(spent: SpentSecret | None) -> None:
    """End a family of which somebody holds a copy, thief's and owner's tokens alike."""
    if spent is not None:
        end_family(spent.person_id, spent.family)
        tokens.forget()


def _remember(hashed: str, family: UUID, person_id: UUID) -> bool:
    """Write that a secret is spent; return whether it was not before."""
    lifetime = timedelta(seconds=settings.IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN)
    values = {"family": family, "person_id": person_id, "expires_at": timezone.now() + lifetime}
    _row, created = SpentSecret.objects.get_or_create(token_hash=hashed, defaults=values)
    return created


def _hash(kind: str, code: str) -> str:
    return tokens.hash_of(f"{kind}:{code}")
