"""Changes by which nobody, or far fewer, are let in any more ask first: in the API, on pages, at the command line."""

import json
import time
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F

from chancery.cli.main import main
from chancery.sdk.session import Protected, Session
from portal.tasks import answer_previews
from protection.models import FirstOpening
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, opening, problem, protect, rights

ASKED = (409, "confirmation_required")


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    made = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", offline_days=3)
    rights(cast.rita, made.path)
    return made


def entries(*who: str, **more: Any) -> dict[str, Any]:
    return {"policy": {"grants": [{"who": one, "rights": ["VIEW"]} for one in who], **more}}


def run(monkeypatch: pytest.MonkeyPatch, player: Player, *words: object) -> Any:
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(player.session))
    return CliRunner().invoke(main, [str(word) for word in words])


def template_with(cast: Cast, *who: str, **more: Any) -> str:
    body = {"names": {"en": f"T {uuid4().hex[:6]}"}, **entries(*who), **more}
    made: str = call(cast.ada, "contoso", "POST", "templates", body).json()["id"]
    assert call(cast.ada, "contoso", "POST", f"templates/{made}/publish").status_code == 200
    return made


def test_a_document_is_not_emptied_unasked(cast: Cast, sealed: Protected) -> None:
    path = f"documents/{sealed.cid}/policy"
    asked = problem(call(cast.olga, "contoso", "PUT", path, entries()), *ASKED)
    said = " ".join(asked["consequences"])
    assert RITA in said
    assert MAX in said
    assert "From then on, only its owner" in said
    assert "1 person has opened it" in said
    assert "can be opened until" in said, "Rita's license lives three days without a network"
    assert (asked["confirm"], asked["reason_required"]) == ("plan.txt", False)
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    assert not ledger(cast, "contoso", "content.changed", cid=sealed.cid), "nothing has happened"
    assert confirmed(cast.olga, "contoso", "PUT", path, entries()).json()["changed"]
    assert not call(cast.olga, "contoso", "PUT", path, entries()).json()["changed"], "what is so already is not asked"


