"""How a sealed file gets from a reader's browser to what draws it, and the pages back: through the cache, for minutes.

Redis may write what it holds to a disk, so nothing in it can be opened by who finds it later:

- The parts of the sealed file are sealed to a key that the worker makes for this one rendering and keeps in memory.
- Pages are sealed to the reader's device, whose private key never leaves it.
- The rest (who reads what) is sealed under the root key, like everything else in the cache.

Each is taken once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.core.cache import cache

from protection.actor import Actor
from protection.services.draw import Allowed

PART: Final = 3 * 1024 * 1024
"""Bytes of one part of a sealed file; a request carries a third more, as text."""
KEPT: Final = 120
"""Seconds for which a part or a page is kept at most."""
_PROGRESS_KEPT: Final = 600
"""Seconds for which a job and how far it is are kept; one that waits for others can take longer than ``KEPT``."""
_ALIVE: Final = 15
_VIEWER: Final = "viewer"


class Stage(StrEnum):
    """How far a rendering is."""

    WAITING = "waiting"
    RECEIVING = "receiving"
    DRAWING = "drawing"
    DRAWN = "drawn"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be drawn, and for whom: pages are sealed to ``key``; ``event`` is the opening that was recorded."""

    organization: UUID
    event: UUID
    actor: Actor
    kem: str
    key: bytes
    allowed: Allowed
    pl: bytes
    seal: bytes
    size: int
    at: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What the reader's browser learns; ``key`` is the worker's, to which parts are sealed."""

    organization: UUID
    person: UUID
    allowed: Allowed
    size: int
    stage: Stage = Stage.WAITING
    key: bytes = b""
    ready: int = 0
    pages: int = 0
    of: int = 0
    problem: str = ""


def begin(job: Job) -> None:
    """Keep what is to be drawn until a worker takes it."""
    cache.set(f"rendering:{job.event}:job", job, _PROGRESS_KEPT)
    cache.set(f"rendering:of:{job.actor.person}", job.event, _PROGRESS_KEPT)
    note(job.event, Progress(job.organization, job.actor.person, job.allowed, job.size))


def is_newest(job: Job) -> bool:
    """Tell whether the reader has not begun another one since: everybody has one at a time."""
    return cache.get(f"rendering:of:{job.actor.person}") in {job.event, None}


def take(event: UUID) -> Job | None:
    """Take what is to be drawn, once."""
    job: Job | None = _taken(f"rendering:{event}:job")
    return job


def progress(event: UUID) -> Progress | None:
    """Return how far a rendering is, None for one that is not there any more."""
    found: Progress | None = cache.get(f"rendering:{event}:progress")
    return found


def note(event: UUID, state: Progress) -> None:
    """Keep how far it is."""
    cache.set(f"rendering:{event}:progress", state, _PROGRESS_KEPT)


def fail(event: UUID, problem: str) -> None:
    """Say why it goes no further."""
    state = progress(event)
    if state is not None:
        note(event, replace(state, stage=Stage.FAILED, problem=problem))


def parts_of(size: int) -> int:
    """Return in how many parts a file of this size comes."""
    return -(-size // PART)


def put_part(event: UUID, number: int, sealed: bytes) -> None:
    """Keep one part, sealed to the worker."""
    cache.set(f"rendering:{event}:part:{number}", sealed, KEPT)


def take_part(event: UUID, number: int) -> bytes | None:
    """Take one part, where it has come."""
    part: bytes | None = _taken(f"rendering:{event}:part:{number}")
    return part


def put_page(event: UUID, number: int, sealed: bytes) -> None:
    """Keep one page, sealed to the reader's device."""
    cache.set(f"rendering:{event}:page:{number}", sealed, KEPT)


def take_page(event: UUID, number: int) -> bytes | None:
    """Take one page, where it is drawn."""
    page: bytes | None = _taken(f"rendering:{event}:page:{number}")
    return page


def _taken(name: str) -> Any:
    found = cache.get(name)
    # Of two who find it at the same moment, only one removes it.
    return found if found is not None and cache.delete(name) else None


def announce(able: Mapping[str, bool]) -> None:
    """Say that a worker draws, and what it is able to."""
    cache.set(_VIEWER, dict(able), _ALIVE)


def announced() -> Mapping[str, bool] | None:
    """Return what the workers that draw are able to, None where none runs."""
    found: Mapping[str, bool] | None = cache.get(_VIEWER)
    return found
