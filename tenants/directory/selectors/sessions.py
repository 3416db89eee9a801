"""What a person is signed in with: browsers, and programs such as the command line that hold tokens.

A browser is one row for its session at the base domain together with those that were handed over from there to hosts of
organizations.  A program is the tokens that came out of one sign-in.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.db.models import Max
from django.utils import timezone

from tenants.directory.models import Device
from tenants.directory.session_limits import browsers_within, program_limits
from tenants.sign_on.services.sessions import BASE

DEVICES: Final = "devices"
"""The member of a session's data that names the devices which the browser is."""

BROWSER: Final = "browser"
"""The member of a session's data that names the browser by which the person is known."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One thing that a person is signed in with.

    ``described`` is how a browser describes itself, of a program the name of its device or else its own.  ``ip`` is
    where a browser signed in, "" for a program.  ``devices`` end together with it.  ``key`` is of the rows behind it
    and shown to nobody; ``id`` tells nothing about it.
    """

    id: UUID
    kind: Literal["browser", "program"]
    described: str
    ip: str
    since: datetime
    last_used: datetime
    devices: tuple[UUID, ...]
    key: str


def sessions_in_use(person_id: UUID) -> tuple[SessionFacts, ...]:
    """Return everything that the person is signed in with, what was used last at first."""
    found = [*_browsers(person_id), *_programs(person_id)]
    return tuple(sorted(found, key=lambda one: (one.last_used, one.id), reverse=True))


def _browsers(person_id: UUID) -> list[SessionFacts]:
    listed = list(UserSession.objects.filter(user_id=person_id))
    alive = browsers_within().filter(expire_date__gt=timezone.now(), person_id=person_id)
    rows = {row.session_key: row for row in alive.defer("sealed")}
    kept = {one.session_key: one for one in listed if one.session_key in rows}
    found = []
    for key, one in kept.items():
        if _base(one) in kept:
            continue
        together = [key, *(other for other, each in kept.items() if _base(each) == key)]
        found.append(
            SessionFacts(
                id=_opaque(key),
                kind="browser",
                described=one.user_agent,
                ip=one.ip,
                since=rows[key].signed_in_at,
                last_used=max(rows[each].used_at for each in together),
                devices=tuple(UUID(device) for device in _data(one).get(DEVICES, ())),
                key=key,
            )
        )
    return found


def _programs(person_id: UUID) -> list[SessionFacts]:
    tokens = Token.objects.filter(user_id=person_id)
    held = tokens.filter(type=Token.Type.REFRESH_TOKEN, expires_at__gt=timezone.now(), data__has_key="family")
    families = {str(row.data["family"]): row for row in held.select_related("client", "user").order_by("created_at")}
    if not families:
        return []
    used = dict(
        tokens.filter(data__family__in=list(families))
        .values_list("data__family")
        .annotate(at=Max("created_at"))
        .values_list("data__family", "at")
    )
    devices = {str(one.token_family): one for one in Device.objects.filter(token_family__in=list(families))}
    limits = program_limits(person_id)
    return [
        SessionFacts(
            id=_opaque(family),
            kind="program",
            described=devices[family].name if family in devices else str(row.client.name),
            ip="",
            since=_began(row),
            last_used=used.get(family, row.created_at),
            devices=(devices[family].id,) if family in devices and devices[family].revoked_at is None else (),
            key=family,
        )
        for family, row in families.items()
        if row.user.is_service or not limits.is_over(began=_began(row), used=row.created_at)
    ]


def _began(row: Token) -> datetime:
    """Return when a program was signed in; tokens that do not say so themselves are as old as they are."""
    data: Mapping[str, Any] = row.data
    at = data.get("began") or (data.get("authentication") or {}).get("at")
    return datetime.fromtimestamp(at, UTC) if at else row.created_at


def _base(one: UserSession) -> str:
    return str(_data(one).get(BASE) or "")


def _data(one: UserSession) -> Mapping[str, Any]:
    return one.data if isinstance(one.data, dict) else {}


def _opaque(key: str) -> UUID:
    return UUID(hashlib.sha256(b"chancery/v1/session-id\0" + key.encode()).hexdigest()[:32])
