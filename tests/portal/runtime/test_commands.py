"""What a command of ``manage.py`` builds on: its surroundings, its messages, its choices."""

import os
import shutil
from pathlib import Path

import pytest

from portal.__main__ import COMMANDS, main
from portal.command_overview import overview
from portal.development import check_all, test
from portal.runtime.bootstrap import system
from portal.runtime.supervisor import commands, embedded, environment, up
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.folders import Folders


@pytest.fixture(autouse=True)
def no_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the services of the test session: these tests ask what happens without any."""
    for name in ("DATABASE_URL", "REDIS_URL", "CHANCERY_MODE", "CHANCERY_DATA"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path, None)
    made.make()
    return made


# Surroundings of a single command


def test_environment_that_names_a_database_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://production/")
    with commands.surroundings(["migrate_organizations"]) as variables:
        assert variables == {}


def test_production_never_gets_an_embedded_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """There a missing address is a mistake that settings refuse, and not a reason to start an empty database."""
    monkeypatch.setenv("CHANCERY_MODE", "production")
    with commands.surroundings(["migrate_organizations"]) as variables:
        assert variables == {}


@pytest.mark.parametrize("arguments", [["help"], ["verify_audit", "--help"], ["create_person", "-h"]])
def test_help_starts_no_database(arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHANCERY_DATA", str(tmp_path / "var"))
    with commands.surroundings(arguments) as variables:
        assert variables["CHANCERY_MODE"] == "embedded"
    assert not (tmp_path / "var").exists()


def test_help_names_the_commands_of_chancery_and_what_each_does() -> None:
    said = overview().splitlines()
    ours = {*COMMANDS, *(path.stem for path in commands.FOR_OPERATORS.glob("[a-z]*.py"))}
    listed = {line.split()[0] for line in said if line.startswith("  ") and len(line.split()) > 1}
    assert ours <= listed
    assert "createsuperuser" not in listed
    assert said.index("Operate an installation:") < said.index("Develop:")
    assert main(["help"]) == 0


def test_command_finds_the_running_installation(monkeypatch: pytest.MonkeyPatch, folders: Folders) -> None:
    monkeypatch.setenv("CHANCERY_DATA", str(folders.data))
    environment.write(folders.environment, {"DATABASE_URL": "postgresql://chancery@/chancery?host=/running"})
    with folders.held(), commands.surroundings(["create_organization"]) as variables:
        assert variables == {"DATABASE_URL": "postgresql://chancery@/chancery?host=/running"}


def test_note_of_a_dead_installation_is_not_believed(monkeypatch: pytest.MonkeyPatch, folders: Folders) -> None:
    """Its lock is free, so nothing runs; the services are started for the time of the command."""
    started: list[Folders] = []

    def start(folders: Folders, _base_url: str, *, hasty: bool) -> _Nothing:
        started.append(folders)
        return _Nothing()

    monkeypatch.setenv("CHANCERY_DATA", str(folders.data))
    monkeypatch.setattr(embedded, "start_services", start)
    environment.write(folders.environment, {"DATABASE_URL": "postgresql://dead/"})
    with commands.surroundings(["create_organization"]) as variables:
        assert variables == {"DATABASE_URL": "postgresql://started/"}
    assert len(started) == 1


@pytest.mark.parametrize("told", [["--data", "{}"], ["--data={}"]])
def test_every_command_takes_a_data_folder(folders: Folders, told: list[str]) -> None:
    environment.write(folders.environment, {"DATABASE_URL": "postgresql://chancery@/chancery?host=/running"})
    arguments = ["enrollment_code", *(word.format(folders.data) for word in told), "olga@contoso.example"]
    named, rest = commands.of_data(arguments)
    assert rest == ["enrollment_code", "olga@contoso.example"]
    with folders.held(), commands.surroundings(rest, named) as variables:
        assert variables == {"DATABASE_URL": "postgresql://chancery@/chancery?host=/running"}


def test_an_operator_s_command_sets_nothing_up(tmp_path: Path) -> None:
    """It would run on an empty database, beside the one that was meant."""
    with pytest.raises(SupervisorError, match="--data"), commands.surroundings(["enrollment_code"], tmp_path / "var"):
        pytest.fail("it began")
    assert not (tmp_path / "var").exists()


class _Nothing:
    """Services that are not there."""

    environment = {"DATABASE_URL": "postgresql://started/"}

    def stop(self) -> None:
        """Stop nothing."""


# up


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_impossible_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        up.main(["--port", port])
    assert caught.value.code == 2
    assert "port" in capsys.readouterr().err


def test_failed_step_shows_the_end_of_its_log(folders: Folders) -> None:
    (folders.logs / "dance.log").write_text("from last week\n", encoding="utf-8")
    with pytest.raises(SupervisorError, match=r"(?s)The step 'dance' failed.*usage: ") as caught:
        up._step("dance", folders, environment.combined({}))
    assert "last week" not in str(caught.value)


def test_welcome_is_shown_again_with_the_present_port(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    told = "8000\nLook at http://contoso.localhost:8000/documents/ and pay 8000 dollars.\n"
    (folders.data / "welcome.txt").write_text(told, encoding="utf-8")
    up._welcome(up.Options(port=8123, data=folders.data, empty=False), folders, {})
    assert capsys.readouterr().out.strip() == ("Look at http://contoso.localhost:8123/documents/ and pay 8000 dollars.")


def test_unchanged_database_is_not_migrated_again(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    monkeypatch.setattr(up, "_step", lambda name, *_: steps.append(name))
    up._migrate(folders, {}, new=True)
    up._migrate(folders, {}, new=False)
    assert steps == ["migrate"]
    monkeypatch.setattr(up, "_fingerprint", lambda: "other code")
    up._migrate(folders, {}, new=False)
    assert steps == ["migrate", "migrate"]


def test_failed_migration_is_tried_again(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise SupervisorError("no")

    (folders.run / "migrated").write_text(up._fingerprint(), encoding="utf-8")
    with monkeypatch.context() as broken:
        broken.setattr(up, "_step", fail)
        broken.setattr(up, "_fingerprint", lambda: "other code")
        with pytest.raises(SupervisorError):
            up._migrate(folders, {}, new=False)
    assert not (folders.run / "migrated").exists()


# test, check_all


def test_chosen_tests_run_in_one_process() -> None:
    assert test._shape(["tests/architecture"]) == []


@pytest.mark.parametrize("arguments", [["-n0"], ["-n", "3"], ["--numprocesses=2", "tests/architecture"]])
def test_files_stay_together_in_as_many_processes_as_were_chosen(arguments: list[str]) -> None:
    assert test._shape(arguments) == ["--dist", "loadscope", "--no-loadscope-reorder"]


@pytest.mark.parametrize("arguments", [[], ["-x"], ["--durations=5"]])
def test_whole_suite_is_spread(arguments: list[str]) -> None:
    assert test._shape(arguments)[2:] == ["--dist", "loadscope", "--no-loadscope-reorder"]


def test_table_names_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    results = [check_all.Result("types", True, 1.0, ""), check_all.Result("locks", False, 0.5, "stale")]
    check_all._print_table(results, 1.2)
    assert capsys.readouterr().out.splitlines()[-1] == "FAILED: locks in 1.2 s"


@pytest.mark.parametrize(("may_install", "installed"), [(False, []), (True, ["chromium-headless-shell", "chromium"])])
def test_packages_of_the_system_are_installed_only_where_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, may_install: bool, installed: list[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(system, "install", asked.extend)
    test._provide(test.BROWSER, may_install=may_install)
    assert asked == installed
    said = capsys.readouterr().out
    assert "the page tests will be skipped" in said
    assert "apt-get install -y chromium" in said
    assert "python3 manage.py test --install" in said


def test_missing_package_gives_a_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert system.line_to_type(["chromium"]) == "sudo apt-get install -y chromium"
    assert system.install(["chromium"]) is False
