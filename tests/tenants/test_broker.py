"""Messages in the broker that this service did not send: none of them ends the worker or stays with it."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from portal import tasks
from portal.broker import check
from portal.celery import app

QUEUE = "chancery"
assert tasks.sweep.name == "portal.sweep", "importing the tasks is what makes them known"
NO_ARGUMENTS = b'[[], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]'


def message(body: bytes = NO_ARGUMENTS, *, headers: Any = None, properties: Any = None) -> Any:
    """Return a message as this service writes it, with some of its members replaced."""
    identity = str(uuid4())
    return {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": "portal.expire",
            "id": identity,
            "root_id": None,
            "parent_id": None,
            "group": None,
            "retries": 0,
            "timelimit": [None, None],
            "argsrepr": "()",
            "kwargsrepr": "{}",
            "origin": "x",
            "eta": None,
            "expires": None,
            **(headers or {}),
        },
        "properties": {
            "correlation_id": identity,
            "reply_to": "x",
            "delivery_mode": 2,
            "priority": 0,
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
            **(properties or {}),
        },
    }


def without(*path: str) -> Any:
    whole = part = message()
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return whole


_TRANSPORT = ("delivery_info", "delivery_tag", "body_encoding")

NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "half": b"{",
    "bytes": b"\xff\xfe",
    "deep": b"[" * 100_000,
}
_ODD: tuple[Any, ...] = (None, 5, [], [1], {}, "")
_ODD_HEADERS: tuple[Any, ...] = ([], {"a": 1}, "", 5.5)

NO_MESSAGE: dict[str, Any] = {
    **{f"{one!r}": one for one in _ODD},
    **{f"no {name}": without(name) for name in message()},
    **{f"{name} {odd!r}": {**message(), name: odd} for name in message() for odd in _ODD},
    **{f"no header {name}": without("headers", name) for name in ("task", "id", "lang")},
    **{
        f"header {name} {odd!r}": message(headers={name: odd})
        for name in ("task", "id", "eta", "expires", "timelimit", "retries", "group", "compression", "stamps")
        for odd in _ODD_HEADERS
    },
    "no such task": message(headers={"task": "no.such"}),
    "far": message(headers={"eta": "9999-12-31T23:59:59"}),
    "three limits": message(headers={"timelimit": [1, 2, 3]}),
    **{f"no property {name}": without("properties", name) for name in _TRANSPORT},
    **{
        f"property {name} {odd!r}": message(properties={name: odd})
        for name in (*_TRANSPORT, "priority")
        for odd in _ODD
        if (name, odd) != ("priority", 5)
    },
    "pickle": {**message(), "content-type": "application/x-python-serialize"},
    "not base64": {**message(), "body": "%%%"},
    **{
        f"arguments {text[:40]!r}": message(text)
        for text in (
            b"5", b"[1,2]", b"[{}, [], {}]", b"[[],{},null]", b"[[],{},[]]", b"[[NaN],{},{}]", b"[" * 50_000,
            b'[[],{"a":1},{}]', b'[[],{},{"chain":[{"task":5}]}]', b'[[],{},{"callbacks":5,"errbacks":5}]',
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NO_MESSAGE)
def test_what_this_service_does_not_write_is_no_message(name: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError, RecursionError)):
        check(json.loads(json.dumps(NO_MESSAGE[name])))


def test_what_this_service_writes_is_one() -> None:
    check(message())
    check(message(b'[["one"], {}, {}]', headers={"expires": "2030-01-01T00:00:00+00:00", "task": "portal.sweep"}))


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.delete(QUEUE, "unacked", "unacked_index")
    yield client
    client.delete(QUEUE, "unacked", "unacked_index")
    client.close()


UNFINISHED: dict[str, bytes] = {
    **NOT_JSON,
    "number": b"5",
    "two": b"[1, 2]",
    "no message": b'[[], "", "chancery"]',
    "odd priority": b'[{"headers": {}, "properties": {"priority": "x"}}, "", "chancery"]',
}


@pytest.fixture
def unfinished(broker: redis.Redis) -> None:
    """Let Redis hold what no worker can have left, so old that it is looked at when a worker starts."""
    for name, raw in UNFINISHED.items():
        broker.hset("unacked", name, raw)  # type: ignore[arg-type]  # the stubs know texts only
        broker.zadd("unacked_index", {name: 0})


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """Start the worker as the supervisor does, and end it afterwards."""
    arguments = ("worker", "--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle")
    command = (sys.executable, "-m", "celery", "--app", "portal.celery", *arguments)
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process, log
    finally:
        process.kill()
        process.wait()


def wait_for(log: Path, text: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while text not in log.read_text(encoding="utf-8", errors="replace"):
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        time.sleep(0.05)


@pytest.mark.usefixtures("unfinished")
def test_what_no_worker_left_unfinished_does_not_end_the_next_one(
    broker: redis.Redis, worker: tuple["subprocess.Popen[bytes]", Path]
) -> None:
    """Before, it stayed there, and every worker that was started again ended by it."""
    process, log = worker
    sent = app.send_task("portal.sweep", args=["portal.answer_previews"], expires=60)
    wait_for(log, f"portal.sweep[{sent.id}]", process)
    # The worker acknowledges the task after it has logged it.
    deadline = time.monotonic() + 30
    while (left := (broker.hlen("unacked"), broker.zcard("unacked_index"), broker.llen(QUEUE))) != (0, 0, 0):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    assert process.poll() is None


def test_the_worker_goes_on_after_every_one_of_them(
    worker: tuple["subprocess.Popen[bytes]", Path], broker: redis.Redis
) -> None:
    """Before, a third of these ended it, and some others took one of its places each until none was left."""
    process, log = worker
    for raw in NOT_JSON.values():
        broker.lpush(QUEUE, raw)
    for one in NO_MESSAGE.values():
        broker.lpush(QUEUE, json.dumps(one))
    sent = app.send_task("portal.sweep", args=["portal.answer_previews"], expires=60)
    wait_for(log, f"portal.sweep[{sent.id}]", process)
    assert broker.llen(QUEUE) == 0
    assert process.poll() is None
    assert "set aside" in log.read_text(encoding="utf-8")
    assert "no.such" not in log.read_text(encoding="utf-8"), "what a message holds is not logged"
