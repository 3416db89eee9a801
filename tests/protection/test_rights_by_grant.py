"""What a right lets its holder do with the policy itself: VIEWRIGHTSDATA reads it, EDITRIGHTSDATA changes it."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse

from chancery.policy.policy import Conditions
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.asking import asked, command, grant, newcomer
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, opening, problem, protect, rights

READS, CHANGES = "VIEW,VIEWRIGHTSDATA", "VIEW,VIEWRIGHTSDATA,EDITRIGHTSDATA"


def policy(player: Player, cid: UUID) -> dict[str, Any]:
    answer = call(player, "contoso", "GET", f"documents/{cid}/policy")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def page(cast: Cast, player: Player, path: str) -> tuple[int, str]:
    answer = Site(cast, {}).browser("contoso.localhost:8000", player).get(path)
    return answer.status_code, answer.content.decode()


def widened(player: Player, cid: UUID) -> HttpResponse:
    wanted = {"grants": [{"who": f"address:{RITA}", "rights": ["VIEW", "PRINT"]}]}
    return call(player, "contoso", "PUT", f"documents/{cid}/policy", {"policy": wanted, "reason": "They print it."})


def test_only_holders_of_the_right_to_view_rights_read_the_list(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{READS}", f"{MAX}:VIEW")
    for player in (cast.rita, cast.max):
        opening(player, sealed.path)
    found = policy(cast.rita, sealed.cid)
    assert [grant["who"] for grant in found["grants"]] == [f"address:{RITA}", f"address:{MAX}"]
    assert found["may_change"] is False
    problem(call(cast.max, "contoso", "GET", f"documents/{sealed.cid}/policy"), 404, "not_found")
    problem(call(newcomer(cast), "contoso", "GET", f"documents/{sealed.cid}/policy"), 404, "not_found")


def test_the_page_of_ones_own_access_shows_the_list_to_its_holders_alone(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{READS}", f"{MAX}:VIEW")
    for player in (cast.rita, cast.max):
        opening(player, sealed.path)
    path = f"/documents/{sealed.cid}/access/"
    assert MAX in page(cast, cast.rita, path)[1]
    assert RITA not in page(cast, cast.max, path)[1]
    assert page(cast, cast.rita, f"/documents/{sealed.cid}/change/")[0] == 404


def test_only_a_holder_of_the_right_reads_that_it_shows_the_list(cast: Cast, plan: Path) -> None:
    sealed, why = protect(cast.olga, plan, f"{RITA}:{READS}"), "because the policy lets you see"
    opening(cast.rita, sealed.path)
    path = f"/documents/{sealed.cid}/access/"
    assert why in page(cast, cast.rita, path)[1]
    owner = page(cast, cast.olga, path)[1]
    assert RITA in owner
    assert why not in owner


def test_holders_of_the_right_to_edit_rights_change_the_policy(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{CHANGES}")
    assert widened(cast.rita, sealed.cid).status_code == 200
    assert rights(cast.rita, sealed.path) == {"VIEW", "PRINT"}
    (event,) = ledger(cast, "contoso", "content.changed", cid=sealed.cid)
    assert event.details["basis"] == "grant"
    assert RITA in event.personal["addresses"]


def test_a_grant_of_owner_changes_the_policy_too(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:OWNER")
    assert policy(cast.rita, sealed.cid)["may_change"] is True
    assert widened(cast.rita, sealed.cid).status_code == 200


def test_nobody_else_changes_it(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{READS},EXPORT", f"{MAX}:VIEW")
    for player in (cast.rita, cast.max, newcomer(cast)):
        problem(widened(player, sealed.cid), 404, "not_found")
    problem(widened(cast.ada, sealed.cid), 403, "widening_not_allowed")


def test_an_administrator_to_whom_it_is_granted_may_widen(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{cast.ada.address}:{CHANGES}")
    assert widened(cast.ada, sealed.cid).status_code == 200


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_right_that_does_not_open_the_document_does_not_change_it_either(cast: Cast, plan: Path, how: str) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{CHANGES}")
    if how == "revoked":
        call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": RITA})
    else:
        over = {"grants": [{"who": f"address:{RITA}", "rights": CHANGES.split(",")}], "expires": 1}
        confirmed(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": over})
    problem(widened(cast.rita, sealed.cid), 404, "not_found")


def test_a_condition_of_the_opening_holds_for_the_change_too(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{CHANGES}")
    strong = {
        "grants": [{"who": f"address:{RITA}", "rights": CHANGES.split(",")}],
        "conditions": {"strength": "passkey"},
    }
    path = f"documents/{sealed.cid}/policy"
    assert confirmed(cast.olga, "contoso", "PUT", path, {"policy": strong}).status_code == 200
    problem(widened(cast.rita, sealed.cid), 404, "not_found")


def test_a_holder_changes_it_on_the_page_and_at_the_command_line(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{CHANGES}")
    opening(cast.rita, sealed.path)
    status, shown = page(cast, cast.rita, f"/documents/{sealed.cid}/change/")
    assert status == 200
    assert f"/documents/{sealed.cid}/access/" in shown
    assert RITA in command(cast.rita, monkeypatch, "policy", str(sealed.path)).output
    command(cast.rita, monkeypatch, "change", str(sealed.path), "--grant", f"{MAX}:VIEW")
    assert rights(cast.max, sealed.path) == {"VIEW"}


def test_the_right_to_edit_rights_reads_them_too(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW,EDITRIGHTSDATA")
    assert policy(cast.rita, sealed.cid)["may_change"] is True


def test_what_is_asked_of_devices_does_not_keep_a_holder_from_the_policy(cast: Cast, plan: Path) -> None:
    conditions = Conditions(platforms=frozenset({"linux"}), post_quantum=True)
    sealed = protect(cast.olga, plan, f"{RITA}:{CHANGES}", conditions=conditions)
    assert policy(cast.rita, sealed.cid)["may_change"] is True
    assert widened(cast.rita, sealed.cid).status_code == 200


def test_rights_that_a_template_gives_leave_the_document_under_it(cast: Cast, plan: Path) -> None:
    """The first default template gives every employee all rights; nobody takes everybody's document by them."""
    sealed = protect(cast.olga, plan, template="Confidential — all employees")
    assert "OWNER" in rights(cast.max, sealed.path)
    assert policy(cast.max, sealed.cid)["may_change"] is False
    problem(widened(cast.max, sealed.cid), 404, "not_found")
    assert page(cast, cast.max, f"/documents/{sealed.cid}/change/")[0] == 404
    assert widened(cast.olga, sealed.cid).status_code == 409, "everybody would lose it, which is asked about"


