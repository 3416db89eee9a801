"""The load generator: a few processes, each one loop over keep-alive sockets, requests signed beforehand.

Reads a plan from a file and waits for a line on standard input, so that all processes begin together; writes what it
measured as JSON.  With a rate the load is open: a request belongs to the moment it was due, not to the moment a free
connection was found, so that a stall of the server is counted once for everybody who would have waited in it.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import signature_named
from chancery.objects.jws import unb64
from chancery.objects.proof import Request, sign_proof
from portal.runtime.bootstrap.environment import ROOT

HOST: Final = "127.0.0.1"
SIGNED_EACH_SECOND: Final = 1_500
"""Requests signed ahead in each process for each second of a run: a device proof is good once, and signing while the
load runs would take part of the processors."""
LARGE_BODY: Final = 4_096
WARM_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """What one measurement sends; ``calls`` are the callers' requests, each with a path and a body."""

    port: int
    origin: str
    path: str
    method: str
    callers: Sequence[Mapping[str, str]]
    bodies: Sequence[str]
    connections: int
    seconds: float
    rate: float | None = None
    processes: int = 2


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it: answers for each second, latencies in milliseconds, and how many had which status."""

    per_second: float
    latencies: list[float]
    statuses: dict[str, int]

    @property
    def failed(self) -> int:
        """How many answers were not the wanted one."""
        return sum(count for status, count in self.statuses.items() if status != "200")


def run(load: Load, folder: Path) -> Measured:
    """Run one measurement in processes of its own."""
    generators = [_generator(load, folder, number) for number in range(load.processes)]
    try:
        for generator in generators:
            if _line(generator) != "ready":
                raise RuntimeError("The load generator did not start; see its message above.")
        for generator in generators:
            _tell(generator, "go")
        answers = [json.loads(_line(generator)) for generator in generators]
    finally:
        for generator in generators:
            generator.kill()
            generator.wait()
    statuses: Counter[str] = Counter()
    for answer in answers:
        statuses.update(answer["statuses"])
    return Measured(
        per_second=sum(answer["per_second"] for answer in answers),
        latencies=[latency for answer in answers for latency in answer["latencies"]],
        statuses=dict(statuses),
    )


def _generator(load: Load, folder: Path, number: int) -> "subprocess.Popen[str]":
    plan = folder / f"load-{number}.json"
    share = {
        "port": load.port,
        "origin": load.origin,
        "path": load.path,
        "method": load.method,
        "callers": [dict(caller) for caller in load.callers[number :: load.processes]] or [{}],
        "bodies": list(load.bodies),
        "connections": max(1, load.connections // load.processes),
        "seconds": load.seconds,
        "count": _needed(load),
        "rate": None if load.rate is None else load.rate / load.processes,
    }
    plan.write_text(json.dumps(share), encoding="utf-8")
    command = [sys.executable, "-m", "portal.development.bench.load", str(plan)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _needed(load: Load) -> int:
    """Return how many requests one process signs ahead; calls without a proof may be sent again."""
    if not load.bodies:
        return 1
    fastest = SIGNED_EACH_SECOND if len(load.bodies[0]) < LARGE_BODY else SIGNED_EACH_SECOND // 10
    return int((load.seconds + 2 * WARM_SECONDS) * fastest) + load.connections


def _line(generator: "subprocess.Popen[str]") -> str:
    if generator.stdout is None:
        raise RuntimeError("the generator was started without a pipe")
    return generator.stdout.readline().strip()


def _tell(generator: "subprocess.Popen[str]", word: str) -> None:
    if generator.stdin is None:
        raise RuntimeError("the generator was started without a pipe")
    generator.stdin.write(f"{word}\n")
    generator.stdin.flush()


# --- inside the generator ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Wire:
    """One keep-alive connection with at most one request under way."""

    socket: socket.socket
    due: float = 0.0
    received: bytearray = field(default_factory=bytearray)


def prepared(plan: Mapping[str, Any]) -> list[bytes]:
    """Return whole requests, signed by their callers' devices in turn."""
    host = plan["origin"].partition("://")[2]
    signers = [
        SigningKey(signature_named(caller["algorithm"]), unb64(caller["signing"])) if caller else None
        for caller in plan["callers"]
    ]
    requests = []
    for number in range(plan["count"]):
        caller, signer = plan["callers"][number % len(signers)], signers[number % len(signers)]
        body = plan["bodies"][number % len(plan["bodies"])].encode() if plan["bodies"] else b""
        head = f"{plan['method']} {plan['path']} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        if signer is not None:
            asked = Request(method=plan["method"], url=plan["origin"] + plan["path"], token=caller["token"], body=body)
            proof = sign_proof(asked, signer=signer, jti=uuid.uuid4(), iat=int(time.time()))
            head += f"Content-Type: application/json\r\nAuthorization: Bearer {caller['token']}\r\n"
            head += f"Chancery-Proof: {proof}\r\n"
        requests.append(head.encode("ascii") + b"\r\n" + body)
    return requests


