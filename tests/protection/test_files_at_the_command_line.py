"""Files at the command line: true names, nothing left out in silence, and standard input and output."""

import io
import json
import shutil
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chancery.sealing import html_form
from chancery.sealing.layout import MAGIC
from chancery.sealing.read import open_sealed
from tests.cast import Cast
from tests.protection.steps import RITA, call, ledger, objects, protect


def test_the_true_name_decides_whatever_the_sealed_file_is_called(chancery: Any, plan: Path) -> None:
    text = plan.read_bytes()
    assert chancery("protect", plan).exit_code == 0
    renamed = plan.with_name("renamed")
    plan.with_name("plan.txt.sealed").rename(renamed)
    plan.unlink()
    assert chancery("open", renamed).exit_code == 0
    assert plan.read_bytes() == text
    plan.unlink()
    outer = renamed.rename(plan.with_name("plan.txt.sealed.txt"))
    assert chancery("unprotect", outer, "--yes").exit_code == 0
    assert [path.name for path in plan.parent.iterdir()] == ["plan.txt"]


def test_a_file_is_protected_once_whatever_it_is_called(chancery: Any, plan: Path) -> None:
    assert chancery("protect", plan, "-o", plan.with_name("PLAN.TXT.SEALED")).exit_code == 0
    again = chancery("protect", plan.with_name("PLAN.TXT.SEALED"))
    assert (again.exit_code, "protected already" in again.output) == (2, True)
    not_sealed = plan.with_name("notes.sealed")
    not_sealed.write_bytes(b"notes about a sealed letter")
    assert chancery("protect", not_sealed).exit_code == 0


def test_a_batch_says_what_it_leaves_out_and_why(chancery: Any, plan: Path) -> None:
    folder = plan.parent
    (folder / "link.txt").symlink_to(plan)
    (folder / "inner").mkdir()
    (folder / "linked").symlink_to(folder / "inner")
    assert chancery("protect", plan).exit_code == 0
    (folder / "plan.txt.sealed").rename(folder / "inner" / "looks-plain.txt")
    said = chancery("protect", "--recursive", folder)
    assert said.exit_code == 0
    for left in ("link.txt", "linked", "looks-plain.txt"):
        assert f"{left} is left out: " in said.output
    assert (folder / "plan.txt.sealed").exists()
    listed = chancery("--json", "open", "--recursive", folder, "-o", folder / "out")
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert {Path(row["file"]).name for row in rows if "left_out" in row} == {"plan.txt", "link.txt", "linked"}
    assert {Path(row["opened"]).name for row in rows if "opened" in row} == {"plan.txt"}


def test_standard_input_and_output(chancery: Any, cast: Cast, plan: Path) -> None:
    sealed = chancery("protect", "-", "--name", "report.csv", "--grant", f"{RITA}:VIEW,EXPORT", given=b"a,b\n1,2\n")
    assert sealed.exit_code == 0, sealed.stderr
    assert sealed.stdout_bytes.startswith(MAGIC)
    with open_sealed(io.BytesIO(sealed.stdout_bytes)) as file:
        assert str(file.publishing_license.cid) in chancery("info", "-", given=sealed.stdout_bytes).stdout
    assert "intact" in chancery("verify", "-", given=sealed.stdout_bytes).stdout
    opened = chancery("open", "-", who=cast.rita, given=sealed.stdout_bytes)
    assert opened.stdout_bytes == b"a,b\n1,2\n", (opened.stderr, opened.exception)
    target = plan.with_name("written.csv")
    assert chancery("open", "-", "-o", target, who=cast.rita, given=sealed.stdout_bytes).exit_code == 0
    assert target.read_bytes() == b"a,b\n1,2\n"
    kept = plan.with_name("kept.sealed")
    assert chancery("protect", "-", "-o", kept, given=b"from a pipe").exit_code == 0
    assert chancery("open", kept, "-o", "-").stdout_bytes == b"from a pipe"
    assert {path.name for path in plan.parent.iterdir()} == {plan.name, target.name, kept.name}


def test_nothing_is_made_beside_what_was_asked_for(chancery: Any, cast: Cast, plan: Path) -> None:
    assert chancery("protect", plan).exit_code == 0
    refused = chancery("open", plan.with_name("plan.txt.sealed"), "-o", plan.parent / "new" / "out", who=cast.rita)
    assert refused.exit_code == 1
    assert not (plan.parent / "new").exists()


def test_what_cannot_be_written_is_not_recorded_as_an_opening(
    chancery: Any, cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW,EXPORT")
    openings = partial(ledger, cast, "contoso", "content.opened", cid=sealed.cid)
    known, hidden = plan.with_name("plan.txt.sealed"), plan.with_name("hidden")
    sealed.path.rename(known)
    for target in (plan, plan / "below" / "out.txt", Path("/proc/chancery/out.txt"), plan.with_name("n" * 300)):
        assert chancery("open", known, "-o", target, who=cast.rita).exit_code in {2, 5}, target
    assert "exists already" in chancery("open", known, who=cast.rita).output
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=7_999))
        said = chancery("open", known, "-o", plan.with_name("out.txt"), who=cast.rita)
        assert (said.exit_code, "Make room" in said.output) == (5, True)
    assert openings() == []
    assert {path.name for path in plan.parent.iterdir()} == {plan.name, known.name}
    # Only the content tells this name, so the opening counts, and is one.
    assert chancery("open", known.rename(hidden), who=cast.rita).exit_code == 0
    assert plan.with_name("plan (2).txt").read_bytes() == plan.read_bytes()
    assert len(openings()) == 1


