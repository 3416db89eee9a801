"""The supervisor's mechanics, tried on small programs that behave badly on purpose."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from portal.runtime.supervisor import (
    accounts,
    embedded,
    environment,
    folders,
    processes,
    programs,
    restart,
    secrets,
    stack,
)
from portal.runtime.supervisor.accounts import Account
from portal.runtime.supervisor.embedded import Services
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.folders import Folders, HeldError
from portal.runtime.supervisor.parts import Part
from portal.runtime.supervisor.processes import Process, Program
from portal.runtime.supervisor.stack import Supervisor

SECONDS = 20.0
SLEEPER = "import time; time.sleep(600)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
PARENT = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}])
time.sleep(600)
"""


@dataclass(frozen=True)
class Script:
    """A runnable made of a few lines of Python."""

    name: str
    code: str
    stop_signal: signal.Signals = signal.SIGTERM
    prepared: list[float] = field(default_factory=list)
    silent: list[bool] = field(default_factory=list)

    @property
    def program(self) -> Program:
        return Program(self.name, (sys.executable, "-c", self.code), dict(os.environ), self.stop_signal)

    def prepare(self) -> None:
        self.prepared.append(time.monotonic())

    def ready(self, process: Process) -> bool:
        return True

    def answers(self, process: Process) -> bool:
        return not self.silent


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.02)


