"""Answers that end access say until when kept licenses open; and people leave an organization by themselves."""

import io
import json
import time
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
from click.testing import CliRunner

from chancery.cli.main import main
from chancery.sdk.session import Session
from protection.models import Certificate
from tenants.context import in_organization
from tenants.directory.models import Membership
from tenants.directory.selectors.people import holder_of
from tenants.directory.services.create_person import create_person
from tests.cast import ACTOR, BASE, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, call, confirmed, ledger, opening, problem, protect, refusal, rights, send

DAY = 86_400


def member(cast: Cast, slug: str = "contoso") -> Player:
    return cast.join(f"somebody{uuid4().hex[:6]}", slug)


def certificate_end(cast: Cast, player: Player, slug: str = "contoso") -> int:
    with in_organization(cast.organizations[slug].id):
        return max(Certificate.objects.filter(person_id=player.id).values_list("expires", flat=True))


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


# --- until when kept licenses open --------------------------------------------------------------------------------


def test_disabling_states_the_end_of_the_publishers_own_license(cast: Cast, plan: Path) -> None:
    """A device that never comes online again opens its own documents until its certificate ends, and says so."""
    nina = member(cast)
    sealed = protect(nina, plan, f"{MAX}:VIEW", offline_days=0)
    end = certificate_end(cast, nina)
    assert end > time.time() + 30 * DAY
    done = confirmed(cast.ada, "contoso", "PATCH", f"people/{nina.id}", {"disabled": True}).json()
    assert moment(done["latest_offline_moment"]) == end
    assert any("do not connect can be opened until" in one for one in done["warnings"])
    offline = nina.offline()
    offline.open_stream(sealed.path, io.BytesIO())  # As the answer said.


def test_the_page_and_the_command_say_it_too(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nina, jonas = member(cast), member(cast)
    for one in (nina, jonas):
        protect(one, plan, f"{MAX}:VIEW", offline_days=0)
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    form = {"act": "disable", "confirm": nina.address, "reason": "On leave"}
    page = browser.post(f"/people/{nina.id}/", form, follow=True).content.decode()
    assert "do not connect can be opened until" in page
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.ada.session))
    said = CliRunner().invoke(main, ["person", "change", jonas.address, "--disable", "--yes", "--reason", "On leave"])
    assert said.exit_code == 0, said.output
    assert "do not connect can be opened until" in said.stderr


def test_who_keeps_nothing_leaves_no_moment(cast: Cast) -> None:
    nina = member(cast)
    done = confirmed(cast.ada, "contoso", "PATCH", f"people/{nina.id}", {"disabled": True}).json()
    assert (done["latest_offline_moment"], done["warnings"]) == (None, [])


def test_switching_the_service_off_states_the_latest_moment_of_all(cast: Cast, plan: Path) -> None:
    off = cast.found(f"off{uuid4().hex[:6]}", "gerda")
    protect(cast.gerda, plan, f"{MAX}:VIEW", offline_days=0)
    done = confirmed(cast.gerda, off.slug, "POST", "service/deactivate").json()
    assert moment(done["latest_offline_moment"]) == certificate_end(cast, cast.gerda, off.slug)


def test_a_removal_states_it_before_and_after(cast: Cast, plan: Path) -> None:
    nina = member(cast)
    protect(nina, plan, f"{MAX}:VIEW", offline_days=0)
    end = certificate_end(cast, nina)
    before = call(cast.ada, "contoso", "GET", f"people/{nina.id}/removal").json()
    stated = {"confirm": nina.address, "reason": "left"}
    after = call(cast.ada, "contoso", "POST", f"people/{nina.id}/removal", stated).json()
    assert [moment(one["latest_offline_moment"]) for one in (before, after)] == [end, end]


def test_revoking_a_device_states_what_it_keeps_of_all_organizations(cast: Cast, plan: Path) -> None:
    """It belongs to the person, who opened nothing of their own organization's on it."""
    nina = member(cast)
    opening(nina, protect(cast.rita, plan, f"{nina.address}:VIEW", offline_days=5).path)
    before, path = time.time(), f"/api/v1/devices/{nina.session.account.device}"
    other = cast.enroll(f"other{uuid4().hex[:6]}", nina.id, nina.address)
    asked = problem(send(other, BASE, "DELETE", path), 409, "confirmation_required")
    assert any("do not connect can be opened until" in one for one in asked["consequences"])
    done = send(other, BASE, "DELETE", f"{path}?confirm={quote(asked['confirm'])}").json()
    assert abs(moment(done["latest_offline_moment"]) - before - DAY) < 60, "its lease ends first"
    assert any("do not connect can be opened until" in one for one in done["warnings"])
    unused = f"/api/v1/devices/{other.session.account.device}"
    third = cast.enroll(f"third{uuid4().hex[:6]}", nina.id, nina.address)
    asked = problem(send(third, BASE, "DELETE", unused), 409, "confirmation_required")
    assert any("No copy of a license is kept" in one for one in asked["consequences"])


