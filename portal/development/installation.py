"""A throw-away installation under the real supervisor: a drill may break it, and pictures are taken of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor import embedded, environment, folders, programs
from portal.runtime.supervisor.errors import SupervisorError

PREFIX: Final = "chancery-throw-away-"
FIRST_PORT: Final = 19_000
START_SECONDS: Final = 120.0
RUN_INSIDE: Final = "from portal.development.bench import inside; inside.main()"


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs: where it answers, where its data is."""

    port: int
    data: Path

    @property
    def host(self) -> str:
        """The base domain with its port."""
        return f"localhost:{self.port}"

    def leader(self, part: str) -> int:
        """Return the process that leads a part, as the supervisor has noted it."""
        return int((self.data / "run" / f"{part}.pid").read_text(encoding="utf-8").split()[0])

    def processes(self, part: str) -> list[int]:
        """Return the process that leads a part and all that it started."""
        found = [self.leader(part)]
        for pid in found:
            listed = Path(f"/proc/{pid}/task/{pid}/children")
            found += [int(child) for child in listed.read_text(encoding="ascii").split()] if listed.exists() else []
        return found

    def run_inside(self, preparation: str, **arguments: Any) -> Any:
        """Run one preparation of the bench inside the product and return its answer."""
        answer = self.data / "answer.json"
        answer.unlink(missing_ok=True)
        variables = environment.combined(environment.read(self.data / "environment"))
        order = json.dumps({"preparation": preparation, "answer": str(answer), "arguments": arguments})
        done = subprocess.run(
            [sys.executable, "-m", "django", "shell", "--no-imports", "--command", RUN_INSIDE],
            cwd=ROOT,
            env={**variables, "CHANCERY_BENCH": order},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not answer.exists():
            raise SupervisorError(f"The drill could not run {preparation!r}:\n{done.stderr[-4000:]}")
        return json.loads(answer.read_text(encoding="utf-8"))


@contextmanager
def running(*, demo: bool = False) -> Iterator[Installation]:
    """Run ``up`` in a folder that disappears afterwards, with nobody in it or with the demo."""
    data = Path(tempfile.mkdtemp(prefix=PREFIX))
    data.chmod(0o711)
    port = next(port for port in range(FIRST_PORT, programs.HIGHEST_PORT) if programs.is_free(port))
    variables = {name: value for name, value in os.environ.items() if not name.startswith("CHANCERY_")}
    variables["CHANCERY_REQUESTS_PER_SECOND"] = "1000000"
    output = data / "output"
    command = [sys.executable, "-m", "portal", "up", "--data", str(data), "--port", str(port)]
    command += [] if demo else ["--empty"]
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        _await_ready(process, output)
        yield Installation(port, data)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        folders.throw_away(embedded.open_folders(data))
        shutil.rmtree(data, ignore_errors=True)


def _await_ready(process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Ready in" not in output.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SupervisorError(f"The installation did not start:\n{output.read_text(encoding='utf-8')[-4000:]}")
        time.sleep(0.1)