def test_a_name_from_a_hostile_file_does_not_reach_the_terminal(chancery: Any, cast: Cast, plan: Path) -> None:
    hostile = plan.with_name("a\x1b]0;owned\x07\u202etxt.exe")
    plan.rename(hostile)
    said = chancery("protect", hostile)
    assert said.exit_code == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(said.output)
    listed = chancery("documents").output
    assert "a_]0;owned__txt.exe" in listed


def test_an_export_of_the_audit_log_is_whole_and_a_list_says_when_it_is_not(
    chancery: Any, cast: Cast, plan: Path
) -> None:
    sealed = protect(cast.olga, plan)
    for _ in range(210):
        assert call(cast.olga, "contoso", "POST", "licenses", objects(sealed.path)).status_code == 200
    assert "there are more" not in chancery("audit", who=cast.ada).stderr
    assert "there are more" in chancery("audit", "--limit", "3", who=cast.ada).stderr
    target = plan.with_name("events")
    told = json.loads(chancery("--json", "audit", "--kind", "content", "--to", target, who=cast.ada).stdout)
    ids = [json.loads(line)["id"] for line in target.read_text(encoding="utf-8").splitlines()]
    assert told["events"] == len(ids) == len(set(ids)) > 210


def test_domains_applications_devices_and_pending_documents_at_the_command_line(chancery: Any, cast: Cast) -> None:
    ada = cast.ada
    assert "contoso.example" in chancery("domain", "list", who=ada).stdout
    assert "TXT record" in chancery("domain", "claim", "contoso-two.example", who=ada).stdout
    made = json.loads(chancery("--json", "application", "create", "--name", "Indexer", who=ada).stdout)
    assert made["client_id"] in chancery("application", "list", who=ada).stdout
    assert "chancery login --code" in chancery("application", "code", made["client_id"], who=ada).stdout
    assert chancery("application", "disable", made["client_id"], who=ada).exit_code == 2, "it asks first"
    disabled = chancery("application", "disable", made["client_id"], "--yes", "--reason", "gone", who=ada)
    assert disabled.exit_code == 0, disabled.stderr
    given_up = chancery("domain", "release", "contoso-two.example", "--yes", "--reason", "sold", who=ada)
    assert given_up.exit_code == 0, given_up.stderr
    assert "Nothing waits." in chancery("pending", "list", who=ada).stdout
    spare = cast.enroll("spare", cast.max.id, cast.max.address).session.account.device
    assert str(spare) in chancery("device", "list", who=cast.max).stdout
    revoked = chancery("device", "revoke", spare, "--yes", who=cast.max)
    assert revoked.exit_code == 0, revoked.stderr


def test_a_web_page_carries_a_file_and_opens_like_it(chancery: Any, cast: Cast, plan: Path) -> None:
    made = chancery("protect", plan, "--html", "--grant", f"{RITA}:VIEW,EXPORT,EDIT")
    assert made.exit_code == 0, made.output
    page = plan.with_name("plan.txt.html")
    assert "plan.txt" not in page.read_text(encoding="utf-8"), "whoever renames it hides the name"
    assert "From: <b>Olga" in page.read_text(encoding="utf-8")
    assert {path.name for path in plan.parent.iterdir()} == {plan.name, page.name}
    text = plan.read_bytes()
    plan.unlink()
    assert "edition 1" in chancery("info", page).stdout
    assert "intact, sealed by you" in chancery("verify", page).stdout
    assert chancery("open", page, who=cast.rita).exit_code == 0
    assert plan.read_bytes() == text
    plan.unlink()
    assert chancery("open", "-", who=cast.rita, given=page.read_bytes()).stdout_bytes == text
    again = chancery("protect", page)
    assert (again.exit_code, "protected already" in again.output) == (2, True)
    assert chancery("unprotect", page, "--yes").exit_code == 0
    assert [path.name for path in plan.parent.iterdir()] == [plan.name]


@pytest.mark.parametrize(
    "command", [("save", "{page}", "{plan}"), ("edit", "{page}"), ("relabel", "{page}", "--label", "Public")]
)
def test_nothing_takes_the_place_of_a_web_page(chancery: Any, plan: Path, command: tuple[str, ...]) -> None:
    assert chancery("protect", plan, "--html").exit_code == 0
    page = plan.with_name("plan.txt.html")
    before = page.read_bytes()
    said = chancery(*(word.format(page=page, plan=plan) for word in command))
    assert (said.exit_code, "It cannot be changed in there." in said.output) == (2, True), said.output
    assert page.read_bytes() == before


def test_web_pages_are_for_files_that_go_by_mail(chancery: Any, plan: Path) -> None:
    with plan.open("r+b") as file:
        file.truncate(html_form.MAX_CONTENT + 1)
    said = chancery("protect", plan, "--html")
    assert (said.exit_code, "too large" in said.output) == (2, True)
    assert chancery("protect", "-", "--html", given=b"x").exit_code == 2
    assert [path.name for path in plan.parent.iterdir()] == [plan.name]
