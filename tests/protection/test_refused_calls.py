"""Who tries what administrators and auditors do, without their permission, is on record (promise C81)."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from audit.selectors.events import EventRow
from audit.selectors.unauthenticated import unauthenticated_requests_of_a_day
from audit.services import count_unauthenticated, hourly_count
from portal.usecases.refused_calls import RECORDED_AN_HOUR
from portal.words.events import shown_events
from tenants.context import in_organization
from tenants.directory.models import Person
from tenants.directory.services.prove_address import prove_address
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser
from tests.protection.steps import call, ledger


@pytest.fixture(autouse=True)
def _counted_anew() -> None:
    count_unauthenticated.forget()
    hourly_count.forget()


def refused(cast: Cast) -> list[EventRow]:
    """Return what Contoso has on record of refused calls, the newest first."""
    return list(ledger(cast, "contoso", "call.refused"))


def newest_in_words(cast: Cast) -> str:
    contoso = cast.organizations["contoso"]
    with in_organization(contoso.id):
        return shown_events(refused(cast)[:1], contoso.id, contoso.name)[0].text


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("POST", "keys", "keys:manage"),
        ("GET", "keys", "keys:read"),
        ("POST", "people", "people:manage"),
        ("PATCH", "settings", "settings:manage"),
        ("GET", "audit/events", "audit:read"),
    ],
)
def test_a_member_s_refused_call_is_on_record(cast: Cast, method: str, path: str, missing: str) -> None:
    before = len(refused(cast))
    assert call(cast.max, "contoso", method, path, None if method == "GET" else {}).status_code == 403
    assert len(refused(cast)) == before + 1
    event = refused(cast)[0]
    assert (event.outcome, event.details["missing"]) == ("refused", missing)
    assert event.details["operation"] == f"{method} /api/v1/{path}"
    assert newest_in_words(cast) == (
        f"max@contoso.example tried “{method} /api/v1/{path}”, which takes the permission {missing}; it was refused."
    )


def test_a_page_that_is_hidden_from_a_member_says_that_they_tried(cast: Cast) -> None:
    before = len(refused(cast))
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.max)
    assert browser.get("/people/").status_code == 404
    assert browser.post("/settings/", {}).status_code == 404
    found = refused(cast)
    assert len(found) == before + 2
    assert [one.details["operation"] for one in found[:2]] == ["POST /settings/", "GET /people/"]
    assert {one.personal["addresses"][0] for one in found[:2]} == {"max@contoso.example"}


def test_who_may_leaves_no_refusal_and_who_asks_without_a_sign_in_neither(cast: Cast) -> None:
    before = len(refused(cast))
    assert call(cast.ada, "contoso", "GET", "keys").status_code == 200
    assert Browser("contoso.localhost:8000").get("/people/").status_code == 302
    assert len(refused(cast)) == before


def test_what_everybody_s_program_asks_for_is_no_attempt_to_administer(cast: Cast) -> None:
    before = len(refused(cast))
    assert call(cast.rita, "contoso", "GET", "templates").status_code == 403
    assert len(refused(cast)) == before


def test_a_stranger_is_counted_and_fills_no_record(cast: Cast) -> None:
    person = Person.objects.create(email=f"stranger{uuid4().hex[:6]}@elsewhere.example")
    prove_address(person_id=person.id, address=person.email, actor=ACTOR)
    stranger = cast.enroll("stranger", UUID(str(person.id)), person.email)
    before = len(refused(cast))
    assert call(stranger, "contoso", "GET", "keys").status_code in {403, 404}
    assert len(refused(cast)) == before


def test_a_member_in_a_loop_fills_no_ledger(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (count_unauthenticated, hourly_count):  # one minute in one hour, whenever the test runs
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 0))
    with in_organization(cast.organizations["contoso"].id):
        counted = unauthenticated_requests_of_a_day().requests
    before = len(refused(cast))
    for _ in range(RECORDED_AN_HOUR + 16):
        assert call(cast.max, "contoso", "GET", "keys").status_code == 403
    assert len(refused(cast)) == before + RECORDED_AN_HOUR
    assert newest_in_words(cast).endswith("Further ones within the hour are only counted.")
    with in_organization(cast.organizations["contoso"].id):
        assert unauthenticated_requests_of_a_day().requests == counted + 16
