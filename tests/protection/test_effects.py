"""Every write says what it changed for whom, and "nothing changed" where nothing did; dangerous ones ask first."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chancery.sdk.session import Protected
from portal.identity import recent_sign_in
from portal.words.events import shown_events
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, problem, protect, refusal, rights, send


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", offline_days=0)


def done(player: Player, path: str, body: Any = None, method: str = "POST") -> dict[str, Any]:
    answer = call(player, "contoso", method, path, body or {})
    assert answer.status_code == 200, answer.content
    made: dict[str, Any] = answer.json()
    assert made["message"]
    return made


# --- access -------------------------------------------------------------------------------------------------------


def test_revoking_an_address_without_access_says_so(cast: Cast, sealed: Protected) -> None:
    path = f"documents/{sealed.cid}/revoke"
    mistyped = done(cast.olga, path, {"recipient": "ritta@fabrikam.example"})
    assert (mistyped["changed"], mistyped["had_access"]) == (True, None), "it may be in a group of Fabrikam"
    assert "ritta@fabrikam.example is denied access from now on." in mistyped["message"]
    assert any("The policy does not name" in one for one in mistyped["warnings"])
    inside = protect(cast.olga, sealed.path.with_name("plan.txt"), f"{MAX}:VIEW")
    own = done(cast.olga, f"documents/{inside.cid}/revoke", {"recipient": cast.ada.address})
    assert own["had_access"] is False
    assert any("had no access" in one for one in own["warnings"])
    meant = done(cast.olga, path, {"recipient": RITA})
    assert (meant["changed"], meant["had_access"], meant["warnings"]) == (True, True, [])
    again = done(cast.olga, path, {"recipient": RITA})
    assert not again["changed"]
    assert RITA in again["message"]
    assert again["message"].endswith("Nothing changed.")
    issuer = done(cast.olga, path, {"recipient": cast.olga.address})
    assert any("keeps access" in one for one in issuer["warnings"])


def test_restoring_says_what_stays_revoked(cast: Cast, sealed: Protected) -> None:
    path = f"documents/{sealed.cid}/restore"
    done(cast.olga, f"documents/{sealed.cid}/revoke", {"recipient": RITA})
    before = len(ledger(cast, "contoso", "content.restored", cid=sealed.cid))
    nothing = done(cast.olga, path)
    assert (nothing["changed"], nothing["still_revoked"]) == (False, [RITA])
    assert any(RITA in one for one in nothing["warnings"])
    assert len(ledger(cast, "contoso", "content.restored", cid=sealed.cid)) == before, "nothing happened"
    assert refusal(cast.rita, sealed.path).reason == "revoked_for_you"
    done(cast.olga, f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"})
    partly = done(cast.olga, path, {"recipient": RITA})
    assert (partly["changed"], partly["revoked_for_everybody"]) == (True, True)
    assert any("still taken back from everybody" in one for one in partly["warnings"])
    whole = done(cast.olga, path)
    assert (whole["changed"], whole["warnings"]) == (True, [])
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    assert not done(cast.olga, path, {"recipient": "nobody@nowhere.example"})["changed"]


def test_a_grant_to_somebody_revoked_says_that_they_stay_refused(cast: Cast, sealed: Protected) -> None:
    done(cast.olga, f"documents/{sealed.cid}/revoke", {"recipient": RITA})
    policy = {"grants": [{"who": RITA, "rights": ["VIEW", "PRINT"]}]}
    made = done(cast.olga, f"documents/{sealed.cid}/policy", {"policy": policy}, "PUT")
    assert made["changed"]
    assert any(RITA in one and "Give it back" in one for one in made["warnings"])
    assert f"{MAX}: no longer has a grant" in made["message"]
    assert {one["who"] for one in made["differences"]} >= {f"address:{RITA}", f"address:{MAX}"}
    again = done(cast.olga, f"documents/{sealed.cid}/policy", {"policy": policy}, "PUT")
    assert not again["changed"]
    assert again["rev"] == made["rev"]


def test_a_change_of_a_group_names_who_came_and_went(cast: Cast) -> None:
    body = {"address": f"g{uuid4().hex[:6]}@contoso.example", "name": "Board", "members": [MAX]}
    group = call(cast.ada, "contoso", "POST", "groups", body).json()["id"]
    made = done(cast.ada, f"groups/{group}", {"add": [cast.olga.address, MAX]}, "PATCH")
    assert (made["changed"], made["added"]) == (True, [cast.olga.address])
    assert any("members already" in one for one in made["warnings"])
    nothing = done(cast.ada, f"groups/{group}", {"remove": [RITA]}, "PATCH")
    assert not nothing["changed"]
    assert "no direct members" in nothing["message"]
    (event,) = ledger(cast, "contoso", "group.changed")[:1]
    assert cast.olga.address in str(event.personal["changes"])


def test_templates_labels_and_settings_say_when_nothing_changed(cast: Cast) -> None:
    name = f"Told {uuid4().hex[:6]}"
    template = call(cast.ada, "contoso", "POST", "templates", {"names": {"en": name}, "policy": {}}).json()["id"]
    assert done(cast.ada, f"templates/{template}/publish")["changed"]
    again = done(cast.ada, f"templates/{template}/publish")
    assert (again["changed"], name in again["message"]) == (False, True)
    same = done(cast.ada, f"templates/{template}", {"names": {"en": name}}, "PATCH")
    assert (same["changed"], same["version"]) == (False, 1)
    before = done(cast.ada, "settings", {"registration_days": 77}, "PATCH")
    assert "77" in before["message"]
    assert not done(cast.ada, "settings", {"registration_days": 77}, "PATCH")["changed"]


def test_the_record_says_from_whom_access_was_taken_and_why(cast: Cast, sealed: Protected) -> None:
    done(cast.olga, f"documents/{sealed.cid}/revoke", {"recipient": RITA, "reason": "Sent by mistake"})
    done(cast.olga, f"documents/{sealed.cid}/restore", {"recipient": RITA})
    kinds = ("content.restored", "content.revoked")
    contoso = cast.organizations["contoso"]
    with in_organization(contoso.id):
        back, taken = shown_events(ledger(cast, "contoso", *kinds, cid=sealed.cid), contoso.id, contoso.name)
    assert taken.why == "Reason given: Sent by mistake"
    olga = cast.olga.address
    assert taken.what == f"{olga} took access to “plan.txt” back from {RITA}."
    assert back.what == f"{olga} gave access to “plan.txt” back to {RITA}."


def test_a_reader_reads_that_only_the_right_to_print_is_missing(cast: Cast, sealed: Protected) -> None:
    rights(cast.rita, sealed.path)
    own = call(cast.rita, "contoso", "GET", f"documents/{sealed.cid}/why?right=PRINT").json()
    assert not own["allowed"]
    assert own["reasons"][0]["message"].startswith("You may open this document")


# --- dangerous acts -----------------------------------------------------------------------------------------------


def test_a_dangerous_act_is_done_only_when_its_consequences_were_confirmed(cast: Cast) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso")
    path = f"people/{person.id}"
    asked = problem(call(cast.ada, "contoso", "PATCH", path, {"disabled": True}), 409, "confirmation_required")
    assert (asked["confirm"], asked["reason_required"]) == (person.address, True)
    assert asked["consequences"]
    wrong = {"disabled": True, "confirm": "somebody", "reason": "Left"}
    problem(call(cast.ada, "contoso", "PATCH", path, wrong), 409, "confirmation_required")
    silent = {"disabled": True, "confirm": person.address}
    problem(call(cast.ada, "contoso", "PATCH", path, silent), 409, "reason_required")
    assert not call(cast.ada, "contoso", "GET", path).json()["disabled"]
    made = confirmed(cast.ada, "contoso", "PATCH", path, {"disabled": True, "reason": "Left"}).json()
    assert (made["changed"], made["disabled"]) == (True, True)
    (event,) = ledger(cast, "contoso", "person.disabled")[:1]
    assert event.details["reason"] == "Left"
    again = done(cast.ada, path, {"disabled": True}, "PATCH")
    assert not again["changed"], "what is so already is not asked about"


def test_what_is_refused_anyway_is_refused_before_anybody_is_asked(cast: Cast) -> None:
    body = {"role": "user"}
    answer = call(cast.ada, "contoso", "PATCH", f"people/{cast.ada.id}", body)
    assert answer.status_code == 400, "the only administrator stays one"
    problem(answer, 400, "refused_by_directory")


def test_the_most_dangerous_acts_need_a_sign_in_of_the_last_minutes(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso")
    body = {"role": "global_administrator", "confirm": person.address, "reason": "Stands in"}
    monkeypatch.setattr(recent_sign_in, "SECONDS", -1)
    answer = call(cast.ada, "contoso", "PATCH", f"people/{person.id}", body)
    problem(answer, 403, "fresh_sign_in_required")
    assert call(cast.ada, "contoso", "GET", f"people/{person.id}").json()["roles"] == ["user"]
    monkeypatch.undo()
    assert confirmed(cast.ada, "contoso", "PATCH", f"people/{person.id}", {"role": "global_administrator"}).json()[
        "changed"
    ]
    (event,) = ledger(cast, "contoso", "role.changed")[:1]
    assert (event.details["before"], event.details["after"]) == ("user", "global_administrator")
    assert event.details["reason"]
    confirmed(cast.ada, "contoso", "PATCH", f"people/{person.id}", {"role": "user"})


def test_a_preview_is_no_way_around_the_confirmation(cast: Cast) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso")
    body = {"kind": "person", "id": str(person.id), "change": {"role": "global_administrator"}}
    asked = call(cast.ada, "contoso", "POST", "previews", body).json()["id"]
    problem(call(cast.ada, "contoso", "POST", f"previews/{asked}/save"), 409, "confirmation_required")


def test_switching_off_says_how_many_documents_and_until_when(cast: Cast, plan: Path) -> None:
    cast.found("careful", "cora")
    protect(cast.cora, plan, f"{RITA}:VIEW")
    asked = problem(call(cast.cora, "careful", "POST", "service/deactivate"), 409, "confirmation_required")
    said = " ".join(asked["consequences"])
    assert "1 document is concerned." in said
    assert "can be opened until" in said, "the publisher's own license lives on a device without a network"
    assert (asked["confirm"], asked["typed"], asked["fresh_sign_in_required"]) == ("Careful", True, True)
    assert confirmed(cast.cora, "careful", "POST", "service/deactivate").json()["changed"]


# --- what is new ---------------------------------------------------------------------------------------------------


def created(player: Player, path: str, body: Any) -> dict[str, Any]:
    answer = call(player, "contoso", "POST", path, body)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    assert made["message"]
    return made


def test_what_is_created_is_named_with_what_it_does_not_do_yet(cast: Cast) -> None:
    mark = uuid4().hex[:6]
    template = created(cast.ada, "templates", {"names": {"en": f"New {mark}"}, "policy": {}})
    assert "archived until you publish it" in template["message"]
    assert any("only the owner can open" in one for one in template["warnings"])
    copy = created(cast.ada, f"templates/{template['id']}/copy", {"name": f"New {mark}"})
    assert f"“New {mark}”" in copy["message"]
    label = created(cast.ada, "labels", {"names": {"en": f"L {mark}"}, "sensitivity": 5, "effect": "none"})
    assert f"“L {mark}”" in label["message"]
    address = f"g{mark}@contoso.example"
    body = {"address": address, "name": "G", "members": [MAX, f"mistyped{mark}@contoso.example", RITA]}
    group = created(cast.ada, "groups", body)
    assert "with 3 members" in group["message"]
    (warning,) = group["warnings"]
    assert f"mistyped{mark}" in warning
    assert RITA not in warning, "who is at Fabrikam is Fabrikam's business"
    application = created(cast.ada, "applications", {"name": f"A {mark}", "roles": ["connector"]})
    assert "connector" in application["message"]
    assert application["secret"] not in application["message"]
    domain = created(cast.ada, "domains", {"domain": f"D{mark}.example"})
    assert (domain["changed"], domain["domain"]) == (True, f"d{mark}.example")
    assert domain["challenge"] in domain["message"]
    again = created(cast.ada, "domains", {"domain": f"d{mark}.example"})
    assert (again["changed"], again["challenge"]) == (False, domain["challenge"])
    assert again["message"].endswith("Nothing changed.")


def test_preferences_say_what_changed(cast: Cast) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso")

    def set_to(**wanted: str) -> dict[str, Any]:
        answer = send(person, "http://localhost:8000", "PATCH", "/api/v1/me", wanted)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    made = set_to(time_zone="Asia/Tokyo", language="de")
    assert made["changed"]
    assert "Your time zone is Asia/Tokyo now (before:" in made["message"]
    again = set_to(time_zone="Asia/Tokyo")
    assert (again["changed"], again["message"]) == (False, "Your preferences are so already. Nothing changed.")


def test_another_label_says_what_it_does_and_asks_where_many_lose_access(cast: Cast, plan: Path) -> None:
    mark = uuid4().hex[:6]
    policy = {"grants": [{"who": cast.ada.address, "rights": ["VIEW"]}]}
    template = created(cast.ada, "templates", {"names": {"en": f"T {mark}"}, "policy": policy})["id"]
    done(cast.ada, f"templates/{template}/publish")
    strict = {"names": {"en": f"Strict {mark}"}, "sensitivity": 900, "effect": "protect", "template": template}
    label = created(cast.ada, "labels", {**strict, "publish": True})["id"]
    plain = {"names": {"en": f"Plain {mark}"}, "sensitivity": 3, "effect": "none", "publish": True}
    kept = created(cast.ada, "labels", plain)["id"]
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW")
    path = f"documents/{sealed.cid}/label"
    first = done(cast.olga, path, {"label": kept})
    assert (first["changed"], first["outcome"]) == (True, "kept")
    assert first["message"] == f"The label is “Plain {mark}” now. The protection is as it was."
    same = done(cast.olga, path, {"label": kept})
    assert (same["changed"], same["message"].endswith("Nothing changed.")) == (False, True)
    asked = problem(call(cast.olga, "contoso", "POST", path, {"label": label}), 409, "confirmation_required")
    assert RITA in " ".join(asked["consequences"])
    made = confirmed(cast.olga, "contoso", "POST", path, {"label": label}).json()
    assert (made["changed"], made["outcome"], made["where"]) == (True, "replaced", "done")
    assert made["message"].endswith("protects every copy from the next opening on.")
