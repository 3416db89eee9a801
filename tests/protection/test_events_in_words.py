"""What happened, in words: who, what, to whom and what differs, and whose document it was at that moment."""

import csv
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from chancery.cli.main import main
from chancery.ledger.kinds import Kind
from chancery.sdk.session import Protected, Session
from chancery.spreadsheets import csv_line
from portal.api.event_items import EventDocument, EventItem
from portal.words.codes import code_in_words
from protection.services.register import Pending
from tenants.actor import Actor as DirectoryActor
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tests.cast import Cast, Player
from tests.protection.steps import MAX, RITA, call, ledger, opening, protect, refusal

OLGA, ADA = "olga@contoso.example", "ada@contoso.example"


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)


def happened(player: Player, kind: str, cid: UUID | None = None, language: str = "en") -> dict[str, Any]:
    """Return the newest event of a kind as the API tells it."""
    path = f"audit/events?kind={kind}&limit=1" + (f"&cid={cid}" if cid else "")
    answer = call(player, "contoso", "GET", path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()["results"][0]
    return found


def done(player: Player, path: str, body: Any = None, method: str = "POST") -> dict[str, Any]:
    answer = call(player, "contoso", method, path, body or {})
    assert answer.status_code in {200, 201}, answer.content
    made: dict[str, Any] = answer.json()
    return made


def test_a_changed_policy_says_for_whom_and_from_what_to_what(cast: Cast, sealed: Protected) -> None:
    grants = [
        {"who": f"address:{who}", "rights": rights} for who, rights in ((RITA, ["VIEW", "PRINT"]), (MAX, ["VIEW"]))
    ]
    body = {"policy": {"grants": grants, "offline_days": 0}}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", body).status_code == 200
    event = happened(cast.ada, "content.changed", sealed.cid)
    assert event["sentence"].startswith(f"{OLGA} changed who may do what with “plan.txt”.")
    assert event["changes"] == [f"{MAX}: may now read.", f"{RITA}: may read, print (before: read)."]
    assert all(change in event["sentence"] for change in event["changes"])
    assert {one["who"] for one in event["personal"]["changes"]} == {f"address:{MAX}", f"address:{RITA}"}
    assert RITA not in str(event["details"]), "addresses stand in the part that can be erased"


def test_access_taken_and_given_back_names_document_and_recipient(cast: Cast, sealed: Protected) -> None:
    done(cast.olga, f"documents/{sealed.cid}/revoke", {"recipient": RITA, "reason": "Sent by mistake"})
    taken = happened(cast.ada, "content.revoked", sealed.cid)
    assert taken["sentence"] == (f"{OLGA} took access to “plan.txt” back from {RITA}. Reason given: Sent by mistake")
    done(cast.olga, f"documents/{sealed.cid}/restore", {"recipient": RITA})
    given = happened(cast.ada, "content.restored", sealed.cid)
    assert given["sentence"] == f"{OLGA} gave access to “plan.txt” back to {RITA}."


def test_an_event_keeps_owner_issuer_template_and_label_as_they_were(cast: Cast, plan: Path) -> None:
    name = f"Partners {uuid4().hex[:6]}"
    policy = {"grants": [{"who": f"address:{RITA}", "rights": ["VIEW"]}], "offline_days": 0}
    template = done(cast.ada, "templates", {"names": {"en": name}, "policy": policy})["id"]
    done(cast.ada, f"templates/{template}/publish")
    sealed = protect(cast.olga, plan, template=template)
    opening(cast.rita, sealed.path)
    before = happened(cast.ada, "content.opened", sealed.cid)
    assert before["document"] == {
        "title": "plan.txt",
        "issuer": OLGA,
        "owner": OLGA,
        "template": {"id": template, "version": 1, "name": name},
        "label": None,
    }
    done(cast.ada, f"templates/{template}", {"names": {"en": f"{name} now"}}, "PATCH")
    opening(cast.rita, sealed.path)
    after = happened(cast.ada, "content.opened", sealed.cid)
    assert after["document"]["template"] == {"id": template, "version": 2, "name": f"{name} now"}
    again = [one for one in ledger(cast, "contoso", "content.opened", cid=sealed.cid) if str(one.id) == before["id"]]
    assert again[0].details["document"] == {"template": template, "version": 1}
    edited = happened(cast.ada, "template.edited")
    assert edited["changes"] == [f"Name: {name} now (before: {name})."]
    assert f"edited the template “{name} now”; it is at version 2 now." in edited["sentence"]
    assert "at version 1" in happened(cast.ada, "template.published")["sentence"]


def test_a_label_change_names_both_labels_as_they_were_called(cast: Cast, sealed: Protected) -> None:
    names = [f"{word} {uuid4().hex[:6]}" for word in ("Public", "Internal")]
    texts = [{"names": {"en": name}, "sensitivity": 900, "effect": "none", "publish": True} for name in names]
    labels = [done(cast.ada, "labels", text)["id"] for text in texts]
    for label in labels:
        done(cast.olga, f"documents/{sealed.cid}/label", {"label": label})
    done(cast.ada, f"labels/{labels[0]}", {"names": {"en": "Renamed"}}, "PATCH")
    event = happened(cast.ada, "content.labeled", sealed.cid)
    assert event["sentence"] == f"{OLGA} changed the label of “plan.txt” from “{names[0]}” to “{names[1]}”."
    assert event["document"]["label"]["id"] == labels[1]
    edited = happened(cast.ada, "label.edited")
    assert f"“{'Renamed'}”" in edited["sentence"]
    assert edited["changes"] == [f"Name: Renamed (before: {names[0]})."]


def test_an_opening_names_its_label_as_it_was_called_then(cast: Cast, sealed: Protected) -> None:
    name = f"Internal {uuid4().hex[:6]}"
    text = {"names": {"en": name}, "sensitivity": 900, "effect": "none", "publish": True}
    label = done(cast.ada, "labels", text)["id"]
    done(cast.olga, f"documents/{sealed.cid}/label", {"label": label})
    opening(cast.rita, sealed.path)
    done(cast.ada, f"labels/{label}", {"names": {"en": f"{name} now"}}, "PATCH")
    opening(cast.rita, sealed.path)
    answer = call(cast.ada, "contoso", "GET", f"audit/events?kind=content.opened&cid={sealed.cid}")
    found = [one["document"]["label"]["name"] for one in answer.json()["results"] if one["outcome"] == "allowed"]
    assert found[:2] == [f"{name} now", name]


def test_codes_of_refused_proofs_and_pending_documents_are_shown_as_sentences(cast: Cast) -> None:
    call(cast.max, "contoso", "POST", "licenses", {}, proof="not a proof")
    event = happened(cast.ada, "proof.refused")
    assert "_" not in event["sentence"]
    assert "invalid object" not in event["sentence"].lower()
    assert "It brought no proof by a device of theirs" in event["sentence"]


def test_nobody_is_named_twice_who_does_something_for_themselves(cast: Cast) -> None:
    max_ = DirectoryActor(person_id=cast.max.id, name="Max", source="pages", address=MAX)
    issue_enrollment_code(person_id=cast.max.id, actor=max_)
    sentence = happened(cast.ada, "enrollment_code.issued")["sentence"]
    assert sentence == f"{MAX} issued a code that enrolls a device of theirs."


@pytest.mark.parametrize("code", list(Pending))
def test_every_reason_to_wait_has_words(code: Pending) -> None:
    assert code_in_words(Kind.CONTENT_PENDING, code.value).startswith("Reason: ")


def test_a_role_a_setting_and_a_key_say_what_was_before(cast: Cast) -> None:
    person = done(cast.ada, "people", {"email": f"nora{uuid4().hex[:6]}@contoso.example", "name": "Nora"})
    address = person["email"]
    assert f"{ADA} added {address} as user." in happened(cast.ada, "person.created")["sentence"]
    changed = {"role": "auditor", "confirm": address, "reason": "A test"}
    done(cast.ada, f"people/{person['id']}", changed, "PATCH")
    role = happened(cast.ada, "role.changed")
    assert role["sentence"].startswith(f"{ADA} changed the role of {address} from user to auditor.")
    german = happened(cast.ada, "role.changed", language="de")
    assert german["who"] == role["who"]
    done(cast.ada, "settings", {"contact": "help@contoso.example"}, "PATCH")
    setting = happened(cast.ada, "settings.changed")
    assert "Whom to ask: help@contoso.example (before: " in setting["sentence"]
    assert "help@contoso.example" not in str(setting["details"])


def test_a_group_says_who_came_and_who_went(cast: Cast) -> None:
    address = f"board{uuid4().hex[:6]}@contoso.example"
    group = done(cast.ada, "groups", {"address": address, "name": "Board", "members": [MAX]})
    made = happened(cast.ada, "group.created")
    assert made["sentence"] == f"{ADA} made the group {address}. Name: Board. Added: {MAX}."
    done(cast.ada, f"groups/{group['id']}", {"add": [OLGA], "remove": [MAX]}, "PATCH")
    changed = happened(cast.ada, "group.changed")
    assert changed["changes"] == [f"Added: {OLGA}.", f"Removed: {MAX}."]
    assert changed["sentence"].startswith(f"{ADA} changed the group {address}.")


def test_an_application_is_named_as_one(cast: Cast, plan: Path) -> None:
    name = f"archive {uuid4().hex[:6]}"
    made = done(cast.ada, "applications", {"name": name, "roles": ["connector"]})
    event = happened(cast.ada, "application.created")
    assert event["sentence"] == f"{ADA} made the application “{name}” with the roles connector."
    done(cast.ada, f"applications/{made['client_id']}/code")
    assert happened(cast.ada, "enrollment_code.issued")["sentence"] == (
        f"{ADA} issued a code that enrolls a device for {name}."
    )


def test_a_refusal_names_who_tried_and_why(cast: Cast, sealed: Protected) -> None:
    refusal(cast.max, sealed.path)
    event = happened(cast.ada, "content.opened", sealed.cid)
    assert event["sentence"].startswith(f"{MAX} tried to open “plan.txt” and was refused.")
    assert event["why"] in event["sentence"]
    assert event["document"]["owner"] == OLGA
    assert (event["actor"]["kind"], event["actor"]["address"]) == ("person", MAX)


def test_an_export_says_the_same_as_json_and_as_csv(
    cast: Cast, sealed: Protected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(cast.olga, f"documents/{sealed.cid}/revoke", {"recipient": RITA, "reason": "=1+1"})
    told = happened(cast.ada, "content.revoked", sealed.cid)
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.ada.session))
    for name in ("events.csv", "events.json"):
        ran = CliRunner().invoke(main, ["audit", "--kind", "content.revoked", "--to", str(tmp_path / name)])
        assert ran.exit_code == 0, ran.output
    with (tmp_path / "events.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "events.json").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == len(lines)
    (row,) = [row for row in rows if row["id"] == told["id"]]
    (line,) = [line for line in lines if line["id"] == told["id"]]
    assert row["sentence"] == line["sentence"] == told["sentence"]
    assert (row["title"], row["owner"], row["issuer"], row["who"]) == ("plan.txt", OLGA, OLGA, OLGA)
    assert all(row["who"] and row["sentence"] for row in rows)


def test_a_spreadsheet_computes_nothing_of_an_export() -> None:
    cells = ("=1+1", "+1", "-1", "@x", "plan")
    assert csv_line(cells) == "'=1+1,'+1,'-1,'@x,plan\r\n"
    split = ["plan;=1+1", "a; +1", "a|-1", "\t@x", "1=1; a-b"]
    assert csv_line(split) == "plan;'=1+1,a;' +1,a|'-1,'\t'@x,1=1; a-b\r\n", "a spreadsheet may split at these, too"


def test_events_are_what_the_description_says(cast: Cast, sealed: Protected) -> None:
    refusal(cast.max, sealed.path)
    kinds = ("content.opened", "certificate.issued", "person.created", "domain.proven", "service.activated")
    for event in (happened(cast.ada, kind) for kind in kinds):
        assert event.keys() == EventItem().fields.keys()
        checked = EventItem(data=event)
        assert checked.is_valid(), (event["kind"], checked.errors)
    assert happened(cast.ada, "content.opened")["document"].keys() == EventDocument().fields.keys()


def test_the_document_s_events_use_the_same_sentences_for_the_owner(cast: Cast, sealed: Protected) -> None:
    refusal(cast.max, sealed.path)
    listed = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/events").json()["results"]
    assert listed[0]["sentence"] == happened(cast.ada, "content.opened", sealed.cid)["sentence"]
    assert all(one["who"] and one["sentence"] for one in listed)
