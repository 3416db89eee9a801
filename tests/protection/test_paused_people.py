"""Whoever is paused gives nobody access and takes it back as before, in every interface (decision 33)."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction

from protection.actor import Actor
from protection.models import Budget, BudgetUse, CountedOpening, FeedEntry, FeedHead, Pause, ServiceSettings
from protection.services.budgets import RELEASED, begin_told, end_pause
from protection.services.feed import touch
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, RITA, call, confirmed, problem, protect, refusal, rights
from tests.protection.test_budgets import PAUSED, ask, budget
from tests.protection.test_editors import wait_until_somebody_waits_for_a_lock

HOST = "contoso.localhost:8000"


@pytest.fixture(autouse=True)
def _without_budgets(cast: Cast) -> Iterator[None]:
    yield
    with in_organization(cast.organizations["contoso"].id):
        for model in (Pause, Budget, BudgetUse, CountedOpening):
            model.objects.all().delete()
        ServiceSettings.objects.update(budgets=False)


@pytest.fixture
def own(cast: Cast, plan: Path) -> Any:
    """Return a document of Olga's that Rita may read, made before Olga is paused."""
    return protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", offline_days=0)


@pytest.fixture
def pause(cast: Cast, plan: Path) -> Callable[[Player], Pause]:
    """Return a function that lets a person use up a budget."""

    def paused(player: Player, **terms: Any) -> Pause:
        two = [protect(cast.ada, plan, f"{player.address}:VIEW", offline_days=0) for _ in range(2)]
        budget(cast, 1, **terms)
        assert [ask(player, one) for one in two] == ["", PAUSED]
        with in_organization(cast.organizations["contoso"].id):
            return Pause.objects.get(person_id=player.id, ended_at=None)

    return paused


def policy(*grants: tuple[str, str]) -> dict[str, Any]:
    return {"policy": {"grants": [{"who": who, "rights": [right]} for who, right in grants], "offline_days": 0}}


