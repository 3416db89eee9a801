"""``manage.py up``: the whole product on one machine, from nothing to links that work."""

import argparse
import hashlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from portal.runtime.bootstrap import browser_packages
from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor import embedded, environment, postgresql, private, processes, programs, valkey
from portal.runtime.supervisor.embedded import Services
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.folders import Folders, HeldError
from portal.runtime.supervisor.parts import Part
from portal.runtime.supervisor.stack import Supervisor
from portal.version import VERSION

DEFAULT_PORT = 8000
DEFAULT_DATA = ROOT / "var"
ROLE = "chancery_app"
WEB_SECONDS = 60.0
ALL_NAMES = (*reversed(programs.NAMES), valkey.NAME, postgresql.NAME)
LOCALHOST = "localhost"


@dataclass(frozen=True)
class Options:
    """What the person asked for."""

    port: int
    data: Path
    empty: bool
    host: str = LOCALHOST


def main(arguments: Sequence[str]) -> int:
    """Run the stack until a signal ends it and return the exit status."""
    options = _parsed(arguments)
    began = time.monotonic()
    browser_packages.provide(Path(sys.prefix))
    try:
        folders = embedded.open_folders(options.data)
        with folders.held():
            programs_left = processes.end_orphans(folders.run, ALL_NAMES)
            if programs_left:
                say(f"Ended what a start before had left running: {', '.join(programs_left)}.")
            programs.claim(options.port)
            run(options, folders, began)
    except HeldError:
        running = environment.read(options.data / "environment").get("CHANCERY_BASE_URL", "another terminal")
        return complain(f"Chancery is already running on {options.data}: {running}")
    except (SupervisorError, OSError) as error:
        return complain(str(error))
    return 0


def _parsed(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Run Chancery on this machine.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port of the web server ({DEFAULT_PORT})")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder for everything that is kept (var)")
    parser.add_argument("--empty", action="store_true", help="start without the demo that fills the pages")
    parser.add_argument(
        "--host",
        default=LOCALHOST,
        help="name of this installation, localhost or one under it: a second one on this machine needs another"
        " (localhost)",
    )
    given = parser.parse_args(arguments)
    if not 0 < given.port <= programs.HIGHEST_PORT:
        parser.error(f"a port is a number from 1 to {programs.HIGHEST_PORT}, not {given.port}")
    if re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)*localhost", given.host) is None:
        parser.error(f"a host is localhost or a name under it, like fabrikam.localhost, not {given.host}")
    return Options(given.port, given.data.resolve(), given.empty, given.host)


def run(options: Options, folders: Folders, began: float) -> None:
    """Start everything, look after it, and end it in order whatever happens."""
    supervisor = Supervisor(announce=say, heartbeats=folders.heartbeats)
    with _interrupted_by_signals(supervisor):
        try:
            _start_all(options, folders, supervisor, began)
            supervisor.watch()
        except KeyboardInterrupt:
            say("\nStopping …")
        finally:
            _end_in_order(supervisor, folders)


def _start_all(options: Options, folders: Folders, supervisor: Supervisor, began: float) -> None:
    base_url = f"http://{options.host}:{options.port}"
    new = not (folders.open_to_account / "postgresql").exists()
    say(f"Chancery {VERSION}" + (" – first start, this takes a little longer" if new else ""))
    (folders.data / "static").mkdir(exist_ok=True)
    services = embedded.start_services(folders, base_url)
    supervisor.adopt(services.database, serving=True)
    supervisor.adopt(services.broker, serving=True)
    environment.write(folders.environment, services.environment)
    surroundings = environment.combined(services.environment)
    _migrate(folders, surroundings, new=new)
    _start_programs(options, services, supervisor)
    _welcome(options, folders, surroundings)
    say(f"\nReady in {time.monotonic() - began:.1f} s at {base_url} – logs are in {folders.logs}, Ctrl-C stops.")


