"""Limits of sessions: an organization tightens what the operator allows, and what is over is signed out at once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY as STEPS
from allauth.idp.oidc.models import Token
from django.db.models import F
from django.db.models.expressions import RawSQL
from django.utils import timezone

from chancery.sdk.errors import ChanceryError
from portal.identity.sessions import BEGAN, SessionStore
from tenants.directory.models import BrowserSession, Membership, SessionLimits
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_person import create_person
from tenants.directory.services.expire import expire
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser, enter, sign_in_by_code
from tests.protection.steps import call, confirmed, ledger, problem

FAR = "http://fabrikam.localhost:8000"


@pytest.fixture(autouse=True)
def _unlimited() -> Iterator[None]:
    yield
    SessionLimits.objects.of_installation().delete()


@pytest.fixture
def nina(cast: Cast) -> Player:
    """Return a new member of Contoso with a device."""
    name = f"nina{uuid4().hex[:8]}"
    return cast.enroll(name, cast.join(name, "contoso").id, f"{name}@contoso.example")


@pytest.fixture
def browser(nina: Player) -> Browser:
    """Return a browser in which she has signed in."""
    found = Browser()
    sign_in_by_code(found, nina.address)
    return found


def limit(cast: Cast, slug: str = "contoso", **limits: int) -> None:
    SessionLimits.objects.of_installation().update_or_create(
        organization_id=cast.organizations[slug].id, defaults=limits
    )


def is_in(browser: Browser) -> bool:
    return browser.get("/accounts/sessions/").status_code == 200


def unused(player: Player, **span: float) -> None:
    """Let a person's browsers have been used so much longer ago."""
    BrowserSession.objects.filter(person_id=player.id).update(used_at=F("used_at") - timedelta(**span))


def signed_in(player: Player, **span: float) -> None:
    """Let a person have signed their browsers in so much longer ago."""
    seconds = timedelta(**span).total_seconds()
    for key in BrowserSession.objects.filter(person_id=player.id).values_list("session_key", flat=True):
        session = SessionStore(key)
        if BEGAN in session:
            session[BEGAN] -= seconds
        else:
            session[STEPS] = [{**one, "at": one["at"] - seconds} for one in session[STEPS]]
        session.save()


def age(player: Player, *, began: timedelta = timedelta(), used: timedelta = timedelta()) -> None:
    """Let the sign-in of a person's programs be longer ago, and their last use."""
    tokens = Token.objects.filter(user_id=player.id)
    seconds = int(began.total_seconds())
    tokens.update(
        created_at=F("created_at") - used,
        data=RawSQL("jsonb_set(data, '{began}', to_jsonb((data->>'began')::bigint - %s))", [seconds]),
    )


def can_refresh(player: Player) -> bool:
    try:
        player.session.service._tokens.for_origin(player.session.account, FAR, fresh=True)
    except ChanceryError:
        return False
    return True


def test_a_browser_that_is_not_used_is_signed_out(cast: Cast, nina: Player, browser: Browser) -> None:
    limit(cast, browser_idle_minutes=15)
    unused(nina, minutes=14)
    assert is_in(browser)
    unused(nina, minutes=14)
    assert is_in(browser), "it was used in between"
    unused(nina, minutes=16)
    assert not is_in(browser)


def test_a_browser_is_signed_out_however_it_is_used_and_everywhere(cast: Cast, nina: Player, browser: Browser) -> None:
    there, _ = enter(browser, "contoso")
    limit(cast, browser_hours=8)
    signed_in(nina, hours=7, minutes=59)
    assert is_in(browser)
    assert there.get("/documents/").status_code == 200
    signed_in(nina, minutes=2)
    assert not is_in(browser)
    assert there.get("/documents/").status_code == 302
    later = Browser()
    sign_in_by_code(later, nina.address)
    assert is_in(later)


def test_a_program_signs_in_again_after_its_days(cast: Cast, nina: Player) -> None:
    limit(cast, program_days=30)
    age(nina, began=timedelta(days=29))
    assert can_refresh(nina)
    began = {row.data["began"] for row in Token.objects.filter(user_id=nina.id, type="rt")}
    assert max(began) < timezone.now().timestamp() - 28 * 86_400, "an exchange makes no sign-in younger"
    age(nina, began=timedelta(days=1, minutes=-5))
    assert can_refresh(nina)
    token = Token.objects.filter(user_id=nina.id, type="at").latest("created_at")
    assert token.expires_at is not None
    assert token.expires_at <= timezone.now() + timedelta(minutes=6), "no token outlives its sign-in"
    kept = nina.home.read(nina.session.service._tokens._name)
    assert kept is not None
    assert kept["access"][FAR]["until"] < timezone.now().timestamp() + 360, "and its holder is told so"
    age(nina, began=timedelta(minutes=10))
    assert not can_refresh(nina)
    assert not Token.objects.filter(user_id=nina.id, type="rt").exists(), "what is over is gone"


def test_a_program_that_is_not_used_signs_in_again(cast: Cast, nina: Player) -> None:
    limit(cast, program_idle_days=7)
    age(nina, used=timedelta(days=6))
    assert can_refresh(nina)
    age(nina, used=timedelta(days=8))
    assert not can_refresh(nina)