def wider(own: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Return acts of a document's owner that give somebody access."""
    path = f"documents/{own.cid}"
    given = policy((RITA, "VIEW"), (MAX, "VIEW"), ("new@contoso.example", "VIEW"))
    everywhere = {"act": "add", "to": "new@contoso.example", "rights": ["VIEW"]}
    return [
        ("PUT", f"{path}/policy", given),
        ("POST", f"{path}/restore", {"recipient": MAX}),
        ("POST", "hand-overs", {"documents": [str(own.cid)], "to": "max@contoso.example"}),
        ("POST", "everywhere-changes", everywhere),
        ("POST", f"{path}/prelicenses", {}),
    ]


def answered(player: Player, method: str, path: str, body: dict[str, Any]) -> Any:
    """Send an act and confirm it where it is asked about."""
    answer = call(player, "contoso", method, path, body)
    asked = answer.json()
    if answer.status_code == 409 and asked["code"] == "confirmation_required":
        return call(player, "contoso", method, path, {**body, "confirm": asked["confirm"], "reason": "It has to be."})
    return answer


def test_a_paused_owner_gives_nobody_access_and_takes_it_back(cast: Cast, own: Any, pause: Any, chancery: Any) -> None:
    revoke = f"documents/{own.cid}/revoke"
    assert answered(cast.olga, "POST", revoke, {"recipient": MAX}).json()["changed"]
    found = pause(cast.olga)
    for method, path, body in wider(own):
        refused = problem(answered(cast.olga, method, path, body), 403, PAUSED)
        assert "/pause/" in refused["next_step"], path
    told = chancery("restore", own.cid, "--recipient", MAX, who=cast.olga)
    assert (told.exit_code, "You are paused" in told.output) == (1, True), told.output
    browser = Site(cast, {}).browser(HOST, cast.olga)
    shown = browser.post(f"/documents/{own.cid}/restore/", {"recipient": MAX, "confirm": "plan.txt"}, follow=True)
    assert "You are paused" in shown.content.decode()
    narrower = policy((RITA, "VIEW"))
    assert answered(cast.olga, "PUT", f"documents/{own.cid}/policy", narrower).status_code == 200
    assert answered(cast.olga, "POST", revoke, {}).json()["changed"]
    assert refusal(cast.rita, own.path).reason == "revoked"
    assert confirmed(cast.ada, "contoso", "POST", f"pauses/{found.id}/release").status_code == 200
    assert answered(cast.olga, "POST", f"documents/{own.cid}/restore", {}).status_code == 200
    assert rights(cast.rita, own.path) == {"VIEW"}


def test_a_paused_administrator_approves_nothing_and_releases_nobody(cast: Cast, own: Any, pause: Any) -> None:
    released = pause(cast.max)
    with in_organization(cast.organizations["contoso"].id):
        Budget.objects.all().update(who="person", subject_id=cast.max.id)
    pause(cast.ada, who="person", subject=cast.ada.id, subject_address=cast.ada.address)
    problem(answered(cast.ada, "POST", f"pauses/{released.id}/release", {}), 403, PAUSED)
    assert answered(cast.ada, "POST", f"documents/{own.cid}/revoke", {"recipient": RITA}).json()["changed"]
    problem(answered(cast.ada, "POST", f"documents/{own.cid}/restore", {"recipient": RITA}), 403, PAUSED)


def test_a_released_person_opens_at_once_and_what_devices_keep_stays(cast: Cast, plan: Path, pause: Any) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW", offline_days=7)
    contoso = cast.organizations["contoso"].id
    found = pause(cast.max, forgets_copies=True)
    assert refusal(cast.max, sealed.path).reason == PAUSED
    with in_organization(contoso):
        number, entries = FeedHead.objects.get().seq, FeedEntry.objects.count()
    assert confirmed(cast.ada, "contoso", "POST", f"pauses/{found.id}/release").status_code == 200
    assert rights(cast.max, sealed.path) == {"VIEW"}
    with in_organization(contoso):
        assert FeedHead.objects.get().seq > number, "no refusal by the pause is recorded after it"
        with transaction.atomic():
            assert begin_told() is not None
        assert FeedEntry.objects.count() == entries, "the pause was over before the worker told of it"
    assert set(cast.max.offline().open_stream(sealed.path, io.BytesIO()).rights) == {"VIEW"}


def test_telling_of_a_pause_and_ending_it_lock_in_one_order(cast: Cast, pause: Any) -> None:
    contoso, found = cast.organizations["contoso"].id, pause(cast.max, forgets_copies=True)

    def tell() -> UUID | None:
        try:
            with in_organization(contoso), transaction.atomic():
                row = begin_told()
                return None if row is None else row.id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as beside:
        with in_organization(contoso), transaction.atomic():
            touch()
            telling = beside.submit(tell)
            wait_until_somebody_waits_for_a_lock()
            end_pause(actor=Actor(person=cast.ada.id, address=cast.ada.address), pause_id=found.id, how=RELEASED)
        assert telling.result(timeout=20) == found.id
    with in_organization(contoso):
        assert Pause.objects.get(id=found.id).ended_as == RELEASED


def test_a_person_who_is_paused_elsewhere_learns_it_at_home(cast: Cast, pause: Any, chancery: Any) -> None:
    pause(cast.rita, who="person", subject=cast.rita.id, subject_address=cast.rita.address)
    found = call(cast.rita, "fabrikam", "GET", "pause").json()
    (elsewhere,) = found["elsewhere"]
    assert (found["pause"], elsewhere["page"]) == (None, "http://contoso.localhost:8000/pause/")
    browser = Site(cast, {}).browser("fabrikam.localhost:8000", cast.rita)
    for address in ("/", "/pause/"):
        assert elsewhere["page"] in browser.get(address).content.decode()
    told = chancery("pause", "show", who=cast.rita).output
    assert f"You are paused at {elsewhere['organization']}: {elsewhere['page']}" in told
    assert call(cast.max, "contoso", "GET", "pause").json()["elsewhere"] == []
