"""The process that draws: it is told what to draw, walls itself in, reads the document and answers with pages.

Started by ``portal.rendering.drawer`` with an empty environment and three pipes.  Everything it needs is imported and
used once before the walls close, since no file can be read after that.
"""

import io
import os
import sys
from typing import Any, Final

from PIL import Image

from portal.rendering import frames, sandbox
from portal.rendering.drawing import CannotDraw, draw
from portal.rendering.kinds import Form, form_of
from portal.rendering.watermark import mark

QUALITY: Final = 75


def main() -> None:
    """Draw one document."""
    answers = sys.stdout.buffer
    wanted = frames.read_members(sys.stdin.buffer)
    try:
        _warm_up()
        sandbox.lock_down()
        _answer(answers, wanted, sys.stdin.buffer.read())
    except sandbox.NoSandbox:
        frames.write_members(answers, {"refused": "no_sandbox"})
    except CannotDraw as refused:
        frames.write_members(answers, {"refused": refused.code})
    except MemoryError:
        frames.write_members(answers, {"refused": "too_much"})
    # Nothing is left to be done, and much of what Python does at its end it may not do here.
    os._exit(0)


def _answer(answers: Any, wanted: dict[str, Any], data: bytes) -> None:
    form = form_of(wanted["name"])
    if form is None:
        raise CannotDraw("unknown_kind")
    drawn = draw(form, data, most=wanted["most"])
    said = False
    for page in drawn.pages:
        marked = _encoded(mark(page, tuple(wanted["watermark"])))
        if not said:
            frames.write_members(answers, {"pages": drawn.number, "of": drawn.of})
            said = True
        frames.write(answers, marked)


def _encoded(page: Image.Image) -> bytes:
    sink = io.BytesIO()
    page.save(sink, "WEBP", quality=QUALITY, method=2)
    return sink.getvalue()


def _warm_up() -> None:
    """Do once what loads modules, tables and fonts when it is done for the first time."""
    Image.init()
    page = Image.new("RGB", (600, 300), "white")
    _encoded(mark(page, ("ä", "β")))
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        sink = io.BytesIO()
        page.save(sink, kind)
        sink.seek(0)
        Image.open(sink).load()
    sink = io.BytesIO()
    page.save(sink, "PDF")
    list(draw(Form.PDF, sink.getvalue(), most=1).pages)
    list(draw(Form.TEXT, b"a\n", most=1).pages)


if __name__ == "__main__":
    main()