@pytest.mark.parametrize(
    "body",
    [
        entries(RITA, MAX, expires=int(time.time()) - 60),
        entries(RITA, MAX, expires=int(time.time()) + 600),
        entries(RITA, MAX, deny=["authenticated"]),
        entries(RITA, MAX, conditions={"not_after": int(time.time()) - 60}),
        entries(RITA, MAX, conditions={"networks": ["192.0.2.1/32"]}),
        entries(RITA, MAX, conditions={"strength": "passkey"}),
        entries(RITA, MAX, conditions={"not_before": int(time.time()) + 86_400 * 365}),
    ],
)
def test_other_ways_to_shut_everybody_out_ask_too(cast: Cast, sealed: Protected, body: dict[str, Any]) -> None:
    problem(call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", body), *ASKED)
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", entries(RITA)).json()["changed"]


def test_who_may_not_is_refused_and_not_asked(cast: Cast, sealed: Protected) -> None:
    assert call(cast.rita, "contoso", "PUT", f"documents/{sealed.cid}/policy", entries()).status_code == 404
    assert call(cast.max, "contoso", "PUT", f"documents/{sealed.cid}/policy", entries()).status_code == 404


def test_the_page_and_the_command_ask_the_same(cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    page = f"/documents/{sealed.cid}/change/"
    form = {"grants": "", "deny": ""}
    asked = olga.post(page, form).content.decode().replace("<wbr>", "")
    assert RITA in asked
    assert "Take access away" in asked
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    alone = run(monkeypatch, cast.olga, "change", sealed.cid, "--remove", RITA, "--remove", MAX)
    assert alone.exit_code == 2, "nobody is there to be asked"
    assert RITA in alone.stderr
    assert "--yes" in alone.stderr
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    done = olga.post(page, {**form, "confirm": "plan.txt"})
    assert done.status_code == 302
    policy = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/policy").json()["policy"]
    assert policy["grants"] == []
    again = protect(cast.olga, sealed.path.with_name("plan.txt"), f"{RITA}:VIEW")
    assert run(monkeypatch, cast.olga, "change", again.cid, "--remove", RITA, "--yes").exit_code == 0


def test_a_template_asks_for_what_it_protects(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unused, used = template_with(cast, RITA, MAX), template_with(cast, RITA, MAX)
    path = f"templates/{used}"
    sealed = protect(cast.olga, plan, template=used)
    rights(cast.max, sealed.path)
    nobody = {"policy": {"grants": {f"address:{RITA}": None, f"address:{MAX}": None}}}
    assert call(cast.ada, "contoso", "PATCH", f"templates/{unused}", nobody).json()["changed"]
    asked = problem(call(cast.ada, "contoso", "PATCH", path, nobody), *ASKED)
    said = " ".join(asked["consequences"])
    assert "1 document is protected by it." in said
    assert MAX in said
    ended = {"expiry_option": "on_date", "expires": int(time.time()) - 60}
    assert "ends at once" in " ".join(problem(call(cast.ada, "contoso", "PATCH", path, ended), *ASKED)["consequences"])
    assert rights(cast.max, sealed.path) == {"VIEW"}
    one = {"policy": {"grants": {f"address:{RITA}": None}}}
    assert call(cast.ada, "contoso", "PATCH", path, one).json()["changed"]
    assert run(monkeypatch, cast.ada, "template", "withdraw", used, MAX).exit_code == 2
    assert confirmed(cast.ada, "contoso", "PATCH", path, nobody).json()["changed"]
    back = f"{path}/versions/2/restore"
    assert call(cast.ada, "contoso", "POST", back).json()["changed"], "widening is not asked about"
    problem(call(cast.ada, "contoso", "POST", f"{path}/versions/3/restore"), *ASKED)


def test_a_group_is_not_emptied_unasked_nor_by_a_preview(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"g{uuid4().hex[:6]}@contoso.example"
    body = {"address": address, "name": "Board", "members": [MAX, cast.olga.address]}
    group = call(cast.ada, "contoso", "POST", "groups", body).json()["id"]
    everybody = {"remove": [MAX, cast.olga.address]}
    asked = problem(call(cast.ada, "contoso", "PATCH", f"groups/{group}", everybody), *ASKED)
    assert MAX in " ".join(asked["consequences"])
    preview = {"kind": "group", "id": group, "change": everybody}
    preview_id = call(cast.ada, "contoso", "POST", "previews", preview).json()["id"]
    with in_organization(cast.organizations["contoso"].id):
        answer_previews(str(cast.organizations["contoso"].id))
    problem(call(cast.ada, "contoso", "POST", f"previews/{preview_id}/save"), *ASKED)
    assert call(cast.ada, "contoso", "PATCH", f"groups/{group}", {"remove": [MAX]}).json()["changed"]
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    last = {"act": "remove", "address": cast.olga.address}
    assert "Take them out" in page.post(f"/groups/{group}/change/", last).content.decode()
    done = run(monkeypatch, cast.ada, "--json", "group", "change", address, "--remove", cast.olga.address, "--yes")
    assert json.loads(done.stdout)["removed"] == [cast.olga.address]


def test_access_given_beside_the_policy_is_not_counted(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    taken = call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": RITA})
    assert taken.status_code == 200
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", entries()).json()["changed"]
    opening(cast.olga, sealed.path)


def test_people_whose_days_are_over_by_a_change_are_counted(cast: Cast, sealed: Protected) -> None:
    """Days that count from the first opening are over at once for a person who opened it before."""
    path = f"documents/{sealed.cid}/policy"
    assert call(cast.olga, "contoso", "PUT", path, entries(RITA, MAX, expires_after_opening_days=9)).json()["changed"]
    with in_organization(cast.organizations["contoso"].id):
        FirstOpening.objects.filter(content_id=sealed.cid).update(at=F("at") - timedelta(days=5))
    shorter = entries(RITA, MAX, expires_after_opening_days=2)
    asked = problem(call(cast.olga, "contoso", "PUT", path, shorter), *ASKED)
    assert any("The time of 1 person" in one for one in asked["consequences"])
    assert confirmed(cast.olga, "contoso", "PUT", path, shorter).json()["changed"]


def test_taking_a_document_back_from_everybody_asks_first(
    cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"documents/{sealed.cid}/revoke"
    asked = problem(call(cast.olga, "contoso", "POST", path, {"reason": "wrong"}), *ASKED)
    said = " ".join(asked["consequences"])
    assert "1 person has opened it" in said
    assert "can be opened until" in said
    assert asked["confirm"] == "plan.txt"
    assert not ledger(cast, "contoso", "content.revoked", cid=sealed.cid), "nothing has happened"
    problem(call(cast.olga, "contoso", "POST", path, {"confirm": "another.txt"}), *ASKED)
    assert call(cast.rita, "contoso", "POST", path, {}).status_code == 404, "who may not is refused, not asked"
    alone = run(monkeypatch, cast.olga, "revoke", sealed.cid)
    assert alone.exit_code == 2, "nobody is there to be asked"
    assert "1 person has opened it" in alone.stderr
    assert run(monkeypatch, cast.olga, "revoke", sealed.cid, "--yes", "--reason", "wrong").exit_code == 0
    assert not call(cast.olga, "contoso", "POST", path, {}).json()["changed"], "what is so already is not asked"


def test_an_import_says_who_loses_access_before_it_is_made(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = template_with(cast, RITA, MAX)
    rights(cast.max, protect(cast.olga, plan, template=used).path)
    text = call(cast.ada, "contoso", "GET", f"templates/export?id={used}").json()["text"]
    same = call(cast.ada, "contoso", "POST", "templates/import", {"text": text}).json()
    assert [one["consequences"] for one in same["results"]] == [[]]
    written = json.loads(text)
    written["templates"][0]["policy"]["grants"] = []
    body = {"text": json.dumps(written)}
    looked = call(cast.ada, "contoso", "POST", "templates/import", body).json()
    said = " ".join(looked["results"][0]["consequences"])
    assert "1 document is protected by it." in said
    assert MAX in said
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    file = SimpleUploadedFile("templates.json", body["text"].encode())
    assert "1 document is protected by it." in page.post("/templates/import/", {"file": file}).content.decode()
    here = plan.with_name("templates.json")
    here.write_text(body["text"], encoding="utf-8")
    alone = run(monkeypatch, cast.ada, "template", "import", here)
    assert alone.exit_code == 2, "nobody is there to be asked"
    assert "1 document is protected by it." in alone.stderr
    assert call(cast.ada, "contoso", "POST", "templates/import", {**body, "confirm": looked["confirm"]}).json()["done"]
