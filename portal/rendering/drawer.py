"""Draws one document in a process of its own, which is ended when it takes too long (``child``, ``sandbox``)."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import BinaryIO, Final, cast

from portal.rendering import frames, office
from portal.rendering.kinds import is_office
from portal.rendering.sandbox import ROOT

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

    def end(self) -> None:
        """Let the process draw no further."""
        self._process.kill()

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


def _as_pdf(name: str, feed: Callable[[BinaryIO], object]) -> bytes:
    """Return what LibreOffice makes of an Office file, in a world of its own.  Raises NotDrawn."""
    if not office.is_possible():
        raise NotDrawn("office")
    with _started(office.command(), office.SECONDS) as process:
        with suppress(BrokenPipeError), cast(BinaryIO, process.stdin) as pipe:
            frames.write_members(pipe, {"ending": name.rpartition(".")[2].casefold()})
            feed(pipe)
        pdf = cast(BinaryIO, process.stdout).read(office.MOST_PDF + 1)
    if len(pdf) > office.MOST_PDF:
        raise NotDrawn("too_much")
    if not pdf:
        raise NotDrawn("damaged")
    return pdf


def _give(data: bytes, pipe: BinaryIO) -> None:
    pipe.write(data)


@contextmanager
def _started(command: list[str], seconds: float) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process that is ended after so many seconds, and with the block."""
    process = subprocess.Popen(
        command,
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
        yield process
    finally:
        too_long.cancel()
        process.kill()
        process.wait()
        cast(BinaryIO, process.stdout).close()


@contextmanager
def drawing(
    name: str, watermark: tuple[str, ...], feed: Callable[[BinaryIO], object], *, seconds: float = SECONDS
) -> Iterator[Drawing]:
    """Begin to draw a document, which ``feed`` writes into a pipe; the process has ended after the block.

    Office files are made PDF files first.  Raises NotDrawn where that cannot be.
    """
    if is_office(name):
        pdf = _as_pdf(name, feed)
        name, feed = f"{name}.pdf", partial(_give, pdf)
    with _started([sys.executable, "-E", "-s", "-m", "portal.rendering.child"], seconds) as process:
        with suppress(BrokenPipeError), cast(BinaryIO, process.stdin) as pipe:
            # Where the process ended early, its answer says why.
            frames.write_members(pipe, {"name": name, "watermark": list(watermark), "most": MOST_PAGES})
            feed(pipe)
        yield Drawing(process, most=MOST_PAGES)
