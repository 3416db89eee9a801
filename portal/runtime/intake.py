"""The web application as granian runs it: a request is taken in whole before a thread works on it.

Granian's own WSGI interface reads a body inside the thread that works on the request, so twenty idle connections stop a
process with eight threads.  Here the event loop takes requests in and sends answers out, with a deadline and limits;
threads, which are few, only ever compute.  Django stays WSGI: an organization's schema belongs to a thread's database
connection.

The loop also answers when threads cannot: while the database does not respond (``portal.runtime.pulse``), every
request gets 503 within two seconds instead of hanging.
"""

import asyncio
import io
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

from portal.runtime.heartbeat import BEAT_SECONDS, beat
from portal.runtime.pulse import Pulse

THREADS: Final = 4
"""Threads of one process; two processes of four were the best of seven measured shapes on two cores."""
BODY_SECONDS: Final = 15.0
"""Within this time a body must have arrived."""
MAX_BODY: Final = 9 * 1024 * 1024
"""Bytes of one body; Django refuses a little less with an explanation."""
MAX_BUFFERED: Final = 128 * 1024 * 1024
"""Bytes of all bodies that one process holds."""
PER_ADDRESS: Final = 1_500
"""Requests of one network address that one process takes in at a time, most of them idle: a whole company may share an
address, and one that waits costs a few kilobytes."""
MAX_WAITING: Final = 400
"""Requests that may wait for a thread; more are refused, since they would wait longer than people do."""
RETRY_SECONDS: Final = "2"
WITHOUT_DATABASE: Final = ("/static/", "/healthz")

Headers: TypeAlias = list[tuple[str, str]]
Wsgi: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Any]


class Refused(Exception):
    """The request is answered without a thread: a status, a sentence, and whether to try again."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Intake:
    """An RSGI application around a WSGI one."""

    def __init__(self, wsgi: Wsgi, *, proxies: int, pulse: Pulse, body_seconds: float = BODY_SECONDS) -> None:
        """Wrap ``wsgi``; ``proxies`` is how many in front are believed about the client's address."""
        self._body_seconds = body_seconds
        self._wsgi, self._proxies, self._pulse = wsgi, proxies, pulse
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self._taken: Counter[str] = Counter()
        self._buffered = self._waiting = 0
        self._heart: asyncio.Task[None] | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to watch the database and to show that this process lives."""
        self._pulse.start()
        self._heart = loop.create_task(self._live())

    async def _live(self) -> None:
        while True:
            beat("web")
            await asyncio.sleep(BEAT_SECONDS)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        address = self._address(scope)
        self._taken[address] += 1
        try:
            status, headers, body = await self._answer(scope, protocol, address)
        except Refused as refused:
            status, headers, body = _refusal(scope, refused)
        finally:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]
        protocol.response_bytes(status, headers, body)

    async def _answer(self, scope: Any, protocol: Any, address: str) -> tuple[int, Headers, bytes]:
        if self._taken[address] > PER_ADDRESS:
            raise Refused(429, "Too many requests at once from this network address.")
        body = await self._body(protocol)
        try:
            if not scope.path.startswith(WITHOUT_DATABASE):
                self._refuse_while_stopped()
            if self._waiting >= MAX_WAITING:
                raise Refused(503, "The service is busy.")
            return await self._computed(_environ(scope, body))
        finally:
            self._buffered -= len(body)

    async def _body(self, protocol: Any) -> bytes:
        """Return the whole body, counted as buffered.  Raises Refused when it is late or too large."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._body_seconds):
                async for part in protocol:
                    size += len(part)
                    if size > MAX_BODY or self._buffered + size > MAX_BUFFERED:
                        raise Refused(413 if size > MAX_BODY else 503, "The request is too large for now.")
                    parts.append(part)
        except TimeoutError:
            raise Refused(408, "The request did not arrive in time.") from None
        self._buffered += size
        return b"".join(parts)

    def _refuse_while_stopped(self) -> None:
        if self._pulse.stopped:
            raise Refused(503, "The database does not respond.")

    async def _computed(self, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
        """Let a thread compute the answer; give up when the database stops responding meanwhile.

        The thread goes on then.  What it still records says so itself: a license that is late is recorded as failed.
        """
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._call, environ)
        self._waiting += 1
        work.add_done_callback(self._done)
        while True:
            finished, _pending = await asyncio.wait({work}, timeout=0.2)
            if finished:
                return work.result()
            if not environ["PATH_INFO"].startswith(WITHOUT_DATABASE):
                self._refuse_while_stopped()

    def _done(self, work: "asyncio.Future[Any]") -> None:
        self._waiting -= 1
        if not work.cancelled():
            work.exception()  # Looked at, so that one nobody waits for any more is no warning.

    def _call(self, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
        started: list[tuple[int, Headers]] = []

        def start_response(status: str, headers: Headers, _exc_info: object = None) -> Callable[[bytes], None]:
            started[:] = [(int(status[:3]), [(name.lower(), value) for name, value in headers])]
            return _no_write

        answer = self._wsgi(environ, start_response)
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        ((status, headers),) = started
        return status, headers, body

    def _address(self, scope: Any) -> str:
        if self._proxies:
            seen = [part.strip() for part in (scope.headers.get("x-forwarded-for") or "").split(",") if part.strip()]
            if len(seen) >= self._proxies:
                return str(seen[-self._proxies])
        return str(scope.client).rpartition(":")[0]


def _no_write(_data: bytes) -> None:
    raise NotImplementedError("the answer is what the application returns (PEP 3333)")


def _environ(scope: Any, body: bytes) -> dict[str, Any]:
    """Return the WSGI environment (PEP 3333).

    Headers with an underscore are dropped: they would be read as the ones with a hyphen, which proxies set.
    """
    server, _, port = str(scope.server).rpartition(":")
    client, _, client_port = str(scope.client).rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client,
        "REMOTE_PORT": client_port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}" if key in environ else value
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority
    return environ


def _refusal(scope: Any, refused: Refused) -> tuple[int, Headers, bytes]:
    """Return an answer made without Django, in the form that the path calls for."""
    headers = [("cache-control", "no-store"), ("retry-after", RETRY_SECONDS), ("x-content-type-options", "nosniff")]
    if scope.path == "/readyz":
        return (
            refused.status,
            [*headers, ("content-type", "application/json")],
            (f'{{"database": "{refused.sentence}"}}'.encode()),
        )
    if scope.path.startswith("/api/"):
        body = (
            f'{{"type":"/problems/unavailable","title":"{refused.sentence}","status":{refused.status},'
            f'"detail":"{refused.sentence} Nothing was issued or changed.","code":"unavailable",'
            f'"next_step":"Try again in a moment."}}'
        )
        return refused.status, [*headers, ("content-type", "application/problem+json")], body.encode()
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Not available</title>"
        f"<p>{refused.sentence} Nothing was changed. Load the page again in a moment."
    )
    return refused.status, [*headers, ("content-type", "text/html; charset=utf-8")], page.encode()