class _Loop:
    """Sends and receives on all connections of one process."""

    def __init__(self, plan: Mapping[str, Any], requests: Sequence[bytes]) -> None:
        self._requests = requests
        self._next = 0
        self._rate: float | None = plan["rate"]
        self._poll = selectors.DefaultSelector()
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()
        self._idle: deque[_Wire] = deque()
        for _ in range(plan["connections"]):
            made = socket.create_connection((HOST, plan["port"]))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire = _Wire(made)
            self._poll.register(made, selectors.EVENT_READ, wire)
            self._idle.append(wire)
        self._connections = plan["connections"]

    def run(self, seconds: float) -> float:
        """Send for so long, wait for the last answers, and return how many came in each second."""
        begun = time.perf_counter()
        end, due, before = begun + seconds, begun, len(self.latencies)
        while True:
            now = time.perf_counter()
            while self._idle and now < end and (self._rate is None or due <= now):
                self._send(self._idle.popleft(), now if self._rate is None else due)
                due += 0.0 if self._rate is None else 1 / self._rate
            if now >= end and len(self._idle) == self._connections:
                return (len(self.latencies) - before) / (time.perf_counter() - begun)
            wait = 0.5 if self._rate is None or not self._idle else max(0.0, min(due, end) - now)
            for key, _ in self._poll.select(wait):
                self._receive(key.data)

    def forget(self) -> None:
        """Drop what was measured while the service warmed up."""
        self.latencies.clear()
        self.statuses.clear()

    def _send(self, wire: _Wire, due: float) -> None:
        wire.due = due
        wire.socket.sendall(self._requests[self._next % len(self._requests)])
        self._next += 1

    def _receive(self, wire: _Wire) -> None:
        data = wire.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("The service closed a connection.")
        wire.received += data
        head = wire.received.find(b"\r\n\r\n")
        if head < 0:
            return
        headers = bytes(wire.received[:head]).lower()
        if not is_whole(headers, wire.received, head + 4):
            return
        self.latencies.append((time.perf_counter() - wire.due) * 1000)
        self.statuses[headers[9:12].decode()] += 1
        wire.received.clear()
        self._idle.append(wire)


def is_whole(headers: bytes, received: bytearray, body: int) -> bool:
    """Tell whether the body behind these headers has arrived to its end."""
    if b"transfer-encoding: chunked" in headers:
        return received.endswith(b"0\r\n\r\n")
    return len(received) >= body + int(headers.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)


def main(path: str) -> None:
    """Run one process's share of a load."""
    plan = json.loads(Path(path).read_text(encoding="utf-8"))
    loop = _Loop(plan, prepared(plan))
    print("ready", flush=True)
    sys.stdin.readline()
    loop.run(WARM_SECONDS)
    loop.forget()
    per_second = loop.run(plan["seconds"])
    print(json.dumps({"per_second": per_second, "latencies": loop.latencies, "statuses": loop.statuses}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
