"""Signing in again, full disks and lost answers: nothing of another device is used, and no sign-in is lost."""

import errno
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from chancery.sdk import signin
from chancery.sdk.account import Tokens, load
from chancery.sdk.errors import NotSignedIn, Refused, ServiceError, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from chancery.sealing import atomic
from protection.models import Content
from tenants.context import in_schema
from tenants.directory.selectors.devices import devices_of
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.directory.services.revoke_device import revoke_device
from tenants.organizations.services.activate_service import activate_service
from tenants.organizations.services.deactivate_service import deactivate_service
from tests.cast import ACTOR, BASE, Cast, InProcess, Player
from tests.protection.steps import RITA, call, protect, rights


def test_signing_in_again_uses_nothing_of_the_device_before(cast: Cast, plan: Path) -> None:
    olga = cast.join("oda", "contoso")
    protect(olga, plan)
    former = olga.session.account
    again = cast.enroll("oda", olga.id, olga.address)
    assert again.session.account.device != former.device
    with pytest.raises(Unreachable):
        again.offline().protect(plan, ProtectOptions(), target=plan.with_name("lost.sealed"))
    assert not plan.with_name("lost.sealed").exists()
    sealed = protect(again, plan, f"{RITA}:VIEW")
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    away = again.offline().protect(plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=plan.with_name("away.sealed"))
    assert rights(cast.rita, away.path) == {"VIEW"}


def test_the_device_before_is_revoked_and_what_it_had_waiting_is_sent(cast: Cast, plan: Path) -> None:
    first = cast.join("odette", "contoso")
    protect(first, plan)
    away = first.offline().protect(plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=plan.with_name("away.sealed"))
    former = str(first.session.account.device)
    again = cast.enroll("odette", first.id, first.address)
    devices = again.session.service.call("GET", BASE, "/api/v1/devices")["results"]
    assert {one["id"] for one in devices if one["revoked_at"] is None} == {str(again.session.account.device)}
    assert former in {one["id"] for one in devices}
    assert not [name for group in again.session.home.groups() for name in again.session.home.names(group)
                if group.startswith(("waiting-", "replaced"))]  # fmt: skip
    assert rights(cast.rita, away.path) == {"VIEW"}


def test_what_an_organization_does_not_take_now_keeps_no_device_alive(cast: Cast, plan: Path) -> None:
    person, contoso = cast.join("odile", "contoso"), cast.organizations["contoso"].id
    protect(person, plan)
    person.offline().protect(plan, ProtectOptions(), target=plan.with_name("waits.sealed"))
    former = person.session.account
    deactivate_service(organization_id=contoso, reason="holidays", actor=ACTOR)
    try:
        why = signin.retire(person.session.home, person.http, former, Tokens(person.session.home, person.http, BASE))
    finally:
        activate_service(organization_id=contoso, actor=ACTOR)
    assert (why, person.session.home.names(f"waiting-{contoso}")) != ("", [])
    (device,) = [one for one in devices_of(person.id) if one.id == former.device]
    assert (why, device.revoked_at is not None) == ("", True)


def test_a_certificate_of_another_device_is_passed_over_even_under_the_right_name(cast: Cast, plan: Path) -> None:
    protect(cast.olga, plan)
    protect(cast.max, plan)
    place, other = cast.olga.session.own_organization(), cast.max.session.own_organization()
    record = other.home.read(other._record("publishing")) or {}
    place.home.write(place._record("publishing"), record)
    with pytest.raises(Unreachable):
        cast.olga.offline().protect(plan, ProtectOptions(), target=plan.with_name("foreign.sealed"))
    assert rights(cast.rita, protect(cast.olga, plan, f"{RITA}:VIEW").path) == {"VIEW"}


def test_a_sign_in_that_was_killed_is_finished_by_the_next_run(cast: Cast) -> None:
    person = cast.join("killed", "contoso")
    http, home = InProcess(), Home(cast.folder / "killed-home", use_key_ring=False)
    installation = signin.discover(http, BASE)
    tokens = signin.sign_in_by_code(http, installation, issue_enrollment_code(person_id=person.id, actor=ACTOR))
    keep = home.remove
    home.remove = lambda name: None  # type: ignore[method-assign]  # the run ends here
    http.cut.add("/api/v1/devices")
    with pytest.raises(Unreachable):
        signin.enroll(home, http, installation, tokens)
    home.remove = keep  # type: ignore[method-assign]
    with pytest.raises(NotSignedIn):
        load(home)
    http.cut.clear()
    (said,) = signin.recover(home, http, online=True)
    assert person.address in said
    assert load(home).address == person.address
    assert signin.recover(home, http, online=True) == []


