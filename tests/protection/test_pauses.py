"""A pause ends by a second factor that a thief does not have, or by another person; everybody concerned knows of it."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from portal.models import Notification
from portal.notifications.backend import unsealed
from portal.usecases import tell_pauses
from protection.models import Budget, BudgetUse, CountedOpening, FeedEntry, Pause, ServiceSettings
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.reading import application_of, given, reading_by
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, problem, protect, refusal, rights
from tests.protection.test_budgets import PAUSED, ask, budget

HOST = "contoso.localhost:8000"


@pytest.fixture(autouse=True)
def _without_budgets(cast: Cast, settings: Any) -> Iterator[None]:
    """Let each test begin and end without budgets, counts, pauses and second factors."""
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    yield
    with in_organization(cast.organizations["contoso"].id):
        for model in (Pause, Budget, BudgetUse, CountedOpening):
            model.objects.all().delete()
        ServiceSettings.objects.update(budgets=False, tracking="named")
    Authenticator.objects.all().delete()


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> list[Any]:
    """Return two documents, of which a budget lets each open one."""
    return [protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", offline_days=0) for _ in range(2)]


def use_up(player: Player, sealed: list[Any]) -> None:
    assert [ask(player, one) for one in sealed] == ["", PAUSED]


def factor(player: Player, age: timedelta) -> None:
    """Let a person have set up an authenticator app so long ago."""
    row = Authenticator.objects.create(user_id=player.id, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.filter(pk=row.pk).update(created_at=timezone.now() - age)


def signed_in(cast: Cast, player: Player, *, at: float, strong: bool) -> Client:
    """Return a browser in which a person signed in at a moment, with a second factor or without one."""
    browser = Site(cast, {}).browser(HOST, player, keep=False)
    session = browser.session
    steps = [{"method": "code", "at": at}, *([{"method": "mfa", "type": "totp", "at": at}] if strong else [])]
    session[AUTHENTICATION_METHODS_SESSION_KEY] = steps
    session.save()
    return browser


def pause_of(cast: Cast) -> Pause:
    with in_organization(cast.organizations["contoso"].id):
        return Pause.objects.get()


def told(cast: Cast) -> list[Any]:
    """Let the worker tell of pauses; return the mails that this made."""
    before = set(Notification.objects.values_list("pk", flat=True))
    organization = cast.organizations["contoso"].id
    with in_organization(organization):
        tell_pauses.carry_on(organization)
    rows = Notification.objects.exclude(pk__in=before).order_by("created_at")
    return [unsealed(bytes(row.sealed)) for row in rows]


@pytest.mark.parametrize(
    ("age", "signed", "strong", "ends"),
    [
        (timedelta(days=2), 1.0, True, True),
        (timedelta(days=2), 1.0, False, False),
        (timedelta(days=2), -60.0, True, False),
        (timedelta(hours=23), 1.0, True, False),
        (None, 1.0, False, False),
    ],
)
def test_only_a_sign_in_since_the_pause_with_an_older_second_factor_ends_it(
    cast: Cast, sealed: list[Any], age: timedelta | None, signed: float, strong: bool, ends: bool
) -> None:
    if age is not None:
        factor(cast.max, age)
    budget(cast, 1)
    use_up(cast.max, sealed)
    # A sign-in is known to the second.
    at = pause_of(cast).began_at.timestamp() + signed
    time.sleep(max(at - time.time(), 0)) if signed > 0 else None
    browser = signed_in(cast, cast.max, at=at, strong=strong)
    shown = browser.get("/pause/").content.decode()
    assert ("Confirm that it was me" in shown) == (age == timedelta(days=2))
    home = browser.get("/").content.decode()
    assert ("Your access is paused" in home, "You used up the budget of 1 opening in" in home) == (True, True)
    browser.post("/pause/", {})
    assert pause_of(cast).ended_at is None, "it asks first"
    browser.post("/pause/", {"confirm": "yes"})
    assert (pause_of(cast).ended_at is not None) == ends
    assert ask(cast.max, sealed[1]) == ("" if ends else PAUSED)
    if ends:
        assert pause_of(cast).ended_as == "confirmed"
        assert ledger(cast, "contoso", "pause.confirmed")[0].personal["person"] == str(cast.max.id)


def test_a_newer_second_factor_beside_an_old_one_ends_nothing(cast: Cast, sealed: list[Any]) -> None:
    factor(cast.max, timedelta(days=30))
    Authenticator.objects.create(user_id=cast.max.id, type=Authenticator.Type.WEBAUTHN, data={})
    budget(cast, 1)
    use_up(cast.max, sealed)
    at = pause_of(cast).began_at.timestamp() + 1
    browser = signed_in(cast, cast.max, at=at, strong=True)
    browser.post("/pause/", {"confirm": "yes"})
    assert pause_of(cast).ended_at is None


def test_administrators_and_the_budgets_owner_release_others_and_never_themselves(
    cast: Cast, sealed: list[Any]
) -> None:
    budget(cast, 1, owner=cast.olga.id, owner_address=cast.olga.address)
    use_up(cast.max, sealed)
    path = f"pauses/{pause_of(cast).id}/release"
    for who in (cast.rita, cast.max):
        assert call(who, "contoso", "POST", path, {}).status_code in {404, 409}, who.address
    problem(call(cast.olga, "contoso", "POST", path, {}), 409, "confirmation_required")
    assert confirmed(cast.olga, "contoso", "POST", path).json()["changed"]
    (event,) = ledger(cast, "contoso", "pause.released")[:1]
    assert event.details["note"] == "It has to be."
    assert (event.personal["recipient"], event.personal["person"]) == (MAX, str(cast.olga.id))
    problem(call(cast.ada, "contoso", "POST", path, {"confirm": "x", "reason": "x"}), 409, "pause_ended")
    assert ask(cast.max, sealed[1]) == "", "what was opened before the release counts no more"


def test_a_paused_administrator_neither_releases_themselves_nor_changes_budgets(cast: Cast, plan: Path) -> None:
    two = [protect(cast.olga, plan, f"{cast.ada.address}:VIEW", offline_days=0) for _ in range(2)]
    made = budget(cast, 1)
    use_up(cast.ada, two)
    path = f"pauses/{pause_of(cast).id}/release"
    problem(call(cast.ada, "contoso", "POST", path, {}), 409, "own_pause")
    problem(call(cast.ada, "contoso", "DELETE", f"budgets/{made.id}", {}), 403, PAUSED)
    body = {"openings": 100, "seconds": 600}
    problem(call(cast.ada, "contoso", "PUT", f"budgets/{made.id}", body), 403, PAUSED)


def test_person_and_owner_are_mailed_once_and_the_pause_is_an_event(cast: Cast, sealed: list[Any]) -> None:
    budget(cast, 1, owner=cast.olga.id, owner_address=cast.olga.address)
    use_up(cast.max, sealed)
    mails = {mail.to[0]: str(mail.body) for mail in told(cast)}
    assert mails.keys() == {MAX, cast.olga.address}
    assert "/pause/" in mails[MAX]
    assert MAX in mails[cast.olga.address]
    assert told(cast) == []
    (event,) = ledger(cast, "contoso", "pause.began")[:1]
    assert (event.personal["person"], event.details["openings"]) == (str(cast.max.id), 1)
    assert [one["who"] for one in call(cast.ada, "contoso", "GET", "pauses?state=open").json()["results"]] == [MAX]
    assert len(call(cast.olga, "contoso", "GET", "pauses").json()["results"]) == 1
    assert call(cast.rita, "contoso", "GET", "pauses").json()["results"] == []
    near = call(cast.ada, "contoso", "GET", "budgets").json()["results"][0]
    assert (near["paused"], near["near"]) == (1, [{"who": MAX, "used": 1}])


def test_a_worker_that_is_stopped_tells_it_once_later(
    cast: Cast, sealed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    budget(cast, 1)
    use_up(cast.max, sealed)

    class Stopped(Exception):
        pass

    def stopped(*_args: object, **_more: object) -> None:
        raise Stopped

    before = len(ledger(cast, "contoso", "pause.began"))
    with monkeypatch.context() as patch:
        patch.setattr(tell_pauses, "mail_paused", stopped)
        with pytest.raises(Stopped):
            told(cast)
    assert len(ledger(cast, "contoso", "pause.began")) == before
    assert len(told(cast)) == 2
    assert len(ledger(cast, "contoso", "pause.began")) == before + 1


def test_where_names_are_not_shown_a_pause_has_a_number(cast: Cast, sealed: list[Any]) -> None:
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    with in_organization(cast.organizations["contoso"].id):
        ServiceSettings.objects.update(tracking="pseudonymous")
    budget(cast, 1, owner=cast.olga.id, owner_address=cast.olga.address)
    use_up(cast.max, sealed)
    mails = {mail.to[0]: f"{mail.subject} {mail.body}" for mail in told(cast)}
    number = str(pause_of(cast).id)[:8]
    assert MAX not in mails[cast.olga.address]
    assert number in mails[cast.olga.address]
    assert number in mails[MAX]
    for who in (auditor, cast.ada, cast.olga):
        said = [call(who, "contoso", "GET", path).content.decode() for path in ("pauses", "budgets")]
        assert MAX not in "".join(said), who.address
        assert number in said[0]
    path = f"pauses/{pause_of(cast).id}/release"
    assert confirmed(cast.ada, "contoso", "POST", path).json()["changed"]
    for kind in ("pause.began", "pause.released"):
        listed = call(auditor, "contoso", "GET", f"audit/events?kind={kind}&limit=1").json()["results"]
        assert listed
        assert MAX not in json.dumps(listed), kind
    assert (
        call(auditor, "contoso", "GET", f"audit/events?kind=pause.began&person={cast.max.id}").json()["results"] == []
    )


def test_why_says_that_a_person_is_paused_to_those_who_may_know(cast: Cast, sealed: list[Any]) -> None:
    budget(cast, 1)
    use_up(cast.max, sealed)
    path = f"documents/{sealed[1].cid}/why?who={MAX}"
    for who, knows in ((cast.ada, True), (cast.olga, False)):
        found = call(who, "contoso", "GET", path).json()
        assert (PAUSED in json.dumps(found)) is knows, who.address
    browser = Site(cast, {}).browser(HOST, cast.max)
    assert "your access is paused" in browser.get(f"/documents/{sealed[1].cid}/access/").content.decode()


def test_kept_copies_are_forgotten_where_the_budget_says_so(cast: Cast, sealed: list[Any]) -> None:
    contoso = cast.organizations["contoso"].id
    for forgets in (False, True):
        made = budget(cast, 1, forgets_copies=forgets)
        use_up(cast.max, sealed)
        with in_organization(contoso):
            before = FeedEntry.objects.count()
        told(cast)
        with in_organization(contoso):
            assert FeedEntry.objects.count() - before == int(forgets)
            Pause.objects.all().delete()
            CountedOpening.objects.all().delete()
            BudgetUse.objects.all().delete()
            Budget.objects.filter(id=made.id).delete()


def test_a_removed_budget_ends_its_pauses_and_a_changed_one_does_not(cast: Cast, sealed: list[Any]) -> None:
    made = budget(cast, 1)
    use_up(cast.max, sealed)
    body = {"openings": 100, "seconds": 600}
    assert confirmed(cast.ada, "contoso", "PUT", f"budgets/{made.id}", body).json()["changed"]
    assert ask(cast.max, sealed[0]) == PAUSED
    assert confirmed(cast.ada, "contoso", "DELETE", f"budgets/{made.id}").json()["changed"]
    assert ask(cast.max, sealed[1]) == ""
    events = list(ledger(cast, "contoso", "budget."))[:3]
    assert [one.kind for one in events] == ["budget.removed", "budget.changed", "budget.made"]
    assert {"member": "openings", "before": 1, "after": 100} in events[1].personal["changes"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"openings": 0},
        {"openings": 10**9},
        {"seconds": 59},
        {"seconds": 8 * 86_400},
        {"who": "nobody"},
        {"who": "group"},
        {"who": "people", "name": MAX, "owner": "nobody@contoso.example"},
        {"who": "group", "name": "nobody@contoso.example"},
        {"who": "person", "name": "nobody@contoso.example"},
        {"more": 1},
    ],
)
def test_a_wrong_budget_is_refused_with_a_remedy(cast: Cast, wrong: dict[str, Any]) -> None:
    answer = call(cast.ada, "contoso", "POST", "budgets", {"openings": 10, "seconds": 600, **wrong})
    assert answer.status_code in {400, 404, 422}, answer.content
    assert call(cast.ada, "contoso", "GET", "budgets").json()["results"] == []


def test_pages_teach_make_change_and_release(cast: Cast, sealed: list[Any]) -> None:
    ada = signed_in(cast, cast.ada, at=time.time(), strong=True)
    assert "200 documents in 10 minutes" in ada.get("/budgets/").content.decode()
    assert "Nobody is paused" in ada.get("/pauses/").content.decode()
    assert 'value="200"' in ada.get("/budgets/new/").content.decode()
    form = {"openings": "1", "minutes": "10", "who": "people", "name": "", "owner": "", "counts_grants": "on"}
    assert ada.post("/budgets/new/", {**form, "minutes": "0"}).status_code == 200
    assert ada.post("/budgets/new/", form).status_code == 302
    use_up(cast.max, sealed)
    shown = ada.get("/budgets/").content.decode()
    assert ": 1</div>" in shown
    assert MAX in ada.get("/pauses/?state=open").content.decode()
    pause = pause_of(cast)
    release = f"/pauses/{pause.id}/release/"
    assert "End the pause of" in ada.post(release, {}).content.decode()
    assert ada.post(release, {"confirm": str(pause.id)[:8], "reason": "They called"}).status_code == 302
    assert "They called" in ada.get("/pauses/").content.decode()
    page = f"/budgets/{pause.budget_id}/"
    assert "Change this budget?" in ada.post(page, {**form, "openings": "7"}).content.decode()
    assert ada.post(page, {**form, "openings": "7", "confirm": "yes"}).status_code == 302
    assert "7 openings" in ada.get("/budgets/").content.decode()
    assert "Remove this budget?" in ada.post(f"{page}remove/", {}).content.decode()
    assert ada.post(f"{page}remove/", {"confirm": "yes", "reason": "Done"}).status_code == 302
    assert "No budgets" in ada.get("/budgets/").content.decode()
    assert ada.get("/pauses/?cursor=x").status_code == 302


def test_a_paused_person_gets_no_license_ahead_either(cast: Cast, plan: Path) -> None:
    sealed = [protect(cast.olga, plan, f"{MAX}:VIEW", offline_days=3) for _ in range(2)]
    cast.max.session.organization(cast.organizations["contoso"].id).let_settle()
    budget(cast, 1)
    path = f"documents/{sealed[1].cid}/prelicenses"
    (given,) = call(cast.olga, "contoso", "POST", path, {}).json()["results"]
    use_up(cast.max, sealed)
    (refused,) = call(cast.olga, "contoso", "POST", path, {}).json()["results"]
    assert (given["licenses"] > 0, refused["licenses"]) == (True, 0)
    assert PAUSED not in json.dumps(refused), "who sends licenses ahead does not learn it"
    assert "get no licenses at present" in refused["message"], "and is told nothing that is not so"
    own = protect(cast.ada, plan, f"{MAX}:VIEW", offline_days=3)
    (refused,) = call(cast.ada, "contoso", "POST", f"documents/{own.cid}/prelicenses", {}).json()["results"]
    assert refused["reason"] == PAUSED, "who watches may know"


def test_nobody_gets_around_a_budget_by_sending_licenses_to_themselves(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW", offline_days=3)
    cast.max.session.organization(cast.organizations["contoso"].id).let_settle()
    cast.olga.session.organization(cast.organizations["contoso"].id).let_settle()
    path, both = f"documents/{sealed.cid}/prelicenses", {"to": [MAX, cast.olga.address]}

    def given() -> dict[str, bool]:
        results = call(cast.olga, "contoso", "POST", path, both).json()["results"]
        return {one["recipient"]: one["licenses"] > 0 for one in results}

    assert given() == {MAX: True, cast.olga.address: True}
    budget(cast, 1)
    assert given() == {MAX: True, cast.olga.address: False}


def test_a_pause_that_came_after_its_budget_was_removed_is_over_and_keeps_no_later_one_away(
    cast: Cast, sealed: list[Any]
) -> None:
    """The refusal that begins a pause can be under way while an administrator removes the budget."""
    budget(cast, 1)
    use_up(cast.max, sealed)
    with in_organization(cast.organizations["contoso"].id):
        Budget.objects.update(removed_at=timezone.now())
    assert told(cast) == []
    assert pause_of(cast).ended_as == "removed"
    budget(cast, 1)
    assert ask(cast.max, protect(cast.olga, sealed[0].path.parent / "plan.txt", f"{MAX}:VIEW")) == PAUSED
    with in_organization(cast.organizations["contoso"].id):
        assert Pause.objects.filter(ended_at=None, budget__removed_at=None).count() == 1


def test_nothing_is_read_for_a_paused_person_by_an_application(cast: Cast, sealed: list[Any]) -> None:
    search = application_of(cast, "contoso")
    permission = given(cast, "contoso", search, asking=cast.olga, approving=cast.ada)

    def readable() -> list[str]:
        asked = {"for_person": cast.max.address, "documents": [str(one.cid) for one in sealed]}
        answer = call(search, "contoso", "POST", f"read-permissions/{permission}/readable", asked)
        return list(answer.json()["documents"])

    budget(cast, 1)
    with reading_by(search, permission, cast.max.address):
        assert rights(search, sealed[1].path) == {"VIEW"}
        assert readable() == [str(one.cid) for one in sealed]
        use_up(cast.max, sealed)
        assert refusal(search, sealed[1].path).reason == "not_granted", "the application does not learn it"
        assert readable() == []
    with reading_by(search, permission, cast.rita.address):
        assert refusal(search, sealed[1].path).reason == "outside_read_permission"
