"""``chancery view`` and ``edit``: the command line gives what the rights give, and leaves no plain copy behind."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from chancery.cli import editing as cli_editing
from chancery.cli import private_folder, viewing
from chancery.policy.programs import MEANINGS, Hold, Program
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.rights import Right
from chancery.sdk.results import Protected
from tests.cast import Cast
from tests.protection.steps import RITA, content, ledger, protect

PAGE = "http://localhost:8000/open/"
HOSTILE = b"name,price\nLamp,10\n\x1b[2J\x1b]0;mine\x07Chair,9\n"


@pytest.fixture
def sealed(cast: Cast, tmp_path: Path) -> Protected:
    """Return a table that Rita may read, and no more."""
    return protect(cast.olga, written(tmp_path, "prices.csv", HOSTILE), f"{RITA}:VIEW")


@pytest.fixture
def notes(cast: Cast, tmp_path: Path) -> Protected:
    """Return a text that Rita may change."""
    return protect(cast.olga, written(tmp_path, "notes.txt", b"first\n"), f"{RITA}:VIEW,EDIT")


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where private folders are made."""
    place = tmp_path / "memory"
    place.mkdir()
    monkeypatch.setattr(private_folder, "_IN_MEMORY", place)
    return place


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def editing(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let a Python program be the editor; ``text`` is the file that it is to change."""
    program = f"import sys; from pathlib import Path; text = Path(sys.argv[1]); {code}"
    monkeypatch.setenv("VISUAL", shlex.join([sys.executable, "-c", program]))


# --- opening and viewing --------------------------------------------------------------------------------------------


def test_open_writes_no_copy_without_export_and_says_what_helps(chancery: Any, cast: Cast, sealed: Protected) -> None:
    before = {*sealed.path.parent.iterdir()}
    for target in (sealed.path.with_name("copy.csv"), "-"):
        refused = chancery("open", sealed.path, "-o", target, who=cast.rita)
        assert (refused.exit_code, refused.stdout_bytes) == (1, b"")
        assert "but not save it without this protection" in refused.stderr
        assert f"chancery view {sealed.path}" in refused.stderr
        assert PAGE in refused.stderr
        assert "olga@contoso.example for the right to export" in refused.stderr
    assert {*sealed.path.parent.iterdir()} == before


def test_a_pager_gets_the_table_and_nothing_that_a_terminal_acts_on(
    chancery: Any, cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    paged, variables = tmp_path / "paged", tmp_path / "variables"
    program = (
        f"cat > {shlex.quote(str(paged))}; echo $LESSSECURE $LESSHISTFILE $LESSOPEN > {shlex.quote(str(variables))}"
    )
    monkeypatch.setenv("PAGER", shlex.join(["sh", "-c", program]))
    monkeypatch.setenv("LESSOPEN", "|cat %s")
    monkeypatch.setattr(viewing, "on_terminal", lambda: True)
    before = {*tmp_path.iterdir()}
    shown = chancery("view", sealed.path, who=cast.rita)
    assert (shown.exit_code, shown.stdout) == (0, ""), shown.stderr
    lines = paged.read_bytes().splitlines()
    assert [line.split() for line in lines[:2]] == [[b"name", b"price"], [b"Lamp", b"10"]]
    assert lines[2].split() == [rb"\x1b[2J\x1b]0;mine\x07Chair", b"9"]
    assert variables.read_text() == "1 -\n", "less saves, pipes and remembers nothing"
    assert {*tmp_path.iterdir()} - before == {paged, variables}
    (opened,) = ledger(cast, "contoso", "content.opened", cid=sealed.cid)
    assert opened.outcome == "allowed"


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_what_is_not_a_terminal_gets_nothing_without_export(
    chancery: Any, cast: Cast, sealed: Protected, words: tuple[str, ...]
) -> None:
    refused = chancery(*words, "view", sealed.path, who=cast.rita)
    assert (refused.exit_code, "Lamp" in refused.output) == (1, False)
    assert "on a terminal, but not send it to a file or a program" in refused.output
    shown = chancery(*words, "view", sealed.path, who=cast.olga)
    assert (shown.exit_code, "Lamp" in shown.stdout) == (0, True)
    assert "\x1b" not in shown.output


def test_a_pager_that_cannot_be_started_is_named(
    chancery: Any, cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", "no-such-pager")
    monkeypatch.setattr(viewing, "on_terminal", lambda: True)
    failed = chancery("view", sealed.path, who=cast.rita)
    assert (failed.exit_code, "no-such-pager" in failed.stderr) == (2, True)


def test_what_a_terminal_cannot_show_is_opened_in_the_browser(
    chancery: Any, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = protect(cast.olga, written(tmp_path, "plan.png", b"\x89PNG"), f"{RITA}:VIEW")
    named = picture.path.rename(tmp_path / "plan.png.sealed")
    shown = chancery("view", named, who=cast.rita)
    assert (shown.exit_code, PAGE in shown.stdout) == (0, True)
    assert ledger(cast, "contoso", "content.opened", cid=picture.cid) == [], "its name says enough"
    visited: list[str] = []
    monkeypatch.setattr(viewing.webbrowser, "open", visited.append)
    monkeypatch.setattr(viewing, "on_terminal", lambda: True)
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    assert PAGE in chancery("view", named.rename(tmp_path / "renamed"), who=cast.rita).stdout
    assert visited == []
    monkeypatch.setenv("DISPLAY", ":0")
    assert PAGE in chancery("view", tmp_path / "renamed", who=cast.rita).stdout
    assert visited == [PAGE]


def test_nobody_is_sent_to_the_browser_to_be_refused_there(chancery: Any, cast: Cast, tmp_path: Path) -> None:
    picture = protect(cast.olga, written(tmp_path, "plan.png", b"\x89PNG"), f"{RITA}:VIEW")
    named = picture.path.rename(tmp_path / "plan.png.sealed")
    place, cid = cast.olga.session.organization_of(named)
    place.call("POST", f"/api/v1/documents/{cid}/revoke", {"recipient": RITA, "reason": "Over."})
    for asked in ("by trying", "by asking why"):
        refused = chancery("view", named, who=cast.rita)
        assert (refused.exit_code, PAGE in refused.output) == (1, False), asked
        assert WORDS[Reason.REVOKED_FOR_YOU].person in refused.stderr, asked
        assert f"chancery request {named}" in refused.stderr, asked
    (tried,) = ledger(cast, "contoso", "content.opened", cid=picture.cid)
    assert tried.outcome == "refused"


def test_who_may_not_read_it_is_refused_as_ever(chancery: Any, cast: Cast, sealed: Protected) -> None:
    refused = chancery("view", sealed.path, who=cast.max)
    assert (refused.exit_code, f"chancery request {sealed.path}" in refused.stderr) == (1, True)


def test_the_table_of_rights_says_what_this_client_does() -> None:
    held = {right: MEANINGS[right].held[Program.COMMAND_LINE] for right in Right}
    assert held[Right.EXPORT] is Hold.ADVISED, "it writes no copy; who reads a text could copy it elsewhere"
    assert held[Right.EDIT] is Hold.ENFORCED
    assert held[Right.EXTRACT] is held[Right.PRINT] is Hold.NOT_ENFORCED, "a terminal and an editor copy and print"


# --- editing --------------------------------------------------------------------------------------------------------


def test_edit_saves_the_next_edition_and_leaves_nothing(
    chancery: Any, cast: Cast, notes: Protected, monkeypatch: pytest.MonkeyPatch, memory: Path
) -> None:
    seen = memory.parent / "seen"
    note = f"Path({str(seen)!r}).write_text(f'{{text.name}} {{text.parent.parent}} {{text.parent.stat().st_mode:o}}')"
    swap, change = "text.with_name('.swp').write_text('first')", "text.write_text(text.read_text() + 'second')"
    editing(monkeypatch, f"{note}; {swap}; {change}")
    done = chancery("edit", notes.path, who=cast.rita)
    assert done.exit_code == 0, done.stderr
    assert seen.read_text() == f"notes.txt {memory} 40700"
    assert content(cast.olga, notes.path) == b"first\nsecond"
    assert [*memory.iterdir()] == []
    (event,) = ledger(cast, "contoso", "content.edited", cid=notes.cid)
    assert (event.outcome, event.details["edition"]) == ("done", 2)


@pytest.mark.parametrize(
    ("code", "ended", "said"),
    [
        ("pass", 0, "Nothing was changed"),
        ("text.unlink()", 0, "Nothing was changed"),
        ("sys.exit(1)", 2, "ended with code 1"),
    ],
)
def test_nothing_is_saved_where_nothing_was_changed(
    chancery: Any,
    cast: Cast,
    notes: Protected,
    monkeypatch: pytest.MonkeyPatch,
    memory: Path,
    code: str,
    ended: int,
    said: str,
) -> None:
    before = notes.path.read_bytes()
    editing(monkeypatch, code)
    done = chancery("edit", notes.path, who=cast.rita)
    assert (done.exit_code, said in done.output) == (ended, True)
    assert notes.path.read_bytes() == before
    assert [*memory.iterdir()] == []


def test_who_may_not_save_is_refused_before_any_editor(
    chancery: Any, cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch, memory: Path
) -> None:
    editing(monkeypatch, f"Path({str(memory)!r}, 'edited').touch()")
    refused = chancery("edit", sealed.path, who=cast.rita)
    assert (refused.exit_code, "not change it" in refused.stderr) == (1, True)
    assert [*memory.iterdir()] == []


def test_only_a_text_is_edited(
    chancery: Any, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: Path
) -> None:
    picture = protect(cast.olga, written(tmp_path, "plan.png", b"\x89PNG"))
    editing(monkeypatch, f"Path({str(memory)!r}, 'edited').touch()")
    refused = chancery("edit", picture.path)
    assert (refused.exit_code, "not a text" in refused.stderr) == (2, True)
    assert [*memory.iterdir()] == []


def kept_text(memory: Path, said: str) -> Path:
    """Return the text that was kept, which the error names."""
    (folder,) = memory.iterdir()
    (text,) = folder.iterdir()
    assert str(text) in said
    assert folder.stat().st_mode & 0o777 == 0o700
    return text


def test_what_cannot_be_saved_is_kept(
    chancery: Any, cast: Cast, notes: Protected, monkeypatch: pytest.MonkeyPatch, memory: Path
) -> None:
    before = notes.path.read_bytes()
    editing(monkeypatch, "text.write_text('mine')")
    session = cast.rita.session
    with monkeypatch.context() as lost:
        lost.setattr(type(session), "save_edition", _cut_off)
        failed = chancery("edit", notes.path, who=cast.rita)
    assert failed.exit_code == 5
    text = kept_text(memory, failed.stderr)
    assert f"chancery save {notes.path} {text}" in failed.stderr
    assert notes.path.read_bytes() == before
    assert chancery("save", notes.path, text, who=cast.rita).exit_code == 0
    assert content(cast.olga, notes.path) == b"mine"


def _cut_off(*_: Any, **__: Any) -> None:
    raise OSError(28, os.strerror(28))


def test_an_editor_that_fails_saves_nothing_and_loses_nothing(
    chancery: Any, cast: Cast, notes: Protected, monkeypatch: pytest.MonkeyPatch, memory: Path
) -> None:
    editing(monkeypatch, "text.write_text('mine'); sys.exit(3)")
    failed = chancery("edit", notes.path, who=cast.rita)
    assert (failed.exit_code, "ended with code 3" in failed.stderr) == (2, True)
    assert kept_text(memory, failed.stderr).read_text() == "mine"
    assert content(cast.olga, notes.path) == b"first\n"


@pytest.mark.parametrize(("where", "code"), [("in the same folder", 5), ("elsewhere", 1)])
def test_an_edition_that_another_person_saves_meanwhile_is_not_overwritten(
    chancery: Any, cast: Cast, notes: Protected, monkeypatch: pytest.MonkeyPatch, memory: Path, where: str, code: int
) -> None:
    def edited(text: Path) -> int:
        text.write_text("mine")
        theirs = written(memory.parent, "theirs.sealed", notes.path.read_bytes())
        cast.olga.session.save_edition(theirs, written(memory.parent, "theirs.txt", b"theirs"))
        if where == "in the same folder":
            theirs.replace(notes.path)
        else:
            content(cast.rita, theirs)  # An edition that nobody but its author has opened may be passed over.
        return 0

    monkeypatch.setattr(cli_editing, "edited", edited)
    failed = chancery("edit", notes.path, who=cast.rita)
    assert (failed.exit_code, "Someone else has saved an edition" in failed.stderr) == (code, True), failed.stderr
    assert kept_text(memory, failed.stderr).read_text() == "mine"
    if where == "in the same folder":
        assert content(cast.olga, notes.path) == b"theirs"


def test_an_older_edition_is_named_before_it_is_edited(
    chancery: Any, cast: Cast, notes: Protected, monkeypatch: pytest.MonkeyPatch, memory: Path, tmp_path: Path
) -> None:
    theirs = written(tmp_path, "theirs.sealed", notes.path.read_bytes())
    cast.olga.session.save_edition(theirs, written(tmp_path, "theirs.txt", b"theirs"))
    content(cast.rita, theirs)
    editing(monkeypatch, f"Path({str(memory)!r}, 'edited').touch()")
    refused = chancery("edit", notes.path, who=cast.rita)
    assert (refused.exit_code, WORDS[Reason.SUPERSEDED].person in refused.stderr) == (1, True)
    assert [*memory.iterdir()] == []
