"""``up`` as a person meets it: the real product, started, damaged, and stopped."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.bootstrap.environment import ROOT
from portal.supervisor import environment

SECONDS = 90.0
SURROUNDINGS = environment.combined({})


@dataclass
class Running:
    """A running ``up``, its port, its data folder and what it has said so far."""

    process: "subprocess.Popen[bytes]"
    port: int
    data: Path
    output: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def leader(self, part: str) -> int:
        try:
            return int((self.data / "run" / f"{part}.pid").read_text(encoding="utf-8").split()[0])
        except (OSError, IndexError):
            return 0

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def eventually(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "portal", *arguments]


def ask(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in SURROUNDINGS.items() if not name.startswith("CHANCERY_")}
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@contextmanager
def up(data: Path, port: int) -> Iterator[Running]:
    """Run ``up`` until it says that it is ready; whatever is left of it is ended afterwards."""
    output = data.with_name(f"{data.name}.{time.monotonic_ns()}.out")
    arguments = command("up", "--empty", "--data", str(data), "--port", str(port))
    kept = {name: value for name, value in SURROUNDINGS.items() if not name.startswith("CHANCERY_")}
    with output.open("wb") as file:
        process = subprocess.Popen(
            arguments, cwd=ROOT, env=kept, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
    running = Running(process, port, data, output)
    try:
        eventually(lambda: "Ready in" in running.said() or process.poll() is not None, "up was never ready")
        assert process.poll() is None, running.said()
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """Return a data folder whose parents everybody may walk through, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="chancery-up-"))
    folder.chmod(0o711)
    yield folder / "var"
    shutil.rmtree(folder)


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
    """The measured times are 1.2 s and 3 s on two idle cores; the bounds leave room for busy ones.

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
