"""A lost device: it ends at once, tells whoever uses it, and its person goes on with another one."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from chancery.sdk.errors import NotSignedIn
from portal import clock
from tenants.directory.models import Device, LossCode
from tests.cast import BASE, Cast, Player
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser, sign_in_by_code
from tests.protection.steps import call, confirmed, ledger, problem, protect, refusal, rights, send


@pytest.fixture(autouse=True)
def _no_guesses_before() -> None:
    cache.clear()


@pytest.fixture
def nina(cast: Cast) -> Player:
    """Return a new member of Contoso with a device."""
    name = f"nina{uuid4().hex[:8]}"
    return cast.enroll(name, cast.join(name, "contoso").id, f"{name}@contoso.example")


def device(player: Player) -> str:
    return str(player.session.account.device)


def anybody(path: str, **body: Any) -> HttpResponse:
    """Send a request of somebody who is not signed in."""
    answer = Client().post(path, body, "application/json", headers={"Host": "localhost:8000"})
    found: HttpResponse = answer  # type: ignore[assignment]  # the test client adds to the answer
    return found


def code_for(cast: Cast, player: Player) -> str:
    answer = confirmed(cast.ada, "contoso", "POST", f"people/{player.id}/loss-code", {"reason": "He called"})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["code"])


def test_a_lost_device_ends_and_says_so_and_the_next_one_opens_the_same_files(
    cast: Cast, nina: Player, plan: Path
) -> None:
    kept = protect(cast.olga, plan, f"{nina.address}:VIEW", offline_days=3)
    assert rights(nina, kept.path) == {"VIEW"}
    other = cast.enroll(f"phone{uuid4().hex[:8]}", nina.id, nina.address)
    path = f"/api/v1/devices/{device(nina)}/lost"
    asked = problem(send(other, BASE, "POST", path, {}), 409, "confirmation_required")
    assert any("can be opened until" in one for one in asked["consequences"])
    mail.outbox.clear()
    assert send(other, BASE, "POST", path, {"confirm": asked["confirm"]}).json()["changed"]
    (told,) = (one for one in mail.outbox if one.to == [nina.address])
    assert "chancery login --host" in told.body
    for _attempt in range(2):
        with pytest.raises(NotSignedIn) as refused:
            nina.session.service._tokens.for_origin(nina.session.account, "http://fabrikam.localhost:8000")
        assert "was reported lost" in str(refused.value)
        assert "chancery login" in str(refused.value.next_step)
    with pytest.raises(NotSignedIn):
        nina.session.organization(cast.organizations["contoso"].id).feed(newest=True)
    fresh = protect(cast.olga, plan, f"{nina.address}:VIEW", offline_days=0)
    assert refusal(nina, fresh.path).reason == "device_revoked"
    assert rights(other, kept.path) == {"VIEW"}, "files need nothing: the other device gets a license of its own"
    (event,) = ledger(cast, "contoso", "device.lost")[:1]
    assert event.personal["recipient"] == nina.address
    assert not send(other, BASE, "POST", path, {"confirm": asked["confirm"]}).json()["changed"]


def test_it_takes_a_fresh_sign_in(cast: Cast, nina: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    other = cast.enroll(f"phone{uuid4().hex[:8]}", nina.id, nina.address)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 700)
    refused = send(other, BASE, "POST", f"/api/v1/devices/{device(nina)}/lost", {"confirm": "x"})
    problem(refused, 403, "fresh_sign_in_required")
    assert Device.objects.get(id=device(nina)).revoked_at is None


def test_the_browser_that_was_the_device_is_signed_out_too(cast: Cast, nina: Player) -> None:
    lost, here = Browser(), Browser()
    sign_in_by_code(lost, nina.address)
    sign_in_by_code(here, nina.address)
    asks = {"origin": BASE, "device": device(nina)}
    assert lost.post("/browser/token/", asks, content_type="application/json").status_code == 200
    page = here.get("/accounts/sessions/").content.decode()
    assert "I lost it" in page
    asked = here.get(f"/devices/{device(nina)}/lost/")
    assert "Your files need nothing" in asked.content.decode()
    name = Device.objects.get(id=device(nina)).name
    assert here.post(f"/devices/{device(nina)}/lost/", {"confirm": name}).status_code == 302
    assert Device.objects.get(id=device(nina)).lost_at
    assert lost.get("/accounts/sessions/").status_code == 302
    assert here.get("/accounts/sessions/").status_code == 200


def test_who_cannot_sign_in_reports_it_with_a_code_that_does_nothing_else(cast: Cast, nina: Player) -> None:
    path = f"people/{nina.id}/loss-code"
    asked = problem(call(cast.ada, "contoso", "POST", path, {}), 409, "confirmation_required")
    assert asked["reason_required"]
    mail.outbox.clear()
    code = code_for(cast, nina)
    (told,) = (one for one in mail.outbox if one.to == [nina.address])
    assert code not in told.body
    event = ledger(cast, "contoso", "loss_code.issued")[0]
    assert (event.details["reason"], event.personal["recipient"]) == ("He called", nina.address)
    assert anybody("/api/v1/enrollments", code=code).status_code == 400, "it enrolls no device"
    named = {"address": nina.address, "code": code.lower().replace("-", "")}
    (found,) = anybody("/api/v1/loss-code/devices", **named).json()["results"]
    assert found["id"] == device(nina)
    report = f"/api/v1/loss-code/devices/{found['id']}/lost"
    assert anybody(report, **named).status_code == 409
    assert anybody(report, **named, confirm=found["name"]).json()["changed"]
    assert Device.objects.get(id=found["id"]).lost_at
    assert anybody("/api/v1/loss-code/devices", **named).status_code == 400, "once"
    assert anybody(report, **named, confirm=found["name"]).status_code == 400


def test_a_code_is_one_person_s_for_a_quarter_of_an_hour(cast: Cast, nina: Player) -> None:
    code = code_for(cast, nina)
    list_of = "/api/v1/loss-code/devices"
    assert anybody(list_of, address=cast.olga.address, code=code).status_code == 400
    stolen = f"{list_of}/{device(cast.olga)}/lost"
    assert anybody(stolen, address=nina.address, code=code, confirm="x").status_code == 404, "another's device"
    later = code_for(cast, nina)
    assert anybody(list_of, address=nina.address, code=code).status_code == 400, "the newest one alone"
    LossCode.objects.filter(person_id=nina.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert anybody(list_of, address=nina.address, code=later).status_code == 400


def test_guesses_are_counted(nina: Player) -> None:
    wrong = {"address": nina.address, "code": "2222-2222-2222-2222"}
    answers = [anybody("/api/v1/loss-code/devices", **wrong).status_code for _ in range(12)]
    assert answers == [400] * 10 + [429] * 2


def test_only_who_manages_the_account_gives_a_code(cast: Cast, nina: Player) -> None:
    path = f"people/{nina.id}/loss-code"
    assert call(cast.olga, "contoso", "POST", path, {}).status_code == 403
    assert call(cast.rita, "fabrikam", "POST", path, {}).status_code == 404


def test_the_pages_of_who_gives_it_and_who_has_it(cast: Cast, nina: Player) -> None:
    ada = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    page = ada.get(f"/people/{nina.id}/").content.decode()
    assert "Code for a lost device" in page
    url = f"/people/{nina.id}/loss-code/"
    assert "Make sure that you speak to the person" in ada.post(url).content.decode()
    shown = ada.post(url, {"confirm": nina.address, "reason": "A call"}).content.decode()
    code = re.search(r"[2-9B-Z]{4}(?:-[2-9B-Z]{4}){3}", shown)
    assert code is not None
    stranger = Browser()
    assert "You cannot sign in" in stranger.get("/devices/lost/").content.decode()
    named = {"address": nina.address, "code": code[0]}
    assert "This code is not valid" in stranger.post("/devices/lost/", {**named, "code": "X"}).content.decode()
    assert device(nina) in stranger.post("/devices/lost/", named).content.decode()
    asked = stranger.post(f"/devices/lost/{device(nina)}/", named).content.decode()
    assert "It is lost" in asked
    name = Device.objects.get(id=device(nina)).name
    assert stranger.post(f"/devices/lost/{device(nina)}/", {**named, "confirm": name}).status_code == 302
    assert Device.objects.get(id=device(nina)).lost_at
    assert stranger.get("/accounts/sessions/").status_code == 302, "nobody is signed in by that"