def test_an_administrator_does_not_hand_out_the_right_by_taking_the_document_out(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, template="Confidential — all employees")
    opening(cast.max, sealed.path)
    path = f"documents/{sealed.cid}/policy"
    same = call(cast.olga, "contoso", "GET", path).json()["policy"]
    assert call(cast.ada, "contoso", "PUT", path, {"policy": same}).status_code == 200
    assert policy(cast.max, sealed.cid)["may_change"] is False
    problem(widened(cast.ada, sealed.cid), 403, "widening_not_allowed")
    assert call(cast.olga, "contoso", "PUT", path, {"policy": same}).status_code == 200
    assert policy(cast.max, sealed.cid)["may_change"] is True, "now the owner has said so"


def test_a_change_is_made_to_what_its_editor_saw_or_not_at_all(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:{CHANGES}")
    seen = policy(cast.max, sealed.cid)
    without = {"grants": [{"who": f"address:{MAX}", "rights": CHANGES.split(",")}]}
    path = f"documents/{sealed.cid}/policy"
    assert call(cast.olga, "contoso", "PUT", path, {"policy": without}).status_code == 200
    late = {"policy": seen["policy"], "based_on": seen["version"]}
    problem(call(cast.max, "contoso", "PUT", path, late), 409, "conflict")
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.max)
    form = {"grants": f"{RITA}: viewer", "based_on": str(seen["version"])}
    answer = browser.post(f"/documents/{sealed.cid}/change/", form)
    assert "Another person has changed who may open this document in the meantime." in answer.content.decode()
    problem(call(cast.rita, "contoso", "GET", path), 404, "not_found")


def test_a_holder_finds_the_page_of_their_access_before_opening_anything(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{CHANGES}")
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.rita)
    answer = browser.get(f"/documents/{sealed.cid}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/documents/{sealed.cid}/access/")
    assert page(cast, newcomer(cast), f"/documents/{sealed.cid}/")[0] == 404


def test_what_was_granted_to_one_person_is_in_the_list_too(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{READS}")
    request = asked(cast.max, sealed)
    assert grant(cast.olga, request, until=int(time.time()) + 7 * 86_400).status_code == 200
    (given,) = policy(cast.max, sealed.cid)["personal_grants"]
    assert given["who"] == MAX
    shown = page(cast, cast.max, f"/documents/{sealed.cid}/access/")[1]
    assert "Given to those who asked" in shown
    assert f"<strong>{MAX}</strong>" in shown


def test_a_kept_license_that_does_not_serve_is_passed_over(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    opening(cast.rita, sealed.path)
    wider = {"grants": [{"who": f"address:{RITA}", "rights": ["VIEW", "EXPORT"]}], "offline_days": 7}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": wider}).status_code == 200
    assert opening(cast.rita, sealed.path).source == "kept", "to read, it is enough"
    content = plan.read_bytes()
    plan.unlink()
    plain = cast.rita.session.unprotect(sealed.path).path
    assert plain is not None
    assert plain.read_bytes() == content


def test_nobody_is_removed_whom_the_policy_does_not_name(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    told = command(cast.olga, monkeypatch, "change", str(sealed.path), "--remove", "rtia@fabrikam.example", code=2)
    assert "rtia@fabrikam.example is not in the policy." in told.output
    command(cast.olga, monkeypatch, "change", str(sealed.path), "--grant", "everybody:viewer", "--remove", RITA)
    assert "everybody" in command(cast.olga, monkeypatch, "policy", str(sealed.path)).output
