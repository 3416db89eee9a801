"""Whoever opens more than a budget allows is paused, exactly there, until they confirm or somebody releases them."""

import base64
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from portal.usecases.caller import caller_at
from protection.models import Budget, BudgetUse, CountedOpening, Pause, ServiceSettings
from protection.selectors.budgets import BudgetRow
from protection.services.budgets import BudgetTerms, make_budget
from tenants.context import in_organization
from tenants.directory.models import Person
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import (
    RITA,
    call,
    objects,
    opening,
    origin_of,
    problem,
    proof_for,
    protect,
    refusal,
    token_of,
)

PAUSED = "openings_paused"


@pytest.fixture(autouse=True)
def _without_budgets(cast: Cast, settings: Any) -> Iterator[None]:
    """Let each test begin and end without budgets, counts and pauses."""
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    yield
    with in_organization(cast.organizations["contoso"].id):
        for model in (Pause, Budget, BudgetUse, CountedOpening):
            model.objects.all().delete()
        ServiceSettings.objects.update(budgets=False)


def budget(cast: Cast, openings: int, seconds: int = 600, **terms: Any) -> BudgetRow:
    """Let Ada make a budget, for all people unless it says otherwise."""
    contoso = cast.organizations["contoso"]
    with in_organization(contoso.id):
        actor = caller_at(contoso, Person.objects.get(id=cast.ada.id), ip="", source="test").actor
        whole = {"who": "people", "owner": cast.ada.id, "owner_address": cast.ada.address, **terms}
        return make_budget(actor=actor, terms=BudgetTerms(openings=openings, seconds=seconds, **whole))


def documents(cast: Cast, plan: Path, number: int, *grants: str) -> list[Any]:
    return [protect(cast.olga, plan, *(grants or (f"{RITA}:VIEW",)), offline_days=0) for _ in range(number)]


def ask(player: Player, sealed: Any) -> str:
    """Ask for a license as a program does; return the reason of a refusal, "" for a license."""
    answer = call(player, "contoso", "POST", "licenses", objects(sealed.path))
    return "" if answer.status_code == 200 else str(answer.json()["code"])


def later(cast: Cast, **by: float) -> None:
    """Let time pass: what was counted was counted so much earlier."""
    with in_organization(cast.organizations["contoso"].id):
        for row in CountedOpening.objects.all():
            CountedOpening.objects.filter(pk=row.pk).update(at=row.at - timedelta(**by))


def test_the_next_opening_beyond_the_budget_is_refused_and_pauses(cast: Cast, plan: Path) -> None:
    three = documents(cast, plan, 3)
    budget(cast, 2)
    assert [ask(cast.rita, one) for one in three] == ["", "", PAUSED]
    assert ask(cast.rita, three[0]) == PAUSED, "a pause is about everything"
    told = refusal(cast.rita, three[0].path)
    assert (told.reason, "/pause/" in str(told.next_step)) == (PAUSED, True)
    with in_organization(cast.organizations["contoso"].id):
        (pause,) = Pause.objects.all()
    assert (pause.person_id, pause.address) == (cast.rita.id, RITA)
    assert ask(cast.olga, three[0]) == "", "nobody else is"


def test_a_renewal_on_the_same_device_does_not_count_and_another_device_does(cast: Cast, plan: Path) -> None:
    one, two = documents(cast, plan, 2)
    budget(cast, 2)
    for _ in range(5):
        opening(cast.rita, one.path)
    other = cast.enroll("rita2", cast.rita.id, RITA)
    assert ask(other, one) == ""
    assert ask(cast.rita, two) == PAUSED


def test_the_window_slides(cast: Cast, plan: Path) -> None:
    five = documents(cast, plan, 5)
    budget(cast, 2)
    assert [ask(cast.rita, one) for one in five[:2]] == ["", ""]
    later(cast, seconds=601)
    assert [ask(cast.rita, one) for one in five[2:4]] == ["", ""]
    later(cast, seconds=300)
    assert ask(cast.rita, five[4]) == PAUSED


def test_a_batch_is_given_up_to_the_budget(cast: Cast, plan: Path) -> None:
    five = documents(cast, plan, 5)
    budget(cast, 3)
    items = [objects(one.path) for one in five]
    results = batch(cast.rita, [items[0], items[0], *items[1:]])
    assert results == ["", "", "", "", PAUSED, PAUSED]
    assert batch(cast.rita, items[:1]) == [PAUSED]