# --- leaving ------------------------------------------------------------------------------------------------------


def test_somebody_leaves_as_if_removed(cast: Cast, plan: Path) -> None:
    gone = member(cast)
    theirs = protect(gone, plan, f"{MAX}:VIEW", offline_days=0)
    received = protect(cast.olga, plan, f"{gone.address}:VIEW", offline_days=0)
    opening(gone, received.path)
    asked = problem(call(gone, "contoso", "POST", "leave", {}), 409, "confirmation_required")
    assert any("1 document stays" in one for one in asked["consequences"])
    assert any("cannot be undone" in one for one in asked["consequences"])
    assert asked["confirm"] == "Contoso"
    assert holder_of(gone.address) == gone.id, "nothing is done by asking"
    done = confirmed(gone, "contoso", "POST", "leave").json()
    assert (done["changed"], done["documents"]) == (True, 1)
    assert moment(done["latest_offline_moment"]) == certificate_end(cast, gone)
    assert holder_of(gone.address) is None
    assert Membership.objects.of_person(gone.id).get().removed_at is not None
    assert call(gone, "contoso", "GET", "documents").status_code in {401, 403}
    next_one = create_person(organization_id=cast.organizations["contoso"].id, address=gone.address, actor=ACTOR)
    successor = cast.enroll(f"successor{uuid4().hex[:6]}", next_one.id, next_one.email)
    assert refusal(successor, received.path).reason == "not_granted"
    assert rights(cast.max, theirs.path) == {"VIEW"}, "its recipients keep it"
    (event, *_) = ledger(cast, "contoso", "person.removed")
    listed = call(cast.ada, "contoso", "GET", "audit/events?kind=person.removed&limit=1").json()["results"][0]
    assert listed["id"] == str(event.id)
    assert "left the organization" in json.dumps(listed)


def test_the_last_administrator_may_not_leave(cast: Cast) -> None:
    for body in ({}, {"confirm": "Contoso"}):
        answer = call(cast.ada, "contoso", "POST", "leave", body)
        assert answer.status_code in {400, 409}
        assert "last administrator" in answer.json()["detail"]
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada).get("/leave/", follow=True)
    assert "last administrator" in page.content.decode()


def test_a_guest_leaves_and_keeps_what_is_theirs_elsewhere(cast: Cast, plan: Path) -> None:
    guest = cast.join(f"guest{uuid4().hex[:6]}", "fabrikam")
    create_person(organization_id=cast.organizations["contoso"].id, address=guest.address, actor=ACTOR)
    assert call(guest, "contoso", "GET", "documents").status_code == 200
    assert confirmed(guest, "contoso", "POST", "leave").status_code == 200
    sealed = protect(cast.rita, plan, f"{guest.address}:VIEW", offline_days=0)
    assert rights(guest, sealed.path) == {"VIEW"}
    assert holder_of(guest.address) == guest.id


def test_leaving_on_the_page_shows_the_consequences_first(cast: Cast) -> None:
    gone = member(cast)
    browser = Site(cast, {}).browser("contoso.localhost:8000", gone)
    page = browser.get("/leave/").content.decode()
    assert ("This cannot be undone" in page, "Leave Contoso" in page) == (True, True)
    assert holder_of(gone.address) == gone.id
    wrong = browser.post("/leave/", {"confirm": "Fabrikam"}).content.decode()
    assert "What you typed does not match" in wrong
    left = browser.post("/leave/", {"confirm": "Contoso"})
    said = left.content.decode().partition("<main")[2]
    assert (left.status_code, said.count("You have left Contoso."), "To come back, ask" in said) == (200, 1, True)
    assert holder_of(gone.address) is None
    assert browser.get("/documents/").status_code == 302, "nobody is signed in any more"


def test_leaving_at_the_command_line(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = member(cast)
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(gone.session))
    asked = CliRunner().invoke(main, ["leave"])
    assert (asked.exit_code, "cannot be undone" in asked.output) == (2, True)
    assert holder_of(gone.address) == gone.id
    done = CliRunner().invoke(main, ["leave", "--yes"])
    assert (done.exit_code, "You have left Contoso." in done.output) == (0, True), done.output
    assert holder_of(gone.address) is None