def running_in_session(leader: int) -> list[int]:
    """Return the living processes of a session, zombies excepted."""
    done = subprocess.run(["ps", "-e", "-o", "pid=,sid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return [int(pid) for pid, session, state in rows if int(session) == leader and not state.startswith("Z")]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Part[Script]]]:
    """Return a maker of parts; whatever it made is gone after the test."""
    made: list[Part[Script]] = []

    def maker(name: str, code: str, stop_signal: signal.Signals = signal.SIGTERM) -> Part[Script]:
        part = Part(Script(name, code, stop_signal), tmp_path, tmp_path)
        made.append(part)
        return part

    yield maker
    for part in made:
        part.kill()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Supervisor:
    return Supervisor(announce=said.append)


def adopt(supervisor: Supervisor, *parts: Part[Script]) -> None:
    for part in parts:
        part.start()
        supervisor.adopt(part, serving=True)


def look_until(supervisor: Supervisor, condition: Callable[[], object]) -> None:
    def looked() -> object:
        supervisor.look()
        return condition()

    eventually(looked)


# What ends comes back


def test_killed_part_comes_back(make: Callable[..., Part[Script]], supervisor: Supervisor, said: list[str]) -> None:
    part = make("sleeper", SLEEPER)
    adopt(supervisor, part)
    assert part.process is not None
    first = part.process.pid
    os.kill(first, signal.SIGKILL)
    look_until(supervisor, lambda: part.process is not None and part.process.pid != first and part.ready())
    assert "sleeper was ended by SIGKILL; it starts again in 0.1 s." in said[0]


def test_children_of_a_killed_part_do_not_live_on(make: Callable[..., Part[Script]], supervisor: Supervisor) -> None:
    """A web server's workers would otherwise keep the port and serve old code."""
    part = make("parent", PARENT)
    adopt(supervisor, part)
    assert part.process is not None
    first = part.process.pid
    eventually(lambda: len(running_in_session(first)) == 2)
    os.kill(first, signal.SIGKILL)
    look_until(supervisor, lambda: part.process is not None and part.process.pid != first)
    assert running_in_session(first) == []


def test_part_that_keeps_dying_is_started_ever_more_slowly(
    make: Callable[..., Part[Script]], supervisor: Supervisor, said: list[str]
) -> None:
    part = make("broken", "print('no such module'); raise SystemExit(3)")
    adopt(supervisor, part)
    look_until(supervisor, lambda: len([line for line in said if "starts again" in line]) == 3)
    pauses = [line.split("starts again in ")[1][:3] for line in said if "starts again" in line]
    assert pauses == ["0.1", "0.2", "0.4"]
    assert "ended with status 3" in said[0]
    assert said[0].endswith("    no such module")


def test_message_shows_the_log_of_this_process_only(
    make: Callable[..., Part[Script]], supervisor: Supervisor, said: list[str]
) -> None:
    part = make("quiet", "raise SystemExit(1)")
    part.log.write_text("from last week\n", encoding="utf-8")
    adopt(supervisor, part)
    look_until(supervisor, lambda: said)
    assert "from last week" not in said[0]


def test_what_a_crash_left_is_cleared_before_each_start(
    make: Callable[..., Part[Script]], supervisor: Supervisor
) -> None:
    part = make("sleeper", SLEEPER)
    adopt(supervisor, part)
    part.kill()
    part.start()
    assert len(part.what.prepared) == 2


def test_part_that_never_serves_is_an_error_with_its_log(make: Callable[..., Part[Script]]) -> None:
    part = make("failing", "print('the reason'); raise SystemExit(2)")
    part.start()
    eventually(lambda: part.ended() is not None)
    with pytest.raises(SupervisorError, match=r"(?s)failing ended with status 2.*the reason"):
        part.await_ready(5)


# What should end ends


def test_parts_end_in_reverse_order(make: Callable[..., Part[Script]], supervisor: Supervisor, tmp_path: Path) -> None:
    """What others depend on ends last."""
    ends = tmp_path / "ends"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n    open({path!r}, 'a').write({name!r} + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\ntime.sleep(600)"
    )
    parts = [make(name, code.format(path=str(ends), name=name)) for name in ("database", "broker", "web")]
    adopt(supervisor, *parts)
    eventually(lambda: all("up" in part.log.read_text(encoding="utf-8") for part in parts))
    supervisor.stop()
    assert ends.read_text(encoding="utf-8").split() == ["web", "broker", "database"]


def test_stubborn_part_is_ended_the_hard_way(make: Callable[..., Part[Script]], supervisor: Supervisor) -> None:
    parts = [make(name, SLEEPER) for name in ("database", "broker")] + [make("stubborn", STUBBORN)]
    adopt(supervisor, *parts)
    eventually(lambda: "up" in parts[2].log.read_text(encoding="utf-8"))
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 2
    assert [part.process for part in parts] == [None, None, None]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
@pytest.mark.parametrize("account", [None, "lent"])
def test_parts_end_with_a_killed_supervisor(tmp_path: Path, account: str | None) -> None:
    """Also under another account: the change of account clears the mark, so it is set after it."""
    if account and os.geteuid() != 0:
        pytest.skip("only root can lend an account")
    code = (
        "import os, sys, time\nfrom pathlib import Path\n"
        "from portal.runtime.supervisor import accounts, processes\n"
        "lent = accounts.database_account(Path('/nonexistent')) if sys.argv[2] == 'lent' else None\n"
        "program = processes.Program('sleeper', ('/bin/sleep', '600'), dict(os.environ), account=lent)\n"
        "print(processes.start(program, Path(sys.argv[1]) / 'log', Path(sys.argv[1])).pid, flush=True)\n"
        "time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), account or ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as outer:
        assert outer.stdout is not None
        leader = int(outer.stdout.readline())
        assert running_in_session(leader) == [leader]
        outer.kill()
    eventually(lambda: running_in_session(leader) == [])


def test_orphans_are_ended_by_the_next_start(make: Callable[..., Part[Script]], tmp_path: Path) -> None:
    part = make("sleeper", SLEEPER)
    part.start()
    assert part.process is not None
    assert processes.end_orphans(tmp_path, ("sleeper", "absent")) == ["sleeper"]
    eventually(lambda: part.ended() is not None)
    assert processes.end_orphans(tmp_path, ("sleeper",)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the states of threads are read from Linux")
def test_orphan_whose_first_thread_has_ended_is_waited_for(make: Callable[..., Part[Script]], tmp_path: Path) -> None:
    """The kernel calls it ended already; its port is free only when the last of its threads is gone."""
    code = (
        "import ctypes, socket, threading, time\n"
        "taken = socket.socket()\ntaken.bind(('127.0.0.1', 0))\ntaken.listen()\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "print(taken.getsockname()[1], flush=True)\n"
        "ctypes.CDLL(None).pthread_exit(None)"
    )
    part = make("web", code)
    part.start()
    assert part.process is not None
    state = Path(f"/proc/{part.process.pid}/stat")
    eventually(lambda: state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z")
    port = int(part.log.read_text(encoding="utf-8"))
    assert not programs.is_free(port)
    assert processes.end_orphans(tmp_path, ("web",)) == ["web"]
    assert programs.is_free(port)


def test_namesake_of_an_orphan_is_left_alone(tmp_path: Path) -> None:
    """The same process id with another time of start belongs to somebody else: here to this very test."""
    (tmp_path / "web.pid").write_text(f"{os.getpid()} 1\n", encoding="utf-8")
    assert processes.end_orphans(tmp_path, ("web",)) == []


# Logs


def test_grown_log_is_moved_aside_and_the_writer_goes_on(make: Callable[..., Part[Script]], tmp_path: Path) -> None:
    part = make("writer", "import time\nwhile True:\n    print('line', flush=True)\n    time.sleep(0.01)")
    part.log.write_bytes(b"old\n" * (processes.LARGEST_LOG // 4 + 1))
    part.start()
    processes.rotate(part.log)
    eventually(lambda: b"line" in part.log.read_bytes())
    assert b"old" not in part.log.read_bytes()
    assert (tmp_path / "writer.log.1").stat().st_size >= processes.LARGEST_LOG


def test_only_a_few_logs_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for _ in range(processes.KEPT_LOGS + 3):
        log.write_bytes(b"x" * processes.LARGEST_LOG)
        processes.rotate(log)
    assert len(list(tmp_path.glob("web.log.*"))) == processes.KEPT_LOGS


# Folders, secrets, ports


def test_one_supervisor_holds_a_folder(tmp_path: Path) -> None:
    data = Folders(tmp_path, None)
    with data.held(), pytest.raises(HeldError), data.held():
        pass


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    first = secrets.files(tmp_path)
    texts = {name: Path(path).read_text(encoding="ascii") for name, path in first.items()}
    assert secrets.files(tmp_path) == first
    assert {name: Path(path).read_text(encoding="ascii") for name, path in first.items()} == texts
    assert {Path(path).stat().st_mode & 0o777 for path in first.values()} == {0o600}
    assert len(set(texts.values())) == 2


def test_environment_of_production_is_not_mixed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://production/")
    monkeypatch.setenv("CHANCERY_ROOT_KEY", "secret")
    combined = environment.combined({"CHANCERY_ROOT_KEY_FILE": "file"})
    assert "DATABASE_URL" not in combined
    assert "CHANCERY_ROOT_KEY" not in combined
    assert combined["CHANCERY_ROOT_KEY_FILE"] == "file"


def test_environment_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "environment"
    environment.write(path, {"DATABASE_URL": "postgresql://chancery@/chancery?host=/x"})
    assert environment.read(path) == {"DATABASE_URL": "postgresql://chancery@/chancery?host=/x"}
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["x" * 100, "folder with spaces"])
def test_sockets_get_a_short_plain_folder(tmp_path: Path, name: str) -> None:
    data = Folders(tmp_path / name, None)
    data.make()
    chosen = data.sockets()
    try:
        assert len(str(chosen / ".s.PGSQL.5432")) <= folders.LONGEST_SOCKET_PATH
        assert " " not in str(chosen)
        assert chosen.stat().st_mode & 0o777 == 0o700
        assert data.sockets() == chosen
    finally:
        chosen.rmdir()


def test_account_reaches_what_its_parents_allow(tmp_path: Path) -> None:
    stranger = Account(65_533, 65_533)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    closed.chmod(0o700)
    assert not stranger.reaches(closed / "inner")
    assert Account(os.geteuid(), os.getegid()).reaches(closed / "inner") or os.geteuid() == 0


def test_ordinary_user_lends_no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert accounts.database_account(tmp_path) is None


def test_taken_port_is_named_with_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind((programs.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SupervisorError, match=rf"(?s)Port {port} is taken.*up --port \d+") as caught:
            programs.claim(port)
        proposed = int(str(caught.value).rsplit(" ", 1)[1])
        assert proposed > port
        assert programs.is_free(proposed)


def test_unwritable_data_folder_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SupervisorError, match="up --data"):
        Folders(tmp_path / "file" / "var", None).make()


# The real services


def started_again(database: Part[Any]) -> None:
    """Start a part again after it was killed or lost sight of, and wait until it serves."""
    database.start()
    database.await_ready(60.0)


def test_database_is_back_with_its_rows_after_a_crash(crash_services: Services) -> None:
    database = crash_services.database
    with database.what.connect("chancery", "chancery") as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (42)")
    database.kill()
    started_again(database)
    with database.what.connect("chancery", "chancery") as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (42,)


def test_after_a_crash_no_number_is_given_twice(crash_services: Services) -> None:
    """An organization's tables and their first rows come in one transaction; numbering goes on after them."""
    database = crash_services.database
    with database.what.connect("chancery", "chancery") as connection, connection.transaction():
        connection.execute("CREATE TABLE numbered (id bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, word text)")
        connection.execute("INSERT INTO numbered (word) SELECT 'first' FROM generate_series(1, 5)")
    with database.what.connect("chancery", "chancery") as connection:
        connection.execute("INSERT INTO numbered (word) SELECT 'later' FROM generate_series(1, 5)")
    database.kill()
    started_again(database)
    with database.what.connect("chancery", "chancery") as connection:
        assert connection.execute("INSERT INTO numbered (word) VALUES ('last') RETURNING id > 10").fetchone() == (True,)


def test_database_starts_over_the_note_of_a_foreign_process(crash_services: Services) -> None:
    """After a restart of a container, the process id in the note often belongs to somebody else."""
    database = crash_services.database
    database.kill()
    note = database.what.cluster / "postmaster.pid"
    lines = note.read_text(encoding="utf-8").splitlines() if note.exists() else ["", "x", "0", "5432", "", "", "0"]
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", encoding="utf-8")
    started_again(database)
    assert database.ready()


def test_orphaned_database_is_ended_in_order(crash_services: Services) -> None:
    """A server of our folder that no note knows of is stopped before a new one starts."""
    database = crash_services.database
    orphan = database.process
    assert orphan is not None
    database.process = None
    started_again(database)
    eventually(lambda: orphan.ended() is not None)
    assert orphan.ended() == 0


def test_login_role_is_no_administrator(crash_services: Services) -> None:
    with crash_services.database.what.connect("postgres") as connection:
        query = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = 'chancery'"
        assert connection.execute(query).fetchone() == (False, True, True, False)


def test_services_listen_on_private_sockets_only(crash_services: Services) -> None:
    folder = crash_services.database.what.sockets
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir() if path.is_socket()) == [".s.PGSQL.5432", "redis.sock"]


def test_abandoned_folders_of_killed_sessions_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    abandoned = tmp_path / f"{embedded.THROW_AWAY_PREFIX}1"
    held = tmp_path / f"{embedded.THROW_AWAY_PREFIX}2"
    for folder in (abandoned, held):
        folder.mkdir()
        (folder / "lock").touch()
    with Folders(held, None).held():
        embedded.sweep()
    assert not abandoned.exists()
    assert held.exists()


def test_part_that_answers_no_more_is_replaced(
    make: Callable[..., Part[Script]], supervisor: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "ASK_SECONDS", 0.05)
    monkeypatch.setattr(stack, "SILENT_SECONDS", 0.2)
    part = make("sleeper", SLEEPER)
    adopt(supervisor, part)
    assert part.process is not None
    first = part.process.pid
    look_until(supervisor, lambda: supervisor.watched[0].answered)
    part.what.silent.append(True)
    look_until(supervisor, lambda: said)
    part.what.silent.clear()
    assert "sleeper has not answered for" in said[0]
    look_until(supervisor, lambda: part.process is not None and part.process.pid != first and part.ready())


def test_stopped_process_whose_heartbeat_ended_is_ended(
    make: Callable[..., Part[Script]], supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    part = make("sleeper", SLEEPER)
    adopt(supervisor, part)
    assert part.process is not None
    first = part.process.pid
    os.kill(first, signal.SIGSTOP)
    supervisor.heartbeats = tmp_path / "heartbeats"
    supervisor.heartbeats.mkdir()
    for name, age in (("sleeper", 1.0), ("gone", stack.LONG_AGO_SECONDS)):
        file = supervisor.heartbeats / f"{name}-{first}"
        file.touch()
        os.utime(file, (time.time(), time.time() - restart.SILENT_SECONDS - age))
    look_until(supervisor, lambda: part.process is not None and part.process.pid != first)
    assert "A process of sleeper has not run for" in said[0]
    assert not any("gone" in line for line in said), "an old file may name somebody else's process by now"
    assert list(supervisor.heartbeats.iterdir()) == []


def test_descendants_in_sessions_of_their_own_end_with_their_part(make: Callable[..., Part[Script]]) -> None:
    """The database's processes are such; one that was stopped would keep the new database from starting."""
    code = (
        "import os, subprocess, signal, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "os.kill(child.pid, signal.SIGSTOP)\nprint(child.pid, flush=True)\ntime.sleep(600)"
    )
    part = make("parent", code)
    part.start()
    eventually(lambda: part.log.read_text(encoding="utf-8").strip())
    child = int(part.log.read_text(encoding="utf-8"))
    part.kill()
    eventually(lambda: not processes.is_running(child))
