"""The parts that are Chancery itself: web, worker and scheduler."""

import http.client
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.processes import Process, Program

HOST = "127.0.0.1"
WEB = "web"
WORKER = "worker"
SCHEDULER = "scheduler"
NAMES = (WEB, WORKER, SCHEDULER)
WEB_PROCESSES = 2
# Connections of one web process: idle ones cost a few kilobytes each, since no thread waits for them.
CONNECTIONS = 4096
HEADER_MILLISECONDS = 10_000
WORKER_THREADS = 4
QUEUES = "chancery,chancery-viewer"
SETTLED_SECONDS = 3.0
HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Web:
    """The web server, on loopback only: a reverse proxy with TLS belongs in front of anything else."""

    port: int
    environment: Mapping[str, str]

    @property
    def program(self) -> Program:
        return Program(
            name=WEB,
            command=(
                *(sys.executable, "-m", "granian", "--interface", "rsgi", "--host", HOST, "--port", str(self.port)),
                *("--workers", str(WEB_PROCESSES), "--respawn-failed-workers", "--respawn-interval", "0.2", "--no-ws"),
                *("--backlog", str(CONNECTIONS), "--backpressure", str(CONNECTIONS)),
                *("--http1-header-read-timeout", str(HEADER_MILLISECONDS), "portal.runtime.rsgi:app"),
            ),
            environment=self.environment,
            folder=ROOT,
        )

    def prepare(self) -> None:
        """Nothing is left behind: the whole group of the process before has been ended."""

    def ready(self, process: Process) -> bool:
        """Say whether a request is answered. An open socket would only prove that somebody listens."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def answers(self, process: Process) -> bool:
        """Leave it to the heartbeats: each of the processes has one, and a request reaches only one of them."""
        return True


@dataclass(frozen=True)
class Celery:
    """A process of the background system: the worker or the scheduler."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def program(self) -> Program:
        return Program(
            name=self.name,
            command=(sys.executable, "-m", "celery", "--app", "portal.celery", *self.arguments),
            environment=self.environment,
            folder=ROOT,
        )

    def prepare(self) -> None:
        """Nothing is left behind that a new process would mind."""

    def answers(self, process: Process) -> bool:
        """Leave it to the heartbeat, which stops when the process does not run."""
        return True

    def ready(self, process: Process) -> bool:
        """Say whether the process has lived long enough to be past its imports.

        Nothing asks the worker itself: code that waits for a task waits for its effect.
        """
        return time.monotonic() - process.began > SETTLED_SECONDS


def worker(environment: Mapping[str, str]) -> Celery:
    """Return the worker: threads, since its work is waiting for the database, and half the memory of processes."""
    arguments = ("worker", "--pool", "threads", "--concurrency", str(WORKER_THREADS), "--loglevel", "INFO")
    return Celery(WORKER, (*arguments, "--queues", QUEUES, "--without-gossip", "--without-mingle"), environment)


def scheduler(environment: Mapping[str, str], files: Path) -> Celery:
    """Return the scheduler, a process of its own: inside the worker its death would go unnoticed."""
    files.mkdir(parents=True, exist_ok=True, mode=0o700)
    arguments = ("beat", "--schedule", str(files / "schedule"), "--pidfile", "", "--loglevel", "INFO")
    return Celery(SCHEDULER, arguments, environment)


def claim(port: int) -> None:
    """Make sure that ``port`` is free, or say whose it could be and which one is."""
    if is_free(port):
        return
    other = next((free for free in range(port + 1, HIGHEST_PORT) if is_free(free)), None)
    line = f"python3 manage.py up --port {other}" if other else "python3 manage.py up --port <free port>"
    raise SupervisorError(
        f"Port {port} is taken by another program ({_owner_hint(port)}).\nTake the next free one:  {line}"
    )


def is_free(port: int) -> bool:
    """Say whether we could listen on ``port``; connections that are just closing do not count as taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _owner_hint(port: int) -> str:
    for tool, command in (("ss", f"ss -ltnp 'sport = :{port}'"), ("lsof", f"lsof -iTCP:{port} -sTCP:LISTEN")):
        if shutil.which(tool):
            return f"to see which:  {command}"
    return "or by another Chancery on another data folder"
