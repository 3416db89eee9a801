"""One person everywhere: replaced, added or removed across documents, resumed after a kill, undone as one."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from portal.usecases import everywhere as usecase
from portal.usecases.everywhere import carry_on_everywhere
from protection.services import everywhere as service
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, call, confirmed, ledger, opening, problem, protect, refusal, rights, shows_names

NEW = "new@partner.example"


@pytest.fixture
def owner(cast: Cast) -> Player:
    """Return a person whose documents no other test has."""
    return cast.join(f"owner-{uuid4().hex[:6]}", "contoso")


def change(player: Player, **body: Any) -> Any:
    return confirmed(player, "contoso", "POST", "everywhere-changes", body).json()


def shown(player: Player, change_id: str) -> dict[str, Any]:
    return dict(call(player, "contoso", "GET", f"everywhere-changes/{change_id}").json())


def granted(player: Player, cid: Any) -> set[str]:
    found = call(player, "contoso", "GET", f"documents/{cid}/policy").json()["grants"]
    return {one["who"].removeprefix("address:") for one in found}


def carry_on(cast: Cast) -> None:
    with in_organization(cast.organizations["contoso"].id):
        carry_on_everywhere()


def test_one_person_is_replaced_in_every_document_and_it_is_undone_as_one(
    cast: Cast, owner: Player, plan: Path
) -> None:
    leaver = cast.join(f"leaver-{uuid4().hex[:6]}", "contoso")
    first, second = (protect(owner, plan, f"{leaver.address}:VIEW,PRINT", offline_days=7) for _ in range(2))
    other = protect(owner, plan, f"{MAX}:VIEW")
    opening(leaver, first.path)
    body = {"act": "replace", "who": leaver.address, "to": MAX}
    asked = problem(call(owner, "contoso", "POST", "everywhere-changes", body), 409, "confirmation_required")
    said = " ".join(asked["consequences"])
    assert (asked["confirm"], "1 kept copy stays readable" in said, f"{MAX} gains" in said) == ("2", True, True)
    made = change(owner, **body)
    assert (made["documents"], made["skipped"]) == (2, {})
    assert {*granted(owner, first.cid), *granted(owner, second.cid)} == {MAX}
    assert rights(cast.max, first.path) == {"VIEW", "PRINT"}
    leaver.session.service.feeds_asked.clear()
    assert refusal(leaver, first.path).reason == "not_granted", "what was kept has ended"
    events = [ledger(cast, "contoso", "content.changed", cid=one.cid) for one in (first, second, other)]
    assert [len(one) for one in events] == [1, 1, 0]
    call(owner, "contoso", "PUT", f"documents/{second.cid}/policy", {"policy": {"grants": []}, "confirm": "plan.txt"})
    undone = confirmed(owner, "contoso", "POST", f"everywhere-changes/{made['id']}/undo").json()
    assert undone["state"] == "undone"
    assert granted(owner, first.cid) == {leaver.address}
    assert granted(owner, second.cid) == set(), "what was changed since stays"
    assert [one["reason"] for one in shown(owner, made["id"])["skipped"]] == ["changed_since"]
    problem(
        call(owner, "contoso", "POST", f"everywhere-changes/{made['id']}/undo", {"confirm": "2"}), 409, "cannot_undo"
    )
    problem(call(cast.max, "contoso", "GET", f"everywhere-changes/{made['id']}"), 404, "not_found")


def test_the_question_counts_no_kept_copies_where_it_would_say_who_opened_something(
    cast: Cast, owner: Player, plan: Path
) -> None:
    opening(cast.max, protect(owner, plan, f"{MAX}:VIEW", offline_days=7).path)

    def said() -> str:
        asked = call(owner, "contoso", "POST", "everywhere-changes", {"act": "remove", "who": MAX}).json()
        return " ".join(asked["consequences"])

    assert "1 kept copy" in said()
    assert (
        call(cast.ada, "contoso", "PATCH", "settings", {"tracking": "pseudonymous", "confirm": "yes"}).status_code
        == 200
    )
    try:
        assert "kept copy" not in said()
    finally:
        shows_names(cast)


def test_undoing_leaves_what_was_handed_over_and_takes_the_role_that_it_was_done_by(
    cast: Cast, owner: Player, plan: Path
) -> None:
    sealed = protect(owner, plan, f"{MAX}:VIEW", f"{NEW}:VIEW")
    made = change(owner, act="remove", who=NEW)
    confirmed(owner, "contoso", "POST", "hand-overs", {"to": MAX, "documents": [str(sealed.cid)]})
    confirmed(owner, "contoso", "POST", f"everywhere-changes/{made['id']}/undo")
    assert granted(cast.max, sealed.cid) == {MAX}
    second = cast.join(f"second-{uuid4().hex[:6]}", "contoso", role="global_administrator")
    by_role = change(second, act="remove", who=MAX, scope="all", owner=MAX)
    confirmed(cast.ada, "contoso", "PATCH", f"people/{second.id}", {"role": "user"})
    path = f"everywhere-changes/{by_role['id']}/undo"
    problem(call(second, "contoso", "POST", path, {"confirm": "1"}), 404, "not_found")


def test_documents_by_a_template_are_left_and_the_reason_is_said(cast: Cast, owner: Player, plan: Path) -> None:
    created = call(
        cast.ada,
        "contoso",
        "POST",
        "templates",
        {"names": {"en": f"T{uuid4().hex[:6]}"}, "policy": {"grants": [{"who": NEW, "rights": ["VIEW"]}]}},
    ).json()
    call(cast.ada, "contoso", "POST", f"templates/{created['id']}/publish")
    protect(owner, plan, template=created["id"])
    own = protect(owner, plan, f"{NEW}:VIEW")
    made = change(owner, act="remove", who=NEW)
    assert (made["documents"], made["skipped"]) == (1, {"by_template": 1})
    assert "change the template" in " ".join(made["warnings"])
    assert granted(owner, own.cid) == set()
    again = call(owner, "contoso", "POST", "everywhere-changes", {"act": "remove", "who": NEW}).json()
    assert (again["changed"], again["documents"]) == (False, 0)


def test_a_killed_run_goes_on_where_it_was(
    cast: Cast, owner: Player, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cids = [protect(owner, plan, f"{MAX}:VIEW").cid for _ in range(5)]
    for module in (service, usecase):
        monkeypatch.setattr(module, "BATCH", 2)
    made = change(owner, act="add", to=NEW, rights=["viewer"])
    assert shown(owner, made["id"])["state"] == "running"
    with in_organization(cast.organizations["contoso"].id):
        service.everywhere_batch(made["id"])

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(service, "record_many", killed)
        with pytest.raises(KeyboardInterrupt):
            carry_on(cast)
    assert (shown(owner, made["id"])["done"], sum(NEW in granted(owner, cid) for cid in cids)) == (2, 2)
    carry_on(cast)
    done = shown(owner, made["id"])
    assert (done["state"], done["done"], done["changed"]) == ("done", 5, 5)
    assert all(granted(owner, cid) == {MAX, NEW} for cid in cids)
    assert all(len(ledger(cast, "contoso", "content.changed", cid=cid)) == 1 for cid in cids)
    confirmed(owner, "contoso", "POST", f"everywhere-changes/{made['id']}/undo")
    carry_on(cast)
    assert all(granted(owner, cid) == {MAX} for cid in cids)


def test_administrators_only_remove_and_say_why(cast: Cast, owner: Player, plan: Path) -> None:
    sealed = protect(owner, plan, f"{NEW}:VIEW", f"{MAX}:VIEW")
    all_of = {"scope": "all", "owner": owner.address}
    for body in ({"act": "add", "to": NEW, "rights": ["VIEW"]}, {"act": "replace", "who": NEW, "to": MAX}):
        problem(call(cast.ada, "contoso", "POST", "everywhere-changes", body | all_of), 403, "widening_not_allowed")
    problem(
        call(owner, "contoso", "POST", "everywhere-changes", {"act": "remove", "who": NEW} | all_of), 404, "not_found"
    )
    made = change(cast.ada, act="remove", who=NEW, **all_of)
    assert (made["documents"], granted(owner, sealed.cid)) == (1, {MAX})
    (event,) = ledger(cast, "contoso", "content.changed", cid=sealed.cid)
    assert (event.details["basis"], event.details["reason"]) == ("administrator", "It has to be.")
    confirmed(cast.ada, "contoso", "POST", f"everywhere-changes/{made['id']}/undo")
    assert granted(owner, sealed.cid) == {NEW, MAX}


def test_a_person_replaces_another_on_the_pages(cast: Cast, owner: Player, plan: Path) -> None:
    sealed = protect(owner, plan, f"{NEW}:VIEW")
    browser = Site(cast, {}).browser("contoso.localhost:8000", owner)
    empty = browser.post("/everywhere/new/", {"act": "replace", "who": NEW}).content.decode()
    assert "aria-invalid" in empty
    form = {"act": "replace", "who": NEW, "to": MAX, "level": "viewer"}
    asked = browser.post("/everywhere/new/", form).content.decode()
    assert f"Replace {NEW} by {MAX} in 1 document?" in asked
    assert browser.post("/everywhere/new/", {**form, "confirm": "1"}).status_code == 302
    assert granted(owner, sealed.cid) == {MAX}
    (one,) = call(owner, "contoso", "GET", "everywhere-changes").json()["results"]
    assert f"/everywhere/{one['id']}/" in browser.get("/everywhere/").content.decode()
    page = browser.get(f"/everywhere/{one['id']}/").content.decode()
    assert "Undo it" in page
    assert browser.post(f"/everywhere/{one['id']}/undo/", {"confirm": "1"}).status_code == 302
    assert granted(owner, sealed.cid) == {NEW}
