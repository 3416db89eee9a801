"""Draws one document in a process of its own, which is ended when it takes too long (``child``, ``sandbox``)."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

from portal.rendering import frames

ROOT: Final = Path(__file__).parents[2]
SECONDS: Final = 150.0
"""Of wall-clock time for one document; the process's own limits are in ``sandbox``."""
MOST_PAGES: Final = 200
MOST_BYTES: Final = 96 * 1024 * 1024
"""Of all pages of one document together."""


ENDED: Final = "ended"
"""The code of what ended before it had drawn everything, or took too long."""


class NotDrawn(Exception):
    """Why there are no pages, or no further ones; ``code`` as in ``portal.words.rendering``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Drawing:
    """A document that is being drawn."""

    def __init__(self, process: "subprocess.Popen[bytes]", *, most: int) -> None:
        self._process = process
        self._answers = cast(BinaryIO, process.stdout)
        self.most = most
        self.number = self.of = 0

    def pages(self) -> Iterator[bytes]:
        """Yield the pages as pictures.  ``number`` and ``of`` are known with the first.  Raises NotDrawn."""
        try:
            outcome = frames.read_members(self._answers)
            if "refused" in outcome:
                raise NotDrawn(str(outcome["refused"])[:32])
            self.number, self.of = min(int(outcome["pages"]), self.most), int(outcome["of"])
            yield from self._counted()
        except (frames.BrokenFrame, KeyError, TypeError, ValueError):
            raise NotDrawn(ENDED) from None

    def _counted(self) -> Iterator[bytes]:
        """Yield what was announced and no more; it comes from a process that may do what the document wants."""
        size = 0
        for _ in range(self.number):
            page = frames.read(self._answers)
            if page is None:
                raise NotDrawn(ENDED)
            if not (page[:4] == b"RIFF" and page[8:12] == b"WEBP"):
                raise frames.BrokenFrame
            size += len(page)
            if size > MOST_BYTES:
                raise NotDrawn("too_much")
            yield page


@contextmanager
def drawing(
    name: str, watermark: tuple[str, ...], feed: Callable[[BinaryIO], object], *, seconds: float = SECONDS
) -> Iterator[Drawing]:
    """Begin to draw a document, which ``feed`` writes into a pipe; the process has ended after the block.

    Raises NotDrawn where the process ended before it had read the document.
    """
    process = subprocess.Popen(
        [sys.executable, "-E", "-s", "-m", "portal.rendering.child"],
        cwd=ROOT,
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    too_long = threading.Timer(seconds, process.kill)
    too_long.daemon = True
    too_long.start()
    try:
        with suppress(BrokenPipeError), cast(BinaryIO, process.stdin) as pipe:
            # Where the process ended early, its answer says why.
            frames.write_members(pipe, {"name": name, "watermark": list(watermark), "most": MOST_PAGES})
            feed(pipe)
        yield Drawing(process, most=MOST_PAGES)
    finally:
        too_long.cancel()
        process.kill()
        process.wait()
        cast(BinaryIO, process.stdout).close()