# --- refresh tokens -----------------------------------------------------------------------------------------------


class LosesAnswers(InProcess):
    """A network that delivers what is asked of the token endpoint and loses the answer."""

    losing = False

    def ask(self, method: str, url: str, *, body: bytes | None = None, headers: Any = None) -> Any:
        answer = super().ask(method, url, body=body, headers=headers)
        if self.losing and url.endswith("/token"):
            raise Unreachable("the answer is lost")
        return answer


def lossy(player: Player) -> tuple[Session, LosesAnswers]:
    http = LosesAnswers()
    return Session(player.session.home, player.session.account, http), http


def test_a_device_that_lost_the_answer_of_an_exchange_goes_on(cast: Cast) -> None:
    player = cast.join("lossy", "contoso")
    session, http = lossy(player)
    http.losing = True
    for _ in range(3):
        with pytest.raises(Unreachable):
            session.service.call("GET", BASE, "/api/v1/me")
    http.losing = False
    assert session.service.call("GET", BASE, "/api/v1/me")["email"] == player.address


def test_a_copied_spent_token_without_the_device_key_ends_the_family(cast: Cast) -> None:
    player = cast.join("copied", "contoso")
    account, home = player.session.account, player.session.home
    name = Tokens(home, player.http, account.iss)._name
    copied = home.read(name) or {}
    player.session.service.call("GET", BASE, "/api/v1/me")
    form = f"grant_type=refresh_token&refresh_token={copied['refresh']}&client_id={account.client_id}&resource={BASE}"
    with pytest.raises(ServiceError) as refused:
        player.http.send("POST", account.token_endpoint, body=form.encode(),
                         headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert refused.value.problem == "invalid_grant"
    with pytest.raises(NotSignedIn):
        Tokens(home, player.http, account.iss).for_origin(account, BASE, fresh=True)


def test_two_exchanges_back_is_a_copy_even_with_the_device_key(cast: Cast) -> None:
    player = cast.join("older", "contoso")
    account, home = player.session.account, player.session.home
    tokens = Tokens(home, player.http, account.iss)
    old = home.read(tokens._name) or {}
    tokens.for_origin(account, BASE, fresh=True)
    tokens.for_origin(account, BASE, fresh=True)
    home.write(tokens._name, {**old, "access": {}})
    with pytest.raises(NotSignedIn):
        tokens.for_origin(account, BASE, fresh=True)


# --- full disks ---------------------------------------------------------------------------------------------------


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch, *, after: int = 0) -> Iterator[None]:
    """Let every write of a file after the first few fail, at the lowest layer that all of them go through."""
    write, written = atomic.SteadyFile.write, count()

    def refuse(self: atomic.SteadyFile, data: Any) -> int:
        if next(written) < after:
            return write(self, data)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(atomic.SteadyFile, "write", refuse)
        yield


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_a_full_disk_spends_no_token_and_leaves_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    player = cast.join("full", "contoso")
    folder = player.session.home._folder
    before = everything_in(folder)
    with full_disk(monkeypatch), pytest.raises(OSError, match="No space"):
        player.session.service.call("GET", BASE, "/api/v1/me")
    assert everything_in(folder) == before
    assert not [path for _, path in player.http.sent if path.endswith("/token")][1:], "nothing was exchanged"
    assert player.session.service.call("GET", BASE, "/api/v1/me")["email"] == player.address


