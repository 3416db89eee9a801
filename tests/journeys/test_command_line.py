"""The command line against the running product, as people use it: every command, every exit code."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chancery.policy.reasons import WORDS, Reason
from tests.journeys.people import Person, Stack

RITA = "rita@fabrikam.example"
MAX = "max@contoso.example"


def written(folder: Path, name: str = "plan.txt", data: bytes = b"the plan") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def sealed_by(person: Person, path: Path, *grants: str, days: int = 0) -> Path:
    chosen = [text for grant in grants for text in ("--grant", grant)]
    person.run("protect", path, *chosen, "--offline-days", str(days))
    return path.with_name(path.name + ".sealed")


def verbs(stack: Stack, sealed: Path) -> set[str]:
    """Return what happened to a document, as kinds without their object."""
    return {row["kind"].partition(".")[2] for row in stack.olga.json("track", sealed)["results"]}


def test_the_life_of_a_document(stack: Stack, tmp_path: Path):
    assert stack.olga.json("whoami")["email"] == "olga@contoso.example"
    assert stack.olga.json("templates")["results"]
    sealed = sealed_by(stack.olga, written(tmp_path), f"{RITA}:VIEW,EDIT,EXPORT")
    cid = stack.olga.json("info", sealed)["cid"]
    assert stack.rita.json("verify", sealed)["intact"]
    opened = stack.rita.json("open", sealed, "-o", tmp_path / "one")
    assert (opened["cid"], set(opened["rights"])) == (cid, {"VIEW", "EDIT", "EXPORT"})
    stack.max.run("open", sealed, "-o", tmp_path / "zero", code=1)
    assert "may: read, save changes" in stack.rita.run("open", sealed, "-o", tmp_path / "words")
    assert WORDS[Reason.NOT_GRANTED].owner in stack.olga.run("track", sealed)
    assert "registered" in stack.olga.run("documents")
    assert "sealed by you" in stack.olga.run("verify", sealed)
    refused = stack.max.run("save", sealed, written(tmp_path, "worse.txt"), code=1)
    assert "your text is still in" in refused
    stack.rita.run("save", sealed, written(tmp_path, "changed.txt", b"the better plan"))
    stack.olga.run("open", sealed, "-o", tmp_path / "two")
    assert (tmp_path / "two").read_bytes() == b"the better plan"
    assert cid in {row["cid"] for row in stack.olga.json("documents")["results"]}
    stack.olga.run("revoke", sealed, "--yes", "--reason", "a mistake")
    refused = stack.rita.json("open", sealed, "-o", tmp_path / "three", code=1)
    assert (refused["reason"], refused["contact"]) == ("revoked", "olga@contoso.example")
    assert refused["message"] == "Access to this document has been revoked."
    stack.olga.run("restore", sealed)
    stack.olga.run("change", sealed, "--grant", f"{RITA}:VIEW", "--grant", "max@contoso.example:VIEW,EXPORT")
    refused = stack.rita.json("open", sealed, "-o", tmp_path / "four", code=1)
    assert (refused["error"], f"chancery view {sealed}" in refused["next_step"]) == ("no_copy", True)
    assert stack.rita.shown("view", sealed) == "the better plan\n"
    stack.max.run("open", sealed, "-o", tmp_path / "five")
    stack.olga.run("change", cid, "--remove", "max@contoso.example")
    stack.max.run("open", sealed, "-o", tmp_path / "six", code=1)
    assert {"registered", "opened", "edited", "revoked", "restored", "changed"} <= verbs(stack, sealed)
    assert "olga@contoso.example took access to “plan.txt” back from everybody." in stack.olga.run("track", sealed)
    stack.olga.run("hand-over", "documents", sealed, "--to", "max@contoso.example", "--yes")
    stack.max.run("open", sealed, "-o", tmp_path / "seven")
    stack.olga.run("open", sealed, "-o", tmp_path / "eight", code=1)
    assert "handed “plan.txt” over to max@contoso.example" in stack.max.run("track", sealed)
    assert not any((tmp_path / name).exists() for name in ("three", "four", "six", "eight"))


def test_a_german_shell(stack: Stack, tmp_path: Path):
    olga, rita = (replace(one, language="de_DE.UTF-8") for one in (stack.olga, stack.rita))
    sealed = sealed_by(olga, written(tmp_path, "geheim.txt"), f"{RITA}:VIEW,EXPORT,PRINT")
    assert "(Sie dürfen: lesen, exportieren, drucken)." in rita.run("open", sealed, "-o", tmp_path / "offen")
    assert "unverändert, von Ihnen versiegelt." in olga.run("verify", sealed)
    assert "geschützt" in olga.run("info", sealed)
    assert "registriert" in olga.run("documents")
    assert "angeboten" in olga.run("template", "list")
    refused = stack.max.run("open", sealed, "-o", tmp_path / "zu", code=1)
    refused_in_german = replace(stack.max, language="de").run("open", sealed, "-o", tmp_path / "zu", code=1)
    assert f"To ask: chancery request {sealed}" in refused
    assert f"Zum Anfragen: chancery request {sealed}" in refused_in_german
    assert "Kontakt: olga@contoso.example" in refused_in_german
    assert "Der Zugriff ist allen entzogen" in olga.run("revoke", sealed, "--yes")


def test_who_is_refused_asks_and_is_let_in_for_a_time(stack: Stack, tmp_path: Path):
    sealed = sealed_by(stack.olga, written(tmp_path))
    stack.rita.run("request", sealed, code=5)
    assert f"chancery request {sealed}" in stack.rita.run("open", sealed, "-o", tmp_path / "one", code=1)
    why = stack.rita.run("why", sealed)
    assert WORDS[Reason.NOT_GRANTED].person in why
    assert f"To ask for access: chancery request {sealed}" in why
    assert "have not asked" in stack.rita.run("request", sealed, "--status")
    assert "olga@contoso.example is asked" in stack.rita.run("request", sealed, "--note", "I prepare the meeting.")
    assert "has not answered yet" in stack.rita.run("request", sealed, "--status")
    (waiting,) = [one for one in stack.olga.json("requests")["results"] if one["title"] == "plan.txt"]
    assert (waiting["who"], waiting["note"]) == (RITA, "I prepare the meeting.")
    stack.max.run("grant", waiting["id"], code=5)
    until = int(time.time()) + 15
    moment = datetime.fromtimestamp(until, UTC).isoformat()
    assert "It ends: " in stack.olga.run("grant", waiting["id"], "--rights", "reviewer", "--until", moment)
    assert "answered" in stack.olga.run("grant", waiting["id"], code=5)
    assert "save changes" in stack.rita.run("request", sealed, "--status")
    assert stack.rita.shown("view", sealed) == "the plan\n"
    assert "You may: read" in stack.rita.run("why", sealed)
    assert "given beside the policy" in stack.olga.run("why", sealed, "--who", RITA)
    time.sleep(max(until - time.time(), 0) + 1)
    refused = stack.rita.json("view", sealed, code=1)
    assert (refused["error"], refused["reason"]) == ("refused", "grant_ended")
    request = stack.rita.json("request", sealed)["id"]
    stack.olga.run("decline", request, "--message", "The meeting is over.")
    assert "Declined. The meeting is over." in stack.rita.run("request", sealed, "--status")
    assert {"requested", "granted", "declined"} <= verbs(stack, sealed)


def test_the_life_of_a_template_and_why(stack: Stack, tmp_path: Path):
    ada, name = stack.ada, "Partners only"
    ada.run("template", "create", name, "--grant", f"{RITA}:VIEW", "--publish")
    sealed = written(tmp_path).with_name("plan.sealed")
    stack.olga.run("protect", tmp_path / "plan.txt", "--template", name, "-o", sealed)
    asked = ("why", sealed, "--who", RITA, "--right", "print")
    assert not stack.olga.json(*asked)["allowed"]
    assert ada.json("template", "edit", name, "--grant", f"{RITA}:VIEW,PRINT")["version"] == 2
    assert stack.olga.json(*asked)["allowed"]
    assert f"Allowed for {RITA}: print." in stack.olga.run(*asked)
    assert ada.json("template", "restore", name, "--version", "1")["version"] == 3
    assert "was not given the right to: print" in stack.olga.run(*asked)
    rows = ada.json("template", "history", name)["results"]
    assert [(row["version"], row["changed"]) for row in rows] == [(3, RITA), (2, RITA), (1, "the first version")]
    assert "archived" in ada.run("template", "copy", name, "--name", "A copy")
    assert "There is no template called" in ada.run("template", "history", "Nothing", code=2)


def test_one_thing_of_a_template_at_a_time(stack: Stack):
    ada, name = stack.ada, "One at a time"
    ada.run("template", "create", name, "--grant", f"{RITA}:VIEW", "--expires", "2099-01-31", "--offered-to-legacy")

    def found() -> dict[str, Any]:
        return next(one for one in ada.json("template", "list")["results"] if one["name"] == name)

    assert (found()["expiry_option"], found()["offered_to_legacy"]) == ("on_date", True)
    ada.run("template", "grant", name, RITA, "print")
    ada.run("template", "grant", name, "everybody", "viewer")
    rights = {one["who"]: one["rights"] for one in found()["policy"]["grants"]}
    assert rights.pop(f"address:{RITA}") == ["VIEW", "PRINT"]
    assert len(rights) == 1
    ada.run("template", "withdraw", name, RITA, "PRINT")
    ada.run("template", "withdraw", name, "everybody")
    assert found()["policy"]["grants"] == [{"who": f"address:{RITA}", "rights": ["VIEW"]}]
    assert "does not give" in ada.run("template", "withdraw", name, RITA, "EDIT", code=2)
    ada.run("template", "grant", name, RITA, "OWNER")
    assert "includes every other right" in ada.run("template", "withdraw", name, RITA, "VIEW", code=2)
    ada.run("template", "edit", name, "--scope", "max@contoso.example", "--expires-after-days", "30")
    ada.run("template", "edit", name, "--scope", RITA, "--unscope", "max@contoso.example")
    assert (found()["scope"], found()["expires_after_days"], found()["expires"]) == ([RITA], 30, None)
    ada.run("template", "edit", name, "--scope", "everybody", "--expires", "never")
    assert (found()["scope"], found()["expiry_option"]) == ([], "never")
    assert "one end" in ada.run(
        "template", "edit", name, "--expires", "2099-01-31", "--expires-after-days", "3", code=2
    )


def test_a_template_is_deleted_with_a_question_and_comes_back(stack: Stack, tmp_path: Path):
    ada, name = stack.ada, "Going away"
    ada.run("template", "create", name, "--grant", f"{RITA}:VIEW", "--publish")
    sealed = written(tmp_path).with_name("plan.sealed")
    stack.olga.run("protect", tmp_path / "plan.txt", "--template", name, "-o", sealed)
    assert "Archive it first" in ada.run("template", "delete", name, "--yes", code=5)
    ada.run("template", "archive", name, "--yes")
    assert "no terminal to ask" in ada.run("template", "delete", name, code=2)
    assert "is deleted" in ada.run("template", "delete", name, "--yes")
    assert name not in {one["name"] for one in ada.json("template", "list")["results"]}
    assert stack.rita.shown("view", sealed) == "the plan\n"
    assert name in {one["name"] for one in ada.json("template", "deleted")["results"]}
    ada.run("template", "undelete", name)
    assert name in {one["name"] for one in ada.json("template", "list")["results"]}


def test_templates_go_into_a_file_and_come_out_of_it(stack: Stack, tmp_path: Path):
    ada, name = stack.ada, "In a file"
    ada.run("template", "create", name, "--grant", f"{RITA}:VIEW")
    for form in ("json", "xml"):
        file = tmp_path / f"templates.{form}"
        ada.run("template", "export", name, "--format", form, "-o", file)
        assert "say this already" in ada.run("template", "import", file)
        file.write_text(file.read_text(encoding="utf-8").replace(RITA, f"{form}@partner.example"), encoding="utf-8")
        assert "no terminal to ask" in ada.run("template", "import", file, code=2)
        told = ada.run("template", "import", file, "--yes")
        assert f"grants of {form}@partner.example: VIEW (before: nothing)" in told
        assert "Imported: 1 template." in told
        file.write_text(file.read_text(encoding="utf-8").replace(f"{form}@partner.example", RITA), encoding="utf-8")
        ada.run("template", "import", file, "--yes")
    assert ada.json("template", "history", name)["results"][0]["version"] == 5
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    assert "Line 1, column 2: this is not JSON" in ada.run("template", "import", tmp_path / "bad.json", code=2)


def test_what_if_before_a_change_is_made(stack: Stack, tmp_path: Path):
    """Asked at the command line, answered by the worker, saved as it was seen."""
    ada, name = stack.ada, "What if"
    ada.run("template", "create", name, "--grant", f"{RITA}:VIEW", "--publish")
    stack.olga.run("protect", written(tmp_path), "--template", name, "-o", tmp_path / "plan.sealed")
    asked = ada.json("template", "edit", name, "--grant", f"{RITA}:VIEW,PRINT", "--preview")
    assert asked["result"]["gains"][0]["who"] == RITA
    assert asked["result"]["gains"][0]["rights"] == {"PRINT": 1}
    said = ada.run("preview", "show", asked["id"])
    assert f"{RITA} gains: print (1 documents)" in said
    assert f"chancery preview save {asked['id']}" in said
    assert not stack.olga.json("why", tmp_path / "plan.sealed", "--who", RITA, "--right", "print")["allowed"]
    assert "The change is saved." in ada.run("preview", "save", asked["id"])
    assert stack.olga.json("why", tmp_path / "plan.sealed", "--who", RITA, "--right", "print")["allowed"]
    assert "saved already" in ada.run("preview", "save", asked["id"], code=5)
    assert "No role opens a document." in ada.run("person", "change", MAX, "--role", "auditor", "--preview")


def test_protect_and_open_without_the_network(stack: Stack, tmp_path: Path):
    kept = sealed_by(stack.olga, written(tmp_path), f"{RITA}:VIEW,EXPORT", days=7)
    stack.rita.run("open", kept, "-o", tmp_path / "online")
    assert stack.rita.json("open", "--offline", kept, "-o", tmp_path / "offline")["source"] == "kept"
    path = written(tmp_path, "in the air.txt")
    assert not stack.olga.json("protect", "--offline", path)["registered"]
    sealed = path.with_name(path.name + ".sealed")
    assert stack.olga.json("open", "--offline", sealed, "-o", tmp_path / "mine")["source"] == "own"
    stack.rita.run("open", "--offline", sealed, "-o", tmp_path / "never", code=4)
    assert not (tmp_path / "never").exists()


def test_whole_folders_keep_their_shape(stack: Stack, tmp_path: Path):
    for place in ("plans", "plans/old"):
        (tmp_path / place).mkdir()
        written(tmp_path / place, data=place.encode())
    plans, sealed, opened = tmp_path / "plans", tmp_path / "sealed", tmp_path / "deep" / "opened"
    refused = stack.olga.run("protect", "--recursive", plans, "-o", plans / "plan.txt", code=2)
    assert refused.count("is not a folder") == 1
    stack.olga.run("protect", "--recursive", plans, "-o", sealed)
    stack.olga.run("open", "--recursive", sealed, "-o", opened)
    assert (opened / "plan.txt").read_bytes() == b"plans"
    assert (opened / "old" / "plan.txt").read_bytes() == b"plans/old"


def test_what_says_nothing_is_refused_and_json_is_understood_behind_the_command(stack: Stack, tmp_path: Path):
    sealed = sealed_by(stack.olga, written(tmp_path), f"{RITA}:VIEW")
    assert "--offline-days" in stack.olga.run("change", sealed, "--reason", "none", code=2)
    assert "Nothing to change" in stack.ada.run("template", "edit", "whatever", code=2)
    assert "passed already" in stack.olga.run("change", sealed, "--expires", "2020-01-31", code=2)
    assert json.loads(stack.olga.run("info", sealed, "--json"))["edition"] == 1
    assert json.loads(stack.ada.run("template", "list", "--json"))["results"]
    events = stack.ada.json("audit", "--kind", "content")["results"]
    assert events
    assert {event["kind"].partition(".")[0] for event in events} == {"content"}


def test_every_exit_code(stack: Stack, tmp_path: Path):
    sealed = sealed_by(stack.olga, written(tmp_path), f"{RITA}:VIEW")
    out = tmp_path / "out"
    stack.max.run("open", sealed, "-o", out, code=1)
    stack.olga.run("protect", tmp_path / "no such file", code=2)
    stack.olga.run("protect", written(tmp_path, "b.txt"), "--grant", f"{RITA}:FLY", code=2)
    damaged = bytearray(sealed.read_bytes())
    damaged[-200] ^= 1
    stack.rita.run("open", written(tmp_path, "damaged.sealed", bytes(damaged)), "-o", out, code=3)
    nowhere = Person(stack.rita.home, "http://localhost:1", RITA)
    Person(tmp_path / "new", "http://localhost:1", RITA).run("login", "--code", "AAAA-BBBB", code=4)
    Person(tmp_path / "newer", stack.host, RITA).run("whoami", code=5)
    nowhere.run("whoami", code=5)
    assert not out.exists()
    assert stack.max.run("open", sealed, "-o", out, code=1).splitlines()[0] == (
        "You do not have access to this document."
    )


def test_an_administrator_proves_the_ledger_from_outside(stack: Stack, tmp_path: Path):
    sealed_by(stack.olga, written(tmp_path))
    deadline = time.monotonic() + 20
    while stack.ada.json("verify-audit")["entries"] < 5:
        assert time.monotonic() < deadline, "the worker seals every second or two"
        time.sleep(0.5)
    assert "nothing was changed or removed" in stack.command("verify_audit", "--organization", "contoso")
    oldest = stack.ada.json("audit", "--limit", "all")["results"][-1]["id"]
    assert stack.ada.json("verify-audit", "--event", oldest)["seq"] == 0
    assert "is entry 1 of" in stack.ada.run("verify-audit", "--event", oldest)
    stack.ada.run("verify-audit", "--event", str(uuid4()), code=5)
    stack.max.run("verify-audit", code=1)


def test_signing_out_leaves_nothing(stack: Stack, tmp_path: Path):
    guest = f"guest-{uuid4().hex[:6]}@contoso.example"
    stack.command("create_person", guest, "--organization", "contoso")
    person = stack.join(guest)
    sealed = sealed_by(stack.olga, written(tmp_path), f"{guest}:VIEW,EXPORT", days=7)
    person.run("open", sealed, "-o", tmp_path / "one")
    person.run("logout")
    person.run("open", sealed, "-o", tmp_path / "two", code=5)
    person.run("open", "--offline", sealed, "-o", tmp_path / "two", code=5)
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("command", ["login", "protect", "open", "track", "verify-audit"])
def test_every_command_explains_itself(stack: Stack, command: str):
    assert "Usage:" in stack.olga.run(command, "--help")
