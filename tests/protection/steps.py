"""What tests at the service have in common: protect, open, be refused, send anything, look into the ledger."""

import io
import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from audit.selectors.events import EventRow, Filter, events
from audit.selectors.pending_ledgers import unsealed
from chancery.objects.proof import Request, sign_proof
from chancery.sdk.errors import Refused
from chancery.sdk.licenses import Opening
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sealing.read import open_sealed
from protection.models import ServiceSettings, Tracking
from protection.tasks import seal_ledger
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.contract import check_exchange

RITA, MAX = "rita@fabrikam.example", "max@contoso.example"
CLIENT = Client()
"""One for all: each would make every middleware anew, which takes a tenth of a request."""


def protect(player: Player, source: Path, *grants: str, **options: Any) -> Protected:
    """Protect a copy of the source under a name of its own."""
    target = source.with_name(f"{secrets.token_hex(4)}-{source.name}.sealed")
    return player.session.protect(source, ProtectOptions(grants=grants, **options), target=target)


def opening(player: Player, sealed: Path) -> Opening:
    """Open a document as a program that shows it does; nothing is written."""
    return player.session.open_stream(sealed, io.BytesIO())


def content(player: Player, sealed: Path) -> bytes:
    """Return what a program that shows a document gets."""
    with player.session.reading(sealed) as found:
        return found.stream.read()


def rights(player: Player, sealed: Path) -> set[str]:
    return set(opening(player, sealed).rights)


def refusal(player: Player, sealed: Path) -> Refused:
    """Return the refusal of an opening, which gives nothing of the content."""
    shown = io.BytesIO()
    with pytest.raises(Refused) as refused:
        player.session.open_stream(sealed, shown)
    assert shown.getvalue() == b""
    return refused.value


def objects(sealed: Path) -> dict[str, str]:
    """Return publishing license and body seal of a file, as a license request sends them."""
    with open_sealed(sealed) as file:
        return {"publishing_license": file.publishing_license.token, "body_seal": file.body_seal.token}


def call(player: Player, slug: str, method: str, path: str, body: object = None, **more: Any) -> HttpResponse:
    """Send one API request to an organization as this person, with a device proof unless stated otherwise."""
    return send(player, origin_of(slug), method, f"/api/v1/{path}", body, **more)


def confirmed(
    player: Player, slug: str, method: str, path: str, body: dict[str, Any] | None = None, **more: Any
) -> HttpResponse:
    """Send a request that asks first, look at what it asks, and send it again confirmed and with a reason."""
    asked = problem(call(player, slug, method, path, body or {}, **more), 409, "confirmation_required")
    assert asked["consequences"]
    stated = {**(body or {}), "confirm": asked["confirm"]}
    if asked["reason_required"]:
        stated.setdefault("reason", "It has to be.")
    return call(player, slug, method, path, stated, **more)


def origin_of(slug: str) -> str:
    return f"http://{slug}.localhost:8000"


def token_of(player: Player, slug: str) -> str:
    return player.session.service._tokens.for_origin(player.session.account, origin_of(slug))


def send(
    player: Player,
    origin: str,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
    proof: str | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    data = b"" if body is None else json.dumps(body).encode()
    bearer = player.session.service._tokens.for_origin(player.session.account, origin) if token is None else token
    stated = proof_for(player, method, origin + path.partition("?")[0], bearer, data) if proof is None else proof
    CLIENT.cookies.clear()
    answer: HttpResponse = CLIENT.generic(  # type: ignore[assignment]  # the test client adds to the answer
        method,
        path,
        data=data,
        content_type="application/json",
        headers={
            "Host": urlsplit(origin).netloc,
            "Authorization": f"Bearer {bearer}",
            "Chancery-Proof": stated,
            **(headers or {}),
        },
    )
    check_exchange(method, path, data, answer)
    return answer


def proof_for(player: Player, method: str, url: str, token: str, body: bytes, *, iat: float | None = None) -> str:
    return sign_proof(
        Request(method=method, url=url, token=token, body=body),
        signer=player.session.account.signing,
        jti=uuid4(),
        iat=int(time.time() if iat is None else iat),
    )


def problem(answer: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """Return the members of a problem after checking that it is one, whole and of this code."""
    found: dict[str, Any] = json.loads(answer.content)
    assert (answer.status_code, found.get("code")) == (status, code), found
    assert answer["Content-Type"].startswith("application/problem+json")
    assert found["status"] == status
    assert found["type"] == f"/problems/{code}"
    assert found["title"]
    assert found["detail"]
    assert "next_step" in found
    assert found["correlation_id"] == answer["X-Correlation-Id"]
    return found


def ledger(cast: Cast, slug: str, *kinds: str, cid: UUID | None = None, outcome: str = "") -> list[EventRow]:
    """Return an organization's newest events first."""
    with in_organization(cast.organizations[slug].id):
        return list(events(filter=Filter(kinds=kinds, content_id=cid, outcome=outcome), limit=200).events)


def number_events(cast: Cast, slug: str) -> None:
    """Let an organization's ledger number what happened; another test's transaction can hold that up for a moment."""
    organization, until = cast.organizations[slug], time.monotonic() + 60
    seal_ledger(str(organization.id))
    while unsealed([organization.schema_name]):
        assert time.monotonic() < until, "nothing is numbered any more"
        time.sleep(0.02)
        seal_ledger(str(organization.id))


def watched(cast: Cast, slug: str, *kinds: str) -> Callable[[], list[EventRow]]:
    """Return a function that returns the events that came since."""
    before = {event.id for event in ledger(cast, slug, *kinds)}
    return lambda: [event for event in ledger(cast, slug, *kinds) if event.id not in before]


def shows_names(cast: Cast, slug: str = "contoso") -> None:
    """Let an organization show names again and hide no group, for which people need an auditor."""
    with in_organization(cast.organizations[slug].id):
        ServiceSettings.objects.update(tracking=Tracking.NAMED, untracked_group=None)


class Later:
    """The clock of the client's list, ahead by some seconds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def time(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def time_ns(self) -> int:
        return time.time_ns()