def batch(player: Player, items: list[Any]) -> list[str]:
    """Ask for many licenses at once; return the reason of each refusal, "" for a license."""
    answer = call(player, "contoso", "POST", "licenses/batch", {"items": items})
    assert answer.status_code == 200, answer.content
    return [str(one.get("refusal", {}).get("reason", "")) for one in payload(answer.json()["batch"])["results"]]


def payload(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


# --- many requests at once -----------------------------------------------------------------------------------------

AT_ONCE = 16


def at_once(player: Player, requests: Sequence[tuple[str, Any]]) -> list[Any]:
    """Send licensing requests on as many connections at once; return the answers."""
    token = token_of(player, "contoso")

    def send(path: str, body: object) -> Any:
        data, url = json.dumps(body).encode(), f"{origin_of('contoso')}/api/v1/{path}"
        headers = {
            "Host": "contoso.localhost:8000",
            "Authorization": f"Bearer {token}",
            "Chancery-Proof": proof_for(player, "POST", url, token, data),
        }
        try:
            return Client().post(f"/api/v1/{path}", data, content_type="application/json", headers=headers)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda one: send(*one), requests))


def test_sixteen_connections_get_exactly_the_budget(cast: Cast, plan: Path) -> None:
    forty = [objects(one.path) for one in documents(cast, plan, 40)]
    for one in forty:
        call(cast.rita, "contoso", "POST", "licenses", one)
    budget(cast, 10)
    answers = at_once(cast.rita, [("licenses", one) for one in forty])
    assert sorted({one.status_code for one in answers}) == [200, 403], [one.content for one in answers][:3]
    assert [one.status_code for one in answers].count(200) == 10
    with in_organization(cast.organizations["contoso"].id):
        assert (Pause.objects.count(), CountedOpening.objects.count()) == (1, 10)
        assert BudgetUse.objects.get().taken == 10


def test_batches_at_once_get_no_more_than_the_budget(cast: Cast, plan: Path) -> None:
    thirty = [objects(one.path) for one in documents(cast, plan, 32)]
    batch(cast.rita, thirty)
    budget(cast, 21)
    requests: list[tuple[str, Any]] = [
        ("licenses/batch", {"items": thirty[place : place + 8]}) for place in (0, 8, 16, 24)
    ]
    requests += [("licenses", one) for one in thirty[:12]]
    answers = at_once(cast.rita, requests)
    assert {one.status_code for one in answers} <= {200, 403}
    with in_organization(cast.organizations["contoso"].id):
        counted = CountedOpening.objects.count()
        # A document that two requests ask for at the same moment is counted by both: never too few.
        assert counted <= BudgetUse.objects.get().taken <= 21
        assert Pause.objects.count() == 1
    given = set()
    for (path, body), answer in zip(requests, answers, strict=True):
        if path == "licenses/batch":
            results = payload(answer.json()["batch"])["results"]
            asked = body["items"]
            given |= {one["body_seal"] for one, got in zip(asked, results, strict=True) if "license" in got}
        elif answer.status_code == 200:
            given.add(body["body_seal"])
    assert len(given) == counted


def test_a_grant_counts_unless_the_budget_says_not(cast: Cast, plan: Path) -> None:
    """Counts are kept apart, so that each budget sees what it is about; the statement is the one that is used."""
    one, two, three = documents(cast, plan, 3)
    budget(cast, 2, counts_grants=False)
    assert [ask(cast.rita, item) for item in (one, two)] == ["", ""]
    with in_organization(cast.organizations["contoso"].id):
        BudgetUse.objects.update(granted=1)
    assert ask(cast.rita, three) == ""
    with in_organization(cast.organizations["contoso"].id):
        used = BudgetUse.objects.get()
        assert (used.taken, used.granted) == (3, 1)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"who": "people", "name": RITA}, "would not be looked at"),
        ({"who": "person", "name": "nobody@nowhere.example"}, "There is no person or application"),
        ({"who": "group", "name": "none@contoso.example"}, "There is no group"),
        ({"who": "people", "owner": "nobody@contoso.example"}, "There is no member"),
    ],
)
def test_names_that_mean_nobody_or_would_be_ignored_are_refused(cast: Cast, terms: dict[str, str], words: str) -> None:
    answer = call(cast.ada, "contoso", "POST", "budgets", {"openings": 3, "seconds": 600, **terms})
    assert words in problem(answer, 400, "invalid_policy")["detail"]
    form = {"openings": 3, "minutes": 10, "name": "", "owner": "", **terms}
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada).post("/budgets/new/", form)
    assert page.status_code == 200
    assert words in page.content.decode()
