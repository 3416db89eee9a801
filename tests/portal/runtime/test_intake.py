"""The intake takes a request in whole before a thread works on it, and answers when threads cannot."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from portal.runtime import intake
from portal.runtime.intake import Intake
from portal.runtime.pulse import STOPPED_AFTER, Pulse


class Protocol:
    """What granian gives: parts of a body that arrive with pauses, and the place for the answer."""

    def __init__(self, *parts: bytes, pause: float = 0.0, for_ever: bool = False) -> None:
        self.parts, self.pause, self.for_ever = parts, pause, for_ever
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            await asyncio.sleep(self.pause)
            yield part
        if self.for_ever:
            await asyncio.sleep(60)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body


def scope(path: str = "/", method: str = "POST", **headers: str) -> Any:
    named = {name.replace("__", "-"): value for name, value in headers.items()}
    return SimpleNamespace(
        path=path, method=method, query_string="q=1", server="127.0.0.1:80", client="192.0.2.7:999", scheme="http",
        http_version="1.1", authority=None, headers={"host": "localhost", **named},
    )  # fmt: skip


class Silent(Pulse):
    """A pulse of a database that may have stopped."""

    is_stopped = False

    @property
    def stopped(self) -> bool:
        return self.is_stopped


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    start("200 OK", [("X-Seen", f"{environ['PATH_INFO']} {environ.get('HTTP_X_FORWARDED_FOR', '-')}")])
    return [environ["wsgi.input"].read()]


def taking(wsgi: Any = echo, **how: Any) -> Intake:
    return Intake(wsgi, proxies=how.pop("proxies", 0), pulse=how.pop("pulse", Silent()), **how)


async def ask(app: Intake, protocol: Protocol, asked: Any = None) -> Protocol:
    await app.__rsgi__(asked or scope(), protocol)
    return protocol


def test_a_request_reaches_the_application_whole() -> None:
    answer = asyncio.run(ask(taking(), Protocol(b"a", b"b"), scope("/é", x_forwarded_for="1", x__forwarded__for="2")))
    assert (answer.status, answer.body) == (200, b"ab")
    assert answer.headers["x-seen"] == "/é".encode().decode("latin-1") + " 2", "an underscore is no hyphen"


def test_five_hundred_idle_bodies_hold_no_thread() -> None:
    async def run() -> tuple[Protocol, list[Protocol], float]:
        app = taking(body_seconds=0.5)
        idle = [asyncio.create_task(ask(app, Protocol(for_ever=True))) for _ in range(500)]
        await asyncio.sleep(0)
        began = time.monotonic()
        answered = await ask(app, Protocol(b"x"))
        return answered, await asyncio.gather(*idle), time.monotonic() - began

    answered, idle, seconds = asyncio.run(run())
    assert answered.status == 200
    assert {one.status for one in idle} == {408}
    assert seconds < 5


@pytest.mark.parametrize(
    ("limit", "value", "status"),
    [("MAX_BODY", 3, 413), ("MAX_BUFFERED", 3, 503), ("PER_ADDRESS", 0, 429), ("MAX_WAITING", 0, 503)],
)
def test_limits(monkeypatch: pytest.MonkeyPatch, limit: str, value: int, status: int) -> None:
    monkeypatch.setattr(intake, limit, value)
    answer = asyncio.run(ask(taking(), Protocol(b"four")))
    assert answer.status == status
    assert answer.headers["retry-after"]


def test_a_stopped_database_is_an_answer_and_no_wait() -> None:
    pulse, release = Silent(), threading.Event()

    def waits(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        release.wait(20)
        return echo(environ, start)

    async def run() -> list[Protocol]:
        app = taking(waits, pulse=pulse)
        under_way = asyncio.create_task(ask(app, Protocol(b"x"), scope("/api/v1/licenses")))
        await asyncio.sleep(0.1)
        pulse.is_stopped = True
        later = await ask(app, Protocol(b"x"), scope("/readyz", "GET"))
        answers = [await under_way, later]
        release.set()
        return answers

    first, second = asyncio.run(run())
    assert (first.status, second.status) == (503, 503)
    assert b"database" in first.body
    assert b"does not respond" in second.body


def test_a_question_without_an_answer_stops_the_pulse() -> None:
    pulse = Pulse()
    assert pulse.stopped, "before the first connection nothing is answered"
    pulse._refused = False
    pulse._asked_at = time.monotonic() - STOPPED_AFTER - 0.1
    assert pulse.stopped
    pulse._asked_at = time.monotonic()
    assert not pulse.stopped
