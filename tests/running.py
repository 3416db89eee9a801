"""The real product, started as a person starts it, and commands in another terminal."""

import http.client
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

from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor import environment

SECONDS = 90.0
SURROUNDINGS = environment.combined({})


@dataclass
class Running:
    """A running ``up``, its port, its data folder and what it has said so far."""

    process: "subprocess.Popen[bytes]"
    port: int
    data: Path
    output: Path
    host: str = "localhost"

    @property
    def base(self) -> str:
        return f"http://{self.host}:{self.port}"

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
def up(data: Path, port: int, host: str = "localhost", **variables: str) -> Iterator[Running]:
    """Run ``up`` until it says that it is ready; whatever is left of it is ended afterwards."""
    output = data.with_name(f"{data.name}.{time.monotonic_ns()}.out")
    arguments = command("up", "--empty", "--data", str(data), "--port", str(port), "--host", host)
    kept = {name: value for name, value in SURROUNDINGS.items() if not name.startswith("CHANCERY_")} | variables
    with output.open("wb") as file:
        process = subprocess.Popen(
            arguments, cwd=ROOT, env=kept, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
    running = Running(process, port, data, output, host)
    try:
        eventually(lambda: "Ready in" in running.said() or process.poll() is not None, "up was never ready")
        assert process.poll() is None, running.said()
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)


@contextmanager
def walkable_folder(what_for: str) -> Iterator[Path]:
    """Return a folder whose parents everybody may walk through, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix=f"chancery-{what_for}-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
