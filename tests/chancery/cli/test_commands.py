"""The commands of the program: each is found where the list says, and starting one costs only what it needs."""

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner

from chancery.cli import account, tables
from chancery.cli.audit import DIRECTORY, KindOfEvent
from chancery.cli.expiry import parse_beginning, parse_end, parse_expiry
from chancery.cli.main import COMMANDS, main
from chancery.cli.output import Output
from chancery.cli.policy import LIMITS, limited
from chancery.cli.roles import Role
from chancery.ledger.kinds import Kind
from chancery.policy.days import last_day_before
from chancery.sdk.errors import Misused, Unreachable
from tenants.events import DirectoryKind

HEAVY = {"rich", "urllib3", "cryptography", "keyring", "jwt"}
ROOT = Path(__file__).parents[3]
ALL = [name for section in COMMANDS.values() for name in section]


def command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ALL)
def test_a_command_is_in_the_group_that_the_list_says(name: str) -> None:
    assert command(name).name == name


def verbs() -> list[tuple[str, ...]]:
    """Return the words of every command, those inside groups too."""
    found: list[tuple[str, ...]] = []
    for name in ALL:
        group = command(name)
        found += [(name,), *((name, verb) for verb in (group.commands if isinstance(group, click.Group) else ()))]
    return found


@pytest.mark.parametrize("words", verbs(), ids=" ".join)
def test_a_command_explains_itself(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"])
    assert shown.exit_code == 0
    assert shown.output.startswith("Usage:")
    found = command(words[0])
    if len(words) > 1:
        assert isinstance(found, click.Group)
        found = found.commands[words[1]]
    assert found.help
    for option in found.params:
        assert isinstance(option, click.Argument) or option.help, f"{option.name} has no help"


def test_the_list_of_commands_cuts_no_sentence() -> None:
    assert "..." not in CliRunner().invoke(main, ["--help"], terminal_width=80).output.partition("Sign-in:")[2]


def test_what_a_command_does_not_need_is_not_imported() -> None:
    program = (
        "import sys; from chancery.cli.main import main; main(['--version'], standalone_mode=False);"
        "import json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bogus"], "No such command"),
        (["protect"], "Missing argument"),
        (["protect", "no such file"], "does not exist"),
        (["key", "activate", "x"], "not a valid UUID"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_programs_get_usage_errors_as_json(words: list[str], said: str, *, after: bool) -> None:
    shown = CliRunner().invoke(main, [*words, "--json"] if after and words != ["bogus"] else ["--json", *words])
    assert shown.exit_code == 2
    error = json.loads(shown.stdout)
    assert error["error"] == "usage"
    assert said in error["message"]
    assert error["next_step"]


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("text", ["2020-01-31", "0d", "2020-01-31T10:00"])
def test_an_end_that_has_passed_is_refused(text: str) -> None:
    with pytest.raises(Misused, match="has passed already"):
        parse_expiry(text, BERLIN)


def test_an_end_to_come_is_read() -> None:
    assert parse_expiry("30d", BERLIN) == pytest.approx(time.time() + 30 * 86_400, abs=5)
    assert parse_expiry("2100-01-31T00:00+00:00", BERLIN) == 4_105_036_800


def test_a_date_lasts_until_the_midnight_that_ends_it_where_its_setter_lives() -> None:
    assert parse_expiry("2100-01-30", ZoneInfo("UTC")) == 4_105_036_800
    assert parse_expiry("2100-01-30", BERLIN) == 4_105_036_800 - 3_600
    assert parse_expiry("2100-01-31T00:00", BERLIN) == 4_105_036_800 - 3_600


def test_a_day_that_opens_counts_from_its_first_midnight_and_one_that_closes_until_its_last() -> None:
    midnight = 4_105_036_800 - 3_600
    assert parse_beginning("2100-01-31", BERLIN) == midnight
    assert parse_end("2100-01-31", BERLIN) == midnight + 86_400
    assert parse_end("21000131", BERLIN) == midnight + 86_400
    for parse in (parse_beginning, parse_end):
        assert parse("2100-01-31T09:00", BERLIN) == midnight + 9 * 3_600
        assert parse("2100-01-31T09:00+00:00", BERLIN) == midnight + 10 * 3_600


def test_the_options_of_the_time_window_begin_and_end_with_the_day() -> None:
    nothing = {name: () if name in {"networks", "platforms", "times", "enforced"} else None for name in LIMITS}
    window = {"not_before": "2100-01-31", "not_after": "2100-01-31"}
    conditions = limited(BERLIN, **{**nothing, **window})["conditions"]
    assert conditions["not_after"] - conditions["not_before"] == 86_400


@pytest.mark.parametrize("text", ["9999-12-31", "9999-01-01T00:00", "99999999d"])
def test_a_day_at_the_end_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(Misused, match="too late"):
        parse_expiry(text, BERLIN)


def test_the_last_day_that_can_be_named_ends_in_every_time_zone() -> None:
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        end = parse_end("9998-12-31", ZoneInfo(zone))
        assert last_day_before(end, ZoneInfo(zone)) == date(9998, 12, 31)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("content", "content."),
        ("content.", "content."),
        ("key.rotated", "key.rotated"),
        ("person", "person."),
        ("person.invited", "person.invited"),
    ],
)
def test_a_kind_is_read_with_or_without_its_full_stop(said: str, meant: str) -> None:
    assert KindOfEvent().convert(said, None, None) == meant