def test_the_strictest_organization_counts_and_that_of_a_guest_does_not(
    cast: Cast, nina: Player, browser: Browser
) -> None:
    limit(cast, browser_idle_minutes=60)
    limit(cast, "fabrikam", browser_idle_minutes=10)
    unused(nina, minutes=30)
    assert is_in(browser)
    fabrikam = cast.organizations["fabrikam"].id
    create_person(organization_id=fabrikam, address=nina.address, guest=True, name="N", role="user", actor=ACTOR)
    unused(nina, minutes=30)
    assert is_in(browser), "who invites a stranger does not sign them out elsewhere"
    Membership.objects.within(fabrikam).filter(person_id=nina.id).update(guest=False)
    unused(nina, minutes=30)
    assert not is_in(browser)


def test_an_application_s_tokens_have_no_such_limit(cast: Cast) -> None:
    contoso = cast.organizations["contoso"].id
    made = create_application(organization_id=contoso, name=f"app{uuid4().hex[:6]}", actor=ACTOR)
    assert issue_enrollment_code(person_id=made.person_id, actor=ACTOR)
    robot = cast.enroll(f"robot{uuid4().hex[:6]}", made.person_id, "")
    limit(cast, program_days=1)
    age(robot, began=timedelta(days=400))
    assert can_refresh(robot)


def test_shortening_says_first_whom_it_signs_out_and_then_does(cast: Cast, nina: Player, browser: Browser) -> None:
    age(nina, began=timedelta(days=20))
    signed_in(nina, hours=20)
    wanted = {"browser_hours": 12, "program_days": 10}
    asked = problem(call(cast.ada, "contoso", "PATCH", "settings", wanted), 409, "confirmation_required")
    assert "1 browser of your people is signed out at once." in asked["consequences"]
    assert "1 command line or other program has to sign in again." in asked["consequences"]
    assert is_in(browser), "asking ends nothing"
    assert call(cast.ada, "contoso", "GET", "settings").json()["browser_hours"] == 0
    made = confirmed(cast.ada, "contoso", "PATCH", "settings", wanted).json()
    assert (made["browser_hours"], made["program_days"]) == (12, 10)
    assert not BrowserSession.objects.filter(person_id=nina.id).exists()
    assert not Token.objects.filter(user_id=nina.id).exists()
    assert not is_in(browser)
    event = ledger(cast, "contoso", "session.limits_changed")[0]
    assert (event.details["browsers"], event.details["programs"]) == (1, 1)
    (row,) = (
        one
        for one in call(cast.ada, "contoso", "GET", "configuration").json()["results"]
        if one["name"] == "browser_hours"
    )
    assert (row["value"], row["is_default"], row["changed_by"]) == (12, False, "ada@contoso.example")
    back = call(cast.ada, "contoso", "PATCH", "settings", {"browser_hours": 0, "program_days": 0}).json()
    assert back["message"].startswith("Changed from the next request on: ")


@pytest.mark.parametrize(
    "wanted", [{"browser_hours": 169}, {"browser_idle_minutes": 4}, {"program_days": 366}, {"program_idle_days": 91}]
)
def test_nobody_loosens_what_the_operator_allows(cast: Cast, wanted: dict[str, int]) -> None:
    said = problem(call(cast.ada, "contoso", "PATCH", "settings", wanted), 400, "refused_by_directory")["detail"]
    assert "for the limit of the installation, or" in said
    problem(call(cast.ada, "contoso", "PATCH", "settings", {"browser_hours": -1}), 400, "invalid")


def test_the_operator_s_own_limit_holds_where_an_organization_says_nothing(
    cast: Cast, nina: Player, browser: Browser, settings: Any
) -> None:
    unused(nina, hours=3)
    assert is_in(browser)
    settings.CHANCERY_BROWSER_IDLE_MINUTES = 60
    limit(cast, browser_idle_minutes=120)
    unused(nina, minutes=90)
    assert not is_in(browser), "an older, looser limit of an organization does not count any more"


def test_what_is_over_is_swept_away(cast: Cast, nina: Player, browser: Browser) -> None:
    limit(cast, browser_idle_minutes=10, program_days=1)
    unused(nina, hours=1)
    age(nina, began=timedelta(days=2))
    assert expire() >= 2
    assert not BrowserSession.objects.filter(person_id=nina.id).exists()
    assert not Token.objects.filter(user_id=nina.id).exists()


def test_the_page_and_a_file_take_them(cast: Cast) -> None:
    ada = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    page = ada.get("/settings/").content.decode()
    assert "Up to 10080, the limit of the installation" in page
    file = call(cast.ada, "contoso", "GET", "configuration/file").json()
    file["settings"] = {"browser_hours": 100}
    assert confirmed(cast.ada, "contoso", "POST", "configuration/file", {"file": file}).json()["changed"]
    assert 'value="100"' in ada.get("/settings/").content.decode()
    assert "168, the limit of the installation" in ada.get("/settings/all/").content.decode()
