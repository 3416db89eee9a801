"""Sessions: what somebody is signed in with is listed, and what is ended is signed out at its next request."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone

from chancery.sdk.errors import ChanceryError
from portal.identity import tokens
from tenants.directory.models import BrowserSession, Device
from tenants.directory.services.create_person import create_person
from tests.cast import ACTOR, BASE, Cast, Player
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser, enter, sign_in_by_code
from tests.protection.steps import call, confirmed, ledger, opening, problem, protect, refusal, rights, send, token_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def nina(cast: Cast) -> Player:
    """Return a new member of Contoso with a device."""
    name = f"nina{uuid4().hex[:8]}"
    return cast.enroll(name, cast.join(name, "contoso").id, f"{name}@contoso.example")


@pytest.fixture
def browser(nina: Player) -> Browser:
    """Return a browser in which she has signed in."""
    found = Browser(HTTP_USER_AGENT=FIREFOX)
    sign_in_by_code(found, nina.address)
    return found


def listed(player: Player) -> dict[str, dict[str, object]]:
    return {one["kind"]: one for one in send(player, BASE, "GET", "/api/v1/me/sessions").json()["results"]}


def ended(player: Player, path: str) -> dict[str, object]:
    asked = problem(send(player, BASE, "POST", f"/api/v1/me/sessions/{path}", {}), 409, "confirmation_required")
    found: dict[str, object] = send(
        player, BASE, "POST", f"/api/v1/me/sessions/{path}", {"confirm": asked["confirm"]}
    ).json()
    return found


def is_in(browser: Browser) -> bool:
    return browser.get("/accounts/sessions/").status_code == 200


def test_a_browser_with_what_it_began_elsewhere_is_one_row_and_ends_as_one(
    cast: Cast, nina: Player, browser: Browser
) -> None:
    there, _ = enter(browser, "contoso")
    assert there.get("/documents/").status_code == 200
    rows = listed(nina)
    assert (rows["browser"]["name"], rows["browser"]["ip"]) == ("Firefox, Linux", "127.0.0.1")
    assert (rows["program"]["current"], rows["browser"]["current"]) == (True, False)
    assert rows["program"]["devices"] == [str(nina.session.account.device)]
    page = browser.get("/accounts/sessions/").content.decode()
    assert page.count('data-label="Browser"') == 1
    assert "Firefox, Linux" in page
    assert "This one" in page
    assert ended(nina, f"{rows['browser']['id']}/end")["message"] == "Signed out: Firefox, Linux."
    assert not is_in(browser), "the copied cookie is worth nothing"
    assert there.get("/documents/").status_code == 302
    assert "browser" not in listed(nina)
    problem(
        send(nina, BASE, "POST", f"/api/v1/me/sessions/{rows['browser']['id']}/end", {}), 404, "refused_by_directory"
    )
    event = ledger(cast, "contoso", "session.ended")[0]
    assert event.personal["title"] == "Firefox, Linux"


def test_an_ended_program_is_out_with_its_tokens_and_its_device(
    cast: Cast, nina: Player, browser: Browser, plan: Path
) -> None:
    sealed = protect(cast.olga, plan, f"{nina.address}:VIEW", offline_days=0)
    assert rights(nina, sealed.path) == {"VIEW"}
    remembered = dict(tokens._kept)
    token, refresh = token_of(nina, "contoso"), nina.session.service._tokens
    other = cast.enroll(f"tablet{uuid4().hex[:8]}", nina.id, nina.address)
    program = next(
        one
        for one in send(other, BASE, "GET", "/api/v1/me/sessions").json()["results"]
        if str(nina.session.account.device) in one["devices"]
    )
    asked = browser.post(f"/accounts/sessions/{program['id']}/end/")
    assert "Their devices are revoked" in asked.content.decode()
    assert call(nina, "contoso", "GET", "feed").status_code == 200, "asking alone ends nothing"
    assert browser.get(f"/accounts/sessions/{program['id']}/end/").status_code == 405
    assert browser.post(f"/accounts/sessions/{program['id']}/end/", {"confirm": "yes"}).status_code == 302
    assert call(nina, "contoso", "GET", "documents", token=token).status_code == 401
    # Another process still remembers the token for some seconds; there the device's row decides.
    tokens._kept.update(remembered)
    assert refusal(nina, sealed.path).reason == "device_revoked"
    tokens.forget()
    with pytest.raises(ChanceryError):
        opening(nina, sealed.path)
    with pytest.raises(ChanceryError):
        refresh.for_origin(nina.session.account, "http://fabrikam.localhost:8000")
    assert Device.objects.get(id=nina.session.account.device).revoked_at
    assert rights(other, sealed.path) == {"VIEW"}


def test_all_others_end_and_the_one_that_asks_goes_on(cast: Cast, nina: Player, browser: Browser) -> None:
    other = cast.enroll(f"phone{uuid4().hex[:8]}", nina.id, nina.address)
    another = Browser()
    sign_in_by_code(another, nina.address)
    assert browser.post("/accounts/sessions/end-others/", {"confirm": "yes"}).status_code == 302
    assert (is_in(browser), is_in(another)) == (True, False)
    for player in (nina, other):
        with pytest.raises(ChanceryError):
            player.session.service._tokens.for_origin(player.session.account, "http://fabrikam.localhost:8000")
    last = cast.enroll(f"last{uuid4().hex[:8]}", nina.id, nina.address)
    assert ended(last, "end-others")["changed"]
    assert not is_in(browser)
    assert not send(last, BASE, "POST", "/api/v1/me/sessions/end-others", {}).json()["changed"]


def test_an_administrator_ends_those_of_a_member_with_a_reason(cast: Cast, nina: Player, browser: Browser) -> None:
    path = f"people/{nina.id}/sessions"
    found = call(cast.ada, "contoso", "GET", path).json()["results"]
    assert {one["kind"] for one in found} == {"browser", "program"}
    page = ada_at_contoso(cast).get(f"/people/{nina.id}/").content.decode()
    assert "Sign them out everywhere" in page
    one = next(each["id"] for each in found if each["kind"] == "browser")
    assert confirmed(cast.ada, "contoso", "POST", f"{path}/{one}/end", {"reason": "Seen in a café"}).status_code == 200
    assert not is_in(browser)
    assert confirmed(cast.ada, "contoso", "POST", f"{path}/end-all").json()["changed"]
    event, first = ledger(cast, "contoso", "session.ended")[:2]
    assert (first.details["reason"], event.personal["recipient"]) == ("Seen in a café", nina.address)
    assert call(cast.ada, "contoso", "GET", path).json()["results"] == []
    assert "They are signed in nowhere" in ada_at_contoso(cast).get(f"/people/{nina.id}/").content.decode()


def test_nobody_else_sees_or_ends_them(cast: Cast, nina: Player) -> None:
    program = listed(nina)["program"]["id"]
    problem(send(cast.olga, BASE, "POST", f"/api/v1/me/sessions/{program}/end", {}), 404, "refused_by_directory")
    path = f"people/{nina.id}/sessions"
    assert call(cast.olga, "contoso", "GET", path).status_code == 403
    assert call(cast.olga, "contoso", "POST", f"{path}/end-all", {}).status_code == 403
    for act in ("end-all", f"{program}/end"):
        assert call(cast.rita, "fabrikam", "POST", f"{path}/{act}", {}).status_code == 404
    fabrikam = cast.organizations["fabrikam"].id
    create_person(organization_id=fabrikam, address=nina.address, guest=True, name="N", role="user", actor=ACTOR)
    assert call(cast.rita, "fabrikam", "GET", path).json()["results"] == [], "a guest's account is not theirs"
    for act in ("end-all", f"{program}/end"):
        problem(call(cast.rita, "fabrikam", "POST", f"{path}/{act}", {}), 403, "not_permitted")
    assert listed(nina)["program"]["id"] == program


def test_use_is_written_once_a_minute_and_for_where_it_came_from_too(nina: Player, browser: Browser) -> None:
    there, _ = enter(browser, "contoso")
    key = UserSession.objects.filter(user_id=nina.id).order_by("id").values_list("session_key", flat=True)
    ago = timezone.now() - timedelta(minutes=5)
    rows = BrowserSession.objects.filter(session_key__in=list(key))
    rows.update(used_at=ago)
    there.get("/documents/")
    assert set(rows.values_list("used_at", flat=True)) != {ago}
    assert all(row.used_at > ago for row in rows)
    began = {row.session_key: row.signed_in_at for row in rows}
    assert len(set(began.values())) == 1, "what was handed over is as old as the sign-in"
    lately = timezone.now() - timedelta(seconds=30)
    rows.update(used_at=lately)
    there.get("/documents/")
    assert set(rows.values_list("used_at", flat=True)) == {lately}


def test_a_planted_cookie_is_not_the_one_that_is_signed_in(nina: Player) -> None:
    """Session fixation: whoever knows the cookie of before knows nothing of the one after."""
    victim, thief = Browser(), Browser()
    victim.get("/accounts/login/code/")
    planted = victim.session
    planted["x"] = 1
    planted.save()
    thief.cookies[settings.SESSION_COOKIE_NAME] = str(planted.cookie)
    sign_in_by_code(victim, nina.address)
    assert is_in(victim)
    assert not is_in(thief)


def ada_at_contoso(cast: Cast) -> Browser:

    return Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
