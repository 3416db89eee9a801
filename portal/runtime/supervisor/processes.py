"""One program of the stack as an operating system process that cannot be lost.

Each runs in a session of its own, so that a signal from the terminal reaches the supervisor alone and a whole group
can be ended at once; and each asks the kernel to be ended when the supervisor ends, however it ends.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.runtime.supervisor.accounts import Account

LARGEST_LOG = 10 * 1024 * 1024
KEPT_LOGS = 3
LARGEST_EXCERPT = 16 * 1024
PR_SET_PDEATHSIG = 1
# Killed processes need the processor once more to let go of what they hold, and on a busy machine they wait for it.
GROUP_SECONDS = 15.0
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run: the command, its surroundings, and the signal that asks it to end."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None
    folder: Path = field(default_factory=lambda: Path("/"))


@dataclass
class Process:
    """A started program, its log, and the note that lets the next supervisor find it."""

    program: Program
    child: "subprocess.Popen[bytes]"
    note: Path
    began: float
    log: Path
    log_start: int

    @property
    def pid(self) -> int:
        return self.child.pid

    def ended(self) -> int | None:
        """Return the exit status once the process has ended, else ``None``."""
        return self.child.poll()

    def ask_to_end(self) -> None:
        """Send the signal by which the program ends in order."""
        if self.child.poll() is None:
            self.child.send_signal(self.program.stop_signal)

    def wait(self, deadline: float) -> bool:
        """Wait for the end until ``deadline`` on the monotonic clock and say whether it came."""
        try:
            self.child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def end_group(self) -> None:
        """End whatever is left of the process and of those it started, and forget it."""
        end_group(self.pid)
        self.child.wait()
        self.note.unlink(missing_ok=True)


def start(program: Program, log: Path, notes: Path) -> Process:
    """Start ``program`` with its output appended to ``log`` and leave a note about it in ``notes``."""
    parent = os.getpid()
    account = program.account
    with log.open("ab") as output:
        log_start = output.tell()
        child = subprocess.Popen(
            program.command,
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
            # It runs after the change of account, which would clear the mark.
            preexec_fn=_dies_with(parent, program.stop_signal),  # noqa: PLW1509 - the supervisor has no threads
        )
    note = notes / f"{program.name}.pid"
    note.write_text(f"{child.pid} {started_at(child.pid) or '?'}\n", encoding="utf-8")
    return Process(program, child, note, time.monotonic(), log, log_start)


def _dies_with(parent: int, with_signal: signal.Signals) -> Callable[[], None]:
    """Return what the child runs before it becomes the program: ask to be ended when ``parent`` is gone."""

    def mark() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return mark


def end_group(pid: int) -> None:
    """Kill every process of the session that ``pid`` leads and wait until they hold nothing any more.

    The database's processes lead sessions of their own.  They end with their parent by themselves, but not one that was
    stopped, and a new database does not start beside it; so descendants are found before their parents are gone.
    """
    family = _descendants(pid)
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    for member in family:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(member, signal.SIGKILL)
    deadline = time.monotonic() + GROUP_SECONDS
    while _group_lives(pid) and time.monotonic() < deadline:
        time.sleep(0.01)


def _descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that these did."""
    if _libc is None:
        return []
    children: dict[str, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and len(fields := _status(folder)) > 1:
            children.setdefault(fields[1], []).append(int(folder.name))
    found = list(children.get(str(pid), ()))
    for member in found:
        found += children.get(str(member), ())
    return found


def _group_lives(leader: int) -> bool:
    """Say whether a process of the group still runs; ended ones that nobody has waited for hold no port."""
    if _libc is None:
        return False
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = _status(folder)
            if fields and fields[2] == str(leader) and _holds_something(folder):
                return True
    return False


def _holds_something(process: Path) -> bool:
    """Say whether any thread of a process still runs.

    The kernel shows a process as ended as soon as its first thread has, while the others may still hold open what they
    share: a port that is being listened on, a file that is being written.
    """
    try:
        threads = list((process / "task").iterdir())
    except OSError:
        return False
    return any(fields[0] not in {"Z", "X"} for fields in map(_status, threads) if fields)


def _status(process: Path) -> list[str]:
    """Return the kernel's line about a process or a thread from its state on, or nothing when it is gone."""
    try:
        line = (process / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return line.rpartition(")")[2].split()


def started_at(pid: int) -> str:
    """Return the moment a process started, in the kernel's count, or nothing when it has ended."""
    if _libc is None:
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        moment = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return "-".join(moment.split())
    fields = _status(Path(f"/proc/{pid}"))
    return fields[19] if fields and fields[0] != "Z" else ""


def is_running(pid: int) -> bool:
    """Return whether there is a process of this number; one that was stopped counts."""
    return bool(started_at(pid))


def end_orphans(notes: Path, names: tuple[str, ...]) -> list[str]:
    """End what a supervisor that was killed left running, and return the names of those parts.

    A number that now belongs to a process of another age is a namesake and left alone. A number that belongs to
    nobody may still name a group whose leader has ended before its children: the kernel gives it to no new process
    while the group lives.
    """
    found = []
    for name in names:
        note = notes / f"{name}.pid"
        try:
            pid, moment = note.read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            continue
        if started_at(int(pid)) in {moment, ""}:
            if _group_lives(int(pid)):
                found.append(name)
            end_group(int(pid))
        note.unlink(missing_ok=True)
    return found


def rotate(log: Path) -> None:
    """Move a grown log aside by copying it: the writer keeps its descriptor and goes on at the start."""
    try:
        if log.stat().st_size < LARGEST_LOG:
            return
    except FileNotFoundError:
        return
    for number in range(KEPT_LOGS - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)


def last_lines(log: Path, since: int = 0, count: int = 12) -> str:
    """Return the end of a log, for the message about the process that wrote it from ``since`` on.

    A log that is now shorter than that has been rotated in between and counts from its beginning.
    """
    try:
        size = log.stat().st_size
        with log.open("rb") as file:
            file.seek(max(size - LARGEST_EXCERPT, since if since <= size else 0))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-count:])