@pytest.mark.parametrize(
    ("said", "known"), [("contents", "content"), ("content.flown", "content.opened"), ("", "content")]
)
def test_an_unknown_kind_is_refused_with_the_known_ones(said: str, known: str) -> None:
    with pytest.raises(Misused) as refused:
        KindOfEvent().convert(said, None, None)
    assert known in refused.value.next_step


def test_the_client_knows_what_the_events_of_the_directory_are_about() -> None:
    objects = {kind.partition(".")[0] for kind in DirectoryKind}
    assert objects - {kind.partition(".")[0] for kind in Kind} == set(DIRECTORY)


def test_a_moment_is_shortened_and_a_sentence_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"at": "2026-11-25T12:48:01Z", "reason": "program_does_not_enforce"}
    tables.show(Output(), [row], ["at", "reason"], empty="")
    shown = capsys.readouterr().out
    assert "2026-11-25 12:48 " in shown
    assert "The program used does not say that it withholds what the policy wants withheld." in shown


def test_an_address_that_names_no_service_is_answered_with_the_other_way_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Most mail domains say nothing about Chancery: that is no trouble of the network."""

    def silent(*_: object) -> str:
        raise Unreachable("nowhere.example does not answer.")

    monkeypatch.setattr(account, "host_of_address", silent)
    monkeypatch.setenv("CHANCERY_HOME", str(tmp_path))
    said = CliRunner().invoke(main, ["login", "nina@nowhere.example"])
    assert said.exit_code == 4
    assert "nowhere.example does not say where its service is." in said.stderr
    assert "chancery login --host ADDRESS" in said.stderr


@pytest.mark.parametrize("word", ["administrator", "Administrator", "global_administrator", "  ADMINISTRATOR "])
def test_a_role_is_taken_by_its_word_and_by_its_name(word: str) -> None:
    assert Role().convert(word, None, None) == "global_administrator"
    with pytest.raises(Misused, match="no role called 'boss'"):
        Role().convert("boss", None, None)


def test_an_empty_code_is_wrong_usage_and_is_not_sent() -> None:
    """It is what a shell passes on when the command that should print one has failed."""
    shown = CliRunner().invoke(main, ["login", "--host", "localhost:1", "--code", ""])
    assert shown.exit_code == 2
    assert shown.stderr.startswith("The code is empty.")
