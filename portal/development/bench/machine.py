"""Figures of what runs on somebody's own machine: protecting and opening a large file, the start of things."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portal.development.bench.figures import Line, Reference, median, spread
from portal.development.bench.stack import Stack
from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor import programs

RUNS: Final = 3
MIB: Final = 1024 * 1024
_CLIENT: Final = "import sys; from chancery.cli.main import main; sys.exit(main(prog_name='chancery'))"
_READY_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took: seconds on the clock and of processors, and KiB of memory at most."""

    seconds: float
    processor: float
    peak: int


def files(stack: Stack, cast: dict[str, Any], size: int) -> list[Line]:
    """Protect and open one large file with the command line, beside copying it."""
    folder = stack.folder / "files"
    folder.mkdir()
    source, sealed, opened, copy = (folder / name for name in ("large", "large.sealed", "opened", "copy"))
    _fill(source, size)
    environment = {**os.environ, "CHANCERY_HOME": cast["home"]}
    protect = [sys.executable, "-c", _CLIENT, "protect", str(source), "-o", str(sealed)]
    open_ = [sys.executable, "-c", _CLIENT, "open", str(sealed), "-o", str(opened)]
    runs: dict[str, list[Run]] = {"cp": [], "cp and sync": [], "protect": [], "open": [], "age": [], "age -d": []}
    for _ in range(RUNS):
        runs["cp"].append(_run(["cp", str(source), str(copy)]))
        copy.unlink()
        runs["cp and sync"].append(_run(["sh", "-c", f"cp '{source}' '{copy}' && sync '{copy}'"]))
        copy.unlink()
        runs["protect"].append(_run(protect, environment))
        runs["open"].append(_run(open_, environment))
        sealed.unlink()
        opened.unlink()
        _age(folder, source, runs)
    shutil.rmtree(folder)
    return _file_lines(runs, size)


def _file_lines(runs: dict[str, list[Run]], size: int) -> list[Line]:
    """Beside ``cp``, and beside ``cp`` and ``sync``: a protected file is on the disk when the program ends."""
    taken = {name: [run.seconds for run in done] for name, done in runs.items()}
    copied = Reference("s by cp", median(taken["cp"]))
    synced = Reference("s by cp and sync", median(taken["cp and sync"]))
    lines = []
    for name in ("protect", "open"):
        what = f"{name} {size // MIB:,} MiB"
        lines.append(Line(what, median(taken[name]), "s", "≤ 1.3 × cp", copied, spread(taken[name])))
        lines.append(Line("  beside a copy that is on the disk", median(taken[name]), "s", "", synced))
        aged = taken["age" if name == "protect" else "age -d"]
        if aged:
            lines.append(Line("  beside age", median(taken[name]), "s", "< 1", Reference("s by age", median(aged))))
        worked = [run.processor for run in runs[name]]
        lines.append(Line("  time of processors", median(worked), "s", "", None, spread(worked)))
        lines.append(Line("  memory at most", max(run.peak for run in runs[name]) / 1024, "MiB", "≤ 96"))
    return lines


def _age(folder: Path, source: Path, runs: dict[str, list[Run]]) -> None:
    """Encrypt and decrypt with age where it is installed."""
    if not (shutil.which("age") and shutil.which("age-keygen")):
        return
    key, sealed, opened = folder / "key", folder / "large.age", folder / "opened.age"
    if not key.exists():
        _run(["age-keygen", "-o", str(key)])
    public = next(line.split()[-1] for line in key.read_text(encoding="utf-8").splitlines() if "public key" in line)
    runs["age"].append(_run(["age", "-r", public, "-o", str(sealed), str(source)]))
    runs["age -d"].append(_run(["age", "-d", "-i", str(key), "-o", str(opened), str(sealed)]))
    sealed.unlink()
    opened.unlink()


def _fill(path: Path, size: int) -> None:
    """Write bytes that no file system can make smaller."""
    block = os.urandom(MIB)
    with path.open("wb") as file:
        for number in range(size // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])


def _run(command: Sequence[str], environment: dict[str, str] | None = None) -> Run:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    with ThreadPoolExecutor(1) as beside:
        peak = beside.submit(peak_memory, process.pid)
        errors = "" if process.stderr is None else process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {errors[-2000:]}")
    return Run(taken, usage.ru_utime + usage.ru_stime, peak.result())


def peak_memory(pid: int) -> int:
    """Watch a process until it ends and return how many KiB of memory it had at most; 0 where nobody can tell.

    What the kernel says when a process has ended cannot be used: it counts the parent in, as which every child begins.
    """
    status, peak = Path(f"/proc/{pid}/status"), 0
    while True:
        try:
            lines = status.read_text(encoding="utf-8").splitlines()
        except OSError:
            return peak
        known = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
        if not known:
            return peak
        peak = max(peak, *known)
        time.sleep(0.005)


def starts(folder: Path) -> list[Line]:
    """How long the command line takes to begin, and ``up`` to serve when everything was there before."""
    version = _starts(_CLIENT, "--version")
    protect = _starts(_CLIENT, "protect", "--help")
    nothing = _starts("pass")
    data = folder / "warm"
    _up(data)
    warm = [_up(data) for _ in range(RUNS)]
    bare = Reference("s for a bare interpreter", median(nothing))
    return [
        Line("start of the command line", median(version), "s", "≤ 0.3", bare, spread(version)),
        Line("  with all that protecting needs", median(protect), "s", "≤ 0.3", bare, spread(protect)),
        Line("up, warm", median(warm), "s", "≤ 5", None, spread(warm)),
    ]


def _starts(program: str, *arguments: str) -> list[float]:
    return [_run([sys.executable, "-c", program, *arguments], dict(os.environ)).seconds for _ in range(7)]


def _up(data: Path) -> float:
    """Run ``up`` until it says that it is ready, and end it in order."""
    port = next(port for port in range(19_000, programs.HIGHEST_PORT) if programs.is_free(port))
    command = [sys.executable, "-m", "portal", "up", "--empty", "--data", str(data), "--port", str(port)]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("up was started without a pipe")
        for line in process.stdout:
            if "Ready in" in line:
                return time.perf_counter() - began
        raise RuntimeError("up ended before it was ready.")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_READY_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
