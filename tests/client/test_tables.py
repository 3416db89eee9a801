"""Lists of the command line: a terminal's width is kept, nothing is left out in silence, and nothing acts on it."""

import inspect
import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from protection.client.cli import tables
from protection.client.cli.main import COMMANDS, main
from protection.client.cli.output import Output

TITLE = "T" * 255
CID = "0d7f3f0e-6b1c-4d7b-9f0e-2a6f1c9e8b7a"
ROW = {"title": TITLE, "state": "active", "owner": f"{'l' * 64}@contoso.example", "opened": 3, "cid": CID}
COLUMNS = list(ROW)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard output be a terminal of 80 cells."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(tables, "on_terminal", lambda: True)


def printed(capsys: pytest.CaptureFixture[str], output: Output, *rows: dict[str, object]) -> list[str]:
    tables.show(output, rows, COLUMNS, empty="None.")
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("terminal")
def test_a_table_fits_the_terminal_and_marks_what_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    head, line = printed(capsys, Output(), ROW)
    assert max(map(len, (head, line))) <= 80
    assert line.split()[0].startswith("TTTTTTTT")
    assert line.count("…") == 3, "title, owner and id"
    assert " active " in line
    assert head.split() == ["title", "state", "owner", "opened", "document"]


@pytest.mark.usefixtures("terminal")
def test_an_id_is_whole_where_there_is_room(capsys: pytest.CaptureFixture[str]) -> None:
    _, line = printed(capsys, Output(), ROW | {"title": "plan.txt", "owner": "ada@contoso.example"})
    assert CID in line or len(line) == 80
    assert "plan.txt" in line
    assert "ada@contoso.example" in line


@pytest.mark.usefixtures("terminal")
def test_letters_of_two_cells_are_counted_as_two(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, Output(), ROW | {"title": "計" * 100}, ROW | {"title": "a" + "計" * 100})
    assert max(map(cell_len, lines)) <= 80
    column = {cell_len(line[: line.index(" active")]) for line in lines[1:]}
    assert len(column) == 1, "columns stand below each other"


@pytest.mark.usefixtures("terminal")
def test_a_sentence_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = f"ada@contoso.example took access to “{'plan ' * 30}” back from rita@fabrikam.example."
    tables.show(Output(), [{"at": "2026-01-31T09:00", "sentence": sentence}], ["at", "sentence"], empty="None.")
    head, *lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert " ".join(" ".join(lines).split()) == f"2026-01-31 09:00 {sentence}"
    assert {line[:16].strip() for line in lines[1:]} == {""}, head


@pytest.mark.usefixtures("terminal")
def test_wide_and_pipes_get_whole_values(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    wide = Output()
    wide.wide = True
    assert TITLE in printed(capsys, wide, ROW)[1]
    monkeypatch.setattr(tables, "on_terminal", lambda: False)
    assert TITLE in printed(capsys, Output(), ROW)[1]
    assert json.loads(printed(capsys, Output(as_json=True), ROW)[0])["results"] == [ROW]


@pytest.mark.usefixtures("terminal")
def test_nothing_that_a_terminal_acts_on_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    (_, line) = printed(capsys, Output(), ROW | {"title": "a\x1b[2Jb\u202ec\x9bd\ne"})
    assert line.startswith("a\\x1b[2Jb\\u202ec\\x9bd\\x0ae")


@pytest.mark.parametrize(("limit", "lines"), [(None, 50), (2, 2), (tables.ALL, 60)])
@pytest.mark.usefixtures("terminal")
def test_a_list_that_is_cut_says_so(capsys: pytest.CaptureFixture[str], limit: int | None, lines: int) -> None:
    tables.show(Output(), ({"title": "x"} for _ in range(60)), ["title"], empty="", limit=limit)
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1 + lines
    told = f"Shown are the first {lines}; there are more. All of them: --limit all\n"
    assert said.err == (told if lines < 60 else "")


@pytest.mark.parametrize(("limit", "whole"), [(None, True), (2, False)])
def test_json_is_whole_or_says_that_it_is_not(
    capsys: pytest.CaptureFixture[str], limit: int | None, *, whole: bool
) -> None:
    tables.show(Output(as_json=True), ({"title": "x"} for _ in range(60)), ["title"], empty="", limit=limit)
    said = json.loads(capsys.readouterr().out)
    assert (len(said["results"]), said["complete"]) == (60 if whole else 2, whole)


def lists() -> Iterator[tuple[str, click.Command]]:
    """Return every command that prints a table."""
    for name in (name for section in COMMANDS.values() for name in section):
        found = main.get_command(click.Context(main), name)
        inner = found.commands.items() if isinstance(found, click.Group) else [("", found)]
        for verb, command in inner:
            if command is not None and "tables.show(" in source(command):
                yield f"{name} {verb}".strip(), command


def source(command: click.Command) -> str:
    return inspect.getsource(inspect.unwrap(command.callback)) if command.callback else ""


def test_every_list_can_be_widened_and_every_long_one_limited() -> None:
    found = dict(lists())
    assert {"documents", "track", "person list", "device list", "audit", "template history"} <= set(found)
    options = {name: {option for one in command.params for option in one.opts} for name, command in found.items()}
    assert [name for name in found if "--wide" not in options[name]] == []
    long = [name for name, command in found.items() if "place.each(" in source(command)]
    assert [name for name in long if "--limit" not in options[name]] == []
    assert len(long) > 5


@pytest.mark.parametrize("said", ["0", "-1", "some"])
def test_how_many_is_a_number_or_all(said: str) -> None:
    assert CliRunner().invoke(main, ["documents", "--limit", said]).exit_code == 2


@pytest.mark.usefixtures("terminal")
def test_a_sentence_goes_on_below_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = f"ada@contoso.example registered “{'計' * 100}”."
    tables.show(Output(), [{"at": "2026-11-25T12:48:01Z", "sentence": sentence}], ["at", "sentence"], empty="")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert "".join(line[18:].strip() for line in lines[1:]).replace(" ", "") == sentence.replace(" ", "")


@pytest.mark.usefixtures("terminal")
def test_what_is_no_text_is_put_into_words(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"disabled": True, "guest": False, "roles": ["connector", "reporter"], "name": ""}
    tables.show(Output(), [row], list(row), empty="")
    assert capsys.readouterr().out.splitlines()[1].split() == ["yes", "no", "connector,", "reporter", "–"]
