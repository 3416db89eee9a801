"""How fast a changed template reaches a client: within a minute, at the cost of an empty answer (promise C47)."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chancery.sdk.errors import Misused
from chancery.sdk.offered_templates import FRESH_SECONDS
from chancery.sdk.options import ProtectOptions
from tests.cast import Cast
from tests.protection.steps import RITA, Later, call, confirmed, protect

LIST = ("GET", "/api/v1/templates")


def made(cast: Cast, **more: Any) -> str:
    """Make a template and publish it; return its id."""
    grants = [{"who": RITA, "rights": ["VIEW"]}]
    body = {"names": {"en": f"Reach {uuid4().hex[:6]}"}, "policy": {"grants": grants}, **more}
    identity = str(call(cast.ada, "contoso", "POST", "templates", body).json()["id"])
    assert call(cast.ada, "contoso", "POST", f"templates/{identity}/publish").status_code == 200
    return identity


def test_a_change_reaches_the_client_within_a_minute(cast: Cast, clock: Later) -> None:
    changed, archived = made(cast), made(cast)
    place = cast.olga.session.own_organization()
    assert place.template(changed)["version"] == 1
    assert place.template(archived)["version"] == 1
    patch = {"policy": {"offline_days": 0}}
    assert call(cast.ada, "contoso", "PATCH", f"templates/{changed}", patch).json()["version"] == 2
    confirmed(cast.ada, "contoso", "POST", f"templates/{archived}/archive")
    clock.ahead = FRESH_SECONDS - 20
    assert place.template(changed)["version"] == 1, "within the minute the kept list serves"
    clock.ahead = FRESH_SECONDS + 1
    assert place.template(changed)["version"] == 2
    assert archived not in {one["id"] for one in place.templates()}


def test_within_a_minute_nothing_is_asked_and_after_it_little_is_sent(
    cast: Cast, clock: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = made(cast)
    place, http = cast.olga.session.own_organization(), cast.olga.http
    place.offered(newest=True)
    answers: list[int] = []
    ask = http.ask

    def watched(method: str, url: str, **more: Any) -> Any:
        answer = ask(method, url, **more)
        if "/templates" in url:
            answers.append(answer.status)
        return answer

    monkeypatch.setattr(http, "ask", watched)
    for _ in range(3):
        place.template(template)
    assert answers == []
    for minute in (1, 2):
        clock.ahead = minute * (FRESH_SECONDS + 1)
        assert place.template(template)["id"] == template
    assert answers == [304, 304]


def test_a_template_that_is_younger_than_the_list_is_found_at_once(cast: Cast, plan: Path) -> None:
    cast.olga.session.own_organization().offered(newest=True)
    protect(cast.olga, plan, template=made(cast))


def test_without_a_network_the_last_list_serves_and_says_its_age(cast: Cast, plan: Path, clock: Later) -> None:
    template = made(cast)
    cast.olga.session.own_organization().offered(newest=True)
    clock.ahead = 3 * 3_600 + 5
    away = cast.olga.offline()
    offered = away.own_organization().offered()
    assert offered.age(clock.time()).startswith("As the service said 3 hours ago")
    clock.ahead = 0
    assert offered.age(clock.time()) == ""
    assert not away.protect(plan, ProtectOptions(template=template), target=plan.with_name("away.sealed")).registered


def test_the_kept_list_holds_only_what_is_offered_to_its_person(cast: Cast) -> None:
    hidden = made(cast, scope=["max@contoso.example"])
    cast.olga.session.own_organization().offered(newest=True)
    away = cast.olga.offline().own_organization()
    assert hidden not in {one["id"] for one in away.templates()}
    with pytest.raises(Misused):
        away.template(hidden)
    record = away.home.read(away._record("templates"))
    assert record is not None
    away.home.write(away._record("templates"), {**record, "person": str(cast.max.id)})
    assert away.templates() == [], "somebody else's list is not shown"
