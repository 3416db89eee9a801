"""Viewer-only documents in the worker: received, verified and decrypted in memory, drawn by a walled-in process.

The file is put together from its parts, verified as every reader's program does, decrypted into a pipe, and drawn.  No
part of the body is ever written to a disk (docs/protocol.md P23, decision 24).
"""

import io
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import connections
from redis.exceptions import RedisError

from chancery.crypto import bindings
from chancery.crypto.envelope import seal, unseal
from chancery.crypto.keys import EncryptionPrivateKey, EncryptionPublicKey
from chancery.crypto.store import SoftwareKeyStore
from chancery.crypto.suites import MLKEM768_X25519
from chancery.errors import ChanceryError, NotFound
from chancery.sealing.read import open_sealed
from chancery.texts import message
from portal.rendering import drawer, exchange, office, sandbox
from portal.rendering.exchange import Job, Progress, Stage
from protection.services.draw import record_not_drawn, unlocked
from tenants.context import in_organization

logger = logging.getLogger(__name__)

PART_SECONDS: Final = 20.0
"""In this time the next part has to come, else the reader has gone."""
POLL_SECONDS: Final = 0.05
ANNOUNCE_SECONDS: Final = 5.0
AT_ONCE: Final = 2
"""How many documents one worker draws at a time."""

RECEIVED_AT_ONCE: Final = 8
"""How many files one worker takes in at a time."""
NO_SANDBOX: Final = "no_sandbox"
REPLACED: Final = "replaced"
LOOK_SECONDS: Final = 0.5
"""So often it is looked whether the reader still waits for what is drawn or is to be drawn."""

_drawing = threading.BoundedSemaphore(AT_ONCE)
_threads = ThreadPoolExecutor(RECEIVED_AT_ONCE, thread_name_prefix="drawing")
_walled_in = threading.Event()
"""Whether what draws can be walled in on this machine, as far as is known."""
if sandbox.is_possible():
    _walled_in.set()


def begin(organization: UUID, event: UUID) -> None:
    """Draw a document in a thread of its own kind; further ones than there are threads wait."""
    _threads.submit(_draw_in, organization, event)


def _draw_in(organization: UUID, event: UUID) -> None:
    try:
        with in_organization(organization):
            draw(event)
    except Exception:
        logger.exception("A document that was to be drawn could not be begun")
    finally:
        connections.close_all()


def draw(event: UUID) -> bool:
    """Draw one document that somebody was allowed to see; return whether every page was drawn.

    Where not even one was, the record says so.
    """
    job = exchange.take(event)
    if job is None:
        return False
    try:
        return _draw(job)
    except drawer.NotDrawn as error:
        code = error.code if exchange.is_newest(job) else REPLACED
        if code == NO_SANDBOX:
            _walled_in.clear()
    except ChanceryError as error:
        code = error.code
    except Exception:  # noqa: BLE001 - whatever it was, the reader learns that it goes no further
        # The reason may name what the document holds, so neither it nor the traceback's values are logged.
        logger.error("A document could not be drawn.")  # noqa: TRY400
        code = drawer.ENDED
    state = exchange.progress(event)
    exchange.fail(event, code)
    if state is not None and state.ready:
        return False
    record_not_drawn(actor=job.actor, cid=job.allowed.cid, event=event, reason=code)
    return False


def _draw(job: Job) -> bool:
    own = EncryptionPrivateKey.generate(MLKEM768_X25519)
    state = Progress(job.organization, job.actor.person, job.allowed, job.size, Stage.RECEIVING, own.public.raw)
    exchange.note(job.event, state)
    body = _received(job, own)
    with _turn(job), open_sealed(body) as file:
        exchange.note(job.event, replace(state, stage=Stage.DRAWING))
        content = unlocked(file, organization=job.organization, pl=job.pl, seal=job.seal, allowed=job.allowed)
        name = content.metadata.name
        # The same words for everybody: who finds a copy may read another language than its reader.
        lines = (job.actor.address or job.actor.name, f"{datetime.fromtimestamp(job.at, UTC):%Y-%m-%d %H:%M} UTC", name)
        with drawer.drawing(name, lines, content.copy_to) as drawing, _ended_when_replaced(job, drawing):
            _hand_over(job, state, drawing)
    return True


@contextmanager
def _turn(job: Job) -> Iterator[None]:
    """Wait until this document may be drawn.  Raises NotDrawn: the reader opens something else."""
    while not _drawing.acquire(timeout=LOOK_SECONDS):
        if not exchange.is_newest(job):
            raise drawer.NotDrawn(REPLACED)
    try:
        yield
    finally:
        _drawing.release()


@contextmanager
def _ended_when_replaced(job: Job, drawing: drawer.Drawing) -> Iterator[None]:
    """End what draws as soon as the reader opens something else, however long a page takes."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            with suppress(RedisError):
                if not exchange.is_newest(job):
                    drawing.end()
                    return

    watching = threading.Thread(target=watch, name="watching", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _received(job: Job, own: EncryptionPrivateKey) -> io.BytesIO:
    """Return the sealed file out of its parts.  Raises NotDrawn: one is late, or the reader opens something else."""
    store, body = SoftwareKeyStore([own]), io.BytesIO()
    for number in range(1, exchange.parts_of(job.size) + 1):
        until = time.monotonic() + PART_SECONDS
        while (part := exchange.take_part(job.event, number)) is None:
            if time.monotonic() > until:
                raise drawer.NotDrawn("not_sent")
            if not exchange.is_newest(job):
                raise drawer.NotDrawn(REPLACED)
            time.sleep(POLL_SECONDS)
        info = bindings.rendering_part(org=job.organization, jti=job.event, number=number)
        body.write(unseal(store, own.key_id, part, info))
    return body


def _hand_over(job: Job, state: Progress, drawing: drawer.Drawing) -> None:
    """Seal each page to the reader's device as it comes."""
    public = EncryptionPublicKey.named(job.kem, job.key)
    for number, page in enumerate(drawing.pages(), start=1):
        info = bindings.rendering_page(org=job.organization, dev=_device(job), jti=job.event, number=number)
        exchange.put_page(job.event, number, seal(public, page, info))
        stage = Stage.DRAWN if number == drawing.number else Stage.DRAWING
        shown = replace(state, stage=stage, ready=number, pages=drawing.number, of=drawing.of)
        exchange.note(job.event, shown)


def _device(job: Job) -> UUID:
    if job.actor.device is None:
        raise NotFound(message("The reader's device is not known."))
    return job.actor.device


def keep_announcing() -> None:
    """Say from now on, in a thread of its own, whether this worker draws."""

    def run() -> None:
        while True:
            with suppress(RedisError):
                exchange.announce({"draws": _walled_in.is_set(), "office": office.is_possible()})
            time.sleep(ANNOUNCE_SECONDS)

    threading.Thread(target=run, name="announcing", daemon=True).start()