@pytest.mark.parametrize("after", range(6))
def test_a_disk_that_fills_up_during_a_sign_in_costs_neither_sign_in(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Either the sign-in of before goes on, or the next run finishes the new one."""
    player = cast.join(f"filling-{after}", "contoso")
    home, http = player.session.home, InProcess()
    installation = signin.discover(http, BASE)
    tokens = signin.sign_in_by_code(http, installation, issue_enrollment_code(person_id=player.id, actor=ACTOR))
    with full_disk(monkeypatch, after=after):
        with suppress(OSError):
            signin.enroll(home, http, installation, tokens)
        signin.recover(home, http, online=True)
    signin.recover(home, http, online=True)
    session = Session(home, load(home, BASE), http)
    assert session.service.call("POST", BASE, f"/api/v1/devices/{session.account.device}/certificate", {})
    assert (home.names("enrolling"), home.names("replaced")) == ([], [])


def test_room_that_a_killed_exchange_took_is_given_back(cast: Cast) -> None:
    home = cast.rita.session.home
    old, new = (home._folder / "tokens" / f".chancery-{name}.part" for name in ("old", "new"))
    for part in (old, new):
        part.write_bytes(bytes(4096))
    os.utime(old, (time.time() - 2 * 86_400,) * 2)
    cast.rita.session.service._tokens.for_origin(cast.rita.session.account, BASE, fresh=True)
    assert (old.exists(), new.exists()) == (False, True), "the other one may belong to a process that still writes"
    new.unlink()


def test_a_home_that_was_begun_on_a_full_disk_is_made_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with full_disk(monkeypatch), pytest.raises(OSError, match="No space"):
        Home(tmp_path / "home", use_key_ring=False)
    assert everything_in(tmp_path) == set()
    home = Home(tmp_path / "home", use_key_ring=False)
    home.write("one", {"it": "works"})
    assert Home(tmp_path / "home", use_key_ring=False).read("one") == {"it": "works"}


@pytest.mark.parametrize("damage", [b"", b"AAAA", b"not a key at all", b"\xff" * 44])
def test_a_damaged_local_key_is_made_anew_and_reported(tmp_path: Path, damage: bytes) -> None:
    Home(tmp_path, use_key_ring=False).write("one", {"it": "is lost"})
    (tmp_path / "local.key").write_bytes(damage)
    (tmp_path / "local.key").chmod(0o600)
    home = Home(tmp_path, use_key_ring=False)
    assert "sign in again" in str(home.repaired)
    assert home.read("one") is None
    home.write("one", {"it": "works"})
    again = Home(tmp_path, use_key_ring=False)
    assert (again.repaired, again.read("one")) == (None, {"it": "works"})


# --- people who left ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("withdrawal", ["person", "device"])
def test_a_device_that_was_refused_uses_nothing_it_keeps_without_a_lease(
    cast: Cast, plan: Path, withdrawal: str
) -> None:
    contoso = cast.organizations["contoso"].id
    player = cast.join(f"leaver-{withdrawal}", "contoso")
    protect(player, plan)
    own = player.offline().protect(plan, ProtectOptions(), target=plan.with_name("own.sealed")).path
    kept = protect(cast.olga, plan, f"{player.address}:VIEW", offline_days=7).path
    rights(player, kept)
    if withdrawal == "person":
        disable_person(organization_id=contoso, person_id=player.id, reason="left", actor=ACTOR)
    else:
        revoke_device(person_id=player.id, device_id=player.session.account.device, actor=ACTOR)
    fresh = Session(player.session.home, player.session.account, player.http)
    for sealed in (own, kept):
        with pytest.raises((NotSignedIn, Refused)):
            fresh.open_stream(sealed, io.BytesIO())
    for sealed in (own, kept):
        with pytest.raises(Unreachable):
            player.offline().open_stream(sealed, io.BytesIO())
    assert not list(plan.parent.glob("*.out"))


def test_the_latest_moment_counts_the_license_that_a_publisher_keeps(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    shown = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}").json()
    certificate = cast.olga.session.own_organization().publishing().certificate
    ends = datetime.fromisoformat(shown["latest_offline_moment"]).timestamp()
    assert ends >= certificate.exp - 1


REVOKED = {"reason": "sent by mistake", "confirm": "plan.txt"}


def test_what_was_taken_back_ends_with_the_lease_not_with_what_the_publisher_keeps(cast: Cast, plan: Path) -> None:
    never = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    days = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=20)
    for sealed in (never, days):
        rights(cast.rita, sealed.path)
        call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", REVOKED)
    assert end_of(cast, never) is None, "a revocation leaves the publisher their own license"
    shown = end_of(cast, days)
    assert shown is not None
    assert shown - time.time() <= 86_400 + 61, "that is how long a device goes without hearing from the service"


def test_the_end_of_what_was_taken_back_does_not_move_on(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=20)
    rights(cast.rita, sealed.path)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", REVOKED)
    assert end_of(cast, sealed) is not None
    two_days_ago = timezone.now() - timedelta(days=2)
    with in_schema(cast.organizations["contoso"].schema_name):
        Content.objects.filter(cid=sealed.cid).update(revoked_at=two_days_ago)
    assert end_of(cast, sealed) is None


def end_of(cast: Cast, sealed: Protected) -> float | None:
    """Return until when the document's page says that it can be opened without a network."""
    shown = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}").json()["latest_offline_moment"]
    return None if shown is None else datetime.fromisoformat(shown).timestamp()
