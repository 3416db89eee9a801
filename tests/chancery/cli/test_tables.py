"""Lists of the command line: a terminal's width is kept, nothing is left out in silence, and nothing acts on it."""

import contextlib
import inspect
import json
import tempfile
import tracemalloc
from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from chancery.cli import tables
from chancery.cli.main import COMMANDS, main
from chancery.cli.output import Output
from chancery.sdk.errors import Unreachable
from chancery.sdk.listing import Listing

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
    _, line = printed(capsys, Output(), ROW | {"title": "plan.txt", "owner": "a@b.example"})
    assert CID in line
    assert "plan.txt" in line
    assert "a@b.example" in line


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
    assert capsys.readouterr().out.splitlines()[1].split() == [
        "yes",
        "no",
        "connector,",
        "reporting",
        "application",
        "–",
    ]


EVENT = {"id": CID, "kind": "content.opened", "sentence": "s" * 500, "details": {"rights": ["VIEW"] * 20}}


def pages(number: int, size: int = 200) -> Listing:
    """Return a list of so many events, made page by page as the service would answer them."""

    def fetch(cursor: str) -> dict[str, Any]:
        first = int(cursor or 0)
        rows = [{**EVENT, "seq": seq} for seq in range(first, min(first + size, number))]
        more = first + size < number
        return {"results": rows, "next": str(first + size) if more else "", **({} if cursor else {"total": number})}

    return Listing(fetch)


def test_a_long_list_for_programs_is_written_while_it_is_read() -> None:
    """Twenty thousand events take no more memory than one page of them, and are one object all the same."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as target, contextlib.redirect_stdout(target):
        tracemalloc.start()
        tables.show(Output(as_json=True), pages(20_000), ["at"], empty="", limit=None)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        target.seek(0)
        found = json.load(target)
    assert [one["seq"] for one in found["results"]] == list(range(20_000))
    assert (found["complete"], found["total"]) == (True, 20_000)
    assert peak < 3_000_000, "twenty thousand of them at once take 30 MB and more"


def test_a_list_that_fails_on_the_way_ends_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    def rows() -> Iterator[dict[str, object]]:
        yield ROW
        raise Unreachable("gone")

    with pytest.raises(Unreachable):
        tables.show(Output(as_json=True), rows(), COLUMNS, empty="")
    begun = capsys.readouterr().out
    assert begun.startswith('{"command": "", "results": [{')
    assert begun.endswith("}\n")
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(begun)


@pytest.mark.usefixtures("terminal")
def test_a_cut_list_says_of_how_many_where_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show(Output(), pages(312), ["seq"], empty="", limit=None)
    assert capsys.readouterr().err == "Shown are the first 50 of 312. All of them: --limit all\n"
    tables.show(Output(), iter([ROW] * 60), COLUMNS, empty="", limit=None)
    assert capsys.readouterr().err == "Shown are the first 50; there are more. All of them: --limit all\n"
    tables.show(Output(as_json=True), pages(312), ["seq"], empty="", limit=10)
    cut = json.loads(capsys.readouterr().out)
    assert (len(cut["results"]), cut["complete"], cut["total"]) == (10, False, 312)
