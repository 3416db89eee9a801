"""``up`` as a person meets it: the real product, started, damaged, and stopped."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import SECONDS, Running, ask, eventually, free_port, up, walkable_folder


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with walkable_folder("up") as folder:
        yield folder / "var"


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Running]:
    with up(data, free_port()) as running:
        yield running


def test_it_answers(running: Running) -> None:
    assert running.answers()


def test_it_says_where_it_is(running: Running) -> None:
    assert f"http://localhost:{running.port}" in running.said()
    assert str(running.data / "log") in running.said()


def test_every_part_has_its_log(running: Running) -> None:
    names = {path.stem for path in (running.data / "log").glob("*.log")}
    assert {"database", "broker", "web", "worker", "scheduler", "migrate"} <= names


def test_secrets_are_closed(running: Running) -> None:
    folder = running.data / "secrets"
    assert folder.stat().st_mode & 0o077 == 0
    assert {path.name for path in folder.iterdir()} == {"root_key", "secret_key"}


def test_second_start_on_the_same_folder_says_so(running: Running) -> None:
    done = ask("up", "--data", str(running.data))
    assert done.returncode == 1
    assert f"already running on {running.data}: http://localhost:{running.port}" in done.stderr


def test_second_start_on_the_same_port_proposes_another(running: Running, tmp_path: Path) -> None:
    done = ask("up", "--data", str(tmp_path), "--port", str(running.port))
    assert done.returncode == 1
    assert f"Port {running.port} is taken" in done.stderr
    assert "python3 manage.py up --port " in done.stderr


def test_command_in_another_terminal_reaches_the_same_database(running: Running) -> None:
    """All migrations are applied there; a database of its own would have none."""
    done = ask("showmigrations", "organizations", CHANCERY_DATA=str(running.data))
    assert done.returncode == 0, done.stderr
    assert "[X] 0001_initial" in done.stdout
    assert "[ ]" not in done.stdout


@pytest.mark.parametrize("part", ["web", "worker", "scheduler", "broker", "database"])
def test_killed_part_is_back(running: Running, part: str) -> None:
    before = running.leader(part)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: running.leader(part) not in {0, before}, f"the {part} did not come back")
    eventually(running.answers, f"the web did not answer after the {part} had been killed")


def test_it_stops_cleanly_and_starts_again_quickly(running: Running) -> None:
    """The measured times are 1.2 s and 3 s on two idle cores; the bounds allow for busy ones.

    The second start is then killed, and a third one has to cope with what that left.
    """
    parts = [running.leader(part) for part in ("web", "worker", "scheduler", "broker", "database")]
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(SECONDS) == 0
    assert time.monotonic() - began < 6
    assert "Stopped in" in running.said()
    assert [pid for pid in parts if is_alive(pid)] == []
    assert not (running.data / "environment").exists()
    began = time.monotonic()
    with up(running.data, running.port) as second:
        assert time.monotonic() - began < 15
        assert "first start" not in second.said()
        second.process.kill()
        second.process.wait()
    with up(running.data, running.port) as third:
        assert third.answers()


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