def _start_programs(options: Options, services: Services, supervisor: Supervisor) -> None:
    """Start the web, then worker and scheduler: all at once, they would keep each other from becoming ready."""
    surroundings = environment.combined({**services.environment, "CHANCERY_DATABASE_ROLE": ROLE})
    folders = services.folders
    web = Part(programs.Web(options.port, surroundings), folders.logs, folders.run)
    web.start()
    supervisor.adopt(web, serving=True)
    web.await_ready(WEB_SECONDS)
    for what in (
        programs.worker(surroundings),
        programs.scheduler(surroundings, folders.data / "scheduler"),
    ):
        part = Part(what, folders.logs, folders.run)
        part.start()
        supervisor.adopt(part, serving=True)


def _migrate(folders: Folders, surroundings: Mapping[str, str], *, new: bool) -> None:
    """Bring the database up to the code, unless nothing has changed since that was last done."""
    note = folders.run / "migrated"
    current = _fingerprint()
    if not new and note.is_file() and note.read_text(encoding="utf-8") == current:
        return
    note.unlink(missing_ok=True)
    _step("migrate", folders, surroundings)
    note.write_text(current, encoding="utf-8")


def _fingerprint() -> str:
    """Return what the state of a migrated database depends on."""
    rooms = [ROOT / name for name in ("portal", "protection", "tenants", "audit", "chancery")]
    files = [path for room in rooms for kind in ("**/migrations/*.py", "**/*.sql") for path in sorted(room.glob(kind))]
    digest = hashlib.sha256()
    for path in [*files, ROOT / "requirements.lock"]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _welcome(options: Options, folders: Folders, surroundings: Mapping[str, str]) -> None:
    """Make the demo on the first start, and print at each start what it reported: where to look, how to sign in.

    What it reported may hold passwords, so it is kept for the owner alone.
    """
    text = folders.data / "welcome.txt"
    if not text.exists():
        printed = "" if options.empty else _step("demo", folders, surroundings)
        private.write(text, f"{options.port}\n{printed}")
    port, _, printed = text.read_text(encoding="utf-8").partition("\n")
    if printed.strip():
        say("\n" + re.sub(rf"localhost:{port}\b", f"localhost:{options.port}", printed).strip())


def _step(name: str, folders: Folders, surroundings: Mapping[str, str]) -> str:
    """Run one step inside Django to its end and return what it printed; its log shows why it failed."""
    log = folders.logs / f"{name}.log"
    with log.open("ab") as errors:
        since = errors.tell()
        done = subprocess.run(
            [sys.executable, "-m", "portal.runtime.supervisor.prepare", name],
            env=dict(surroundings),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            check=False,
        )
        if done.returncode != 0:
            # What a step says when it succeeds may be a password, so only its failure is logged.
            errors.write(done.stdout)
    if done.returncode != 0:
        raise SupervisorError(f"The step {name!r} failed. The end of {log}:\n{processes.last_lines(log, since, 20)}")
    return done.stdout.decode("utf-8", "replace")


@contextmanager
def _interrupted_by_signals(supervisor: Supervisor) -> Iterator[None]:
    """Turn the signals that end a program into one exception; a second one while stopping ends all at once."""
    received: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            raise KeyboardInterrupt
        supervisor.kill()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_in_order(supervisor: Supervisor, folders: Folders) -> None:
    began = time.monotonic()
    any_runs = bool(supervisor.watched)
    supervisor.stop()
    folders.environment.unlink(missing_ok=True)
    if any_runs:
        say(f"Stopped in {time.monotonic() - began:.1f} s.")


def say(text: str) -> None:
    """Tell the person something; a closed terminal is no reason to stop serving."""
    with suppress(OSError, ValueError):
        print(text, flush=True)


def complain(text: str) -> int:
    """Tell the person why nothing runs and return the exit status for it."""
    print(text, file=sys.stderr, flush=True)
    return 1
