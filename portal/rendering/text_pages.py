"""Text as pages of paper: lines as they are written, in letters of one width."""

import io
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

PAPER: Final = (1240, 1754)
"""A sheet of A4 with 150 dots to the inch."""
MARGIN: Final = 90
LETTER: Final = 20
LINE: Final = 28
_PACKAGE: Final = "fontpkg_roboto_mono"


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return letters of this size: Latin, Greek and Cyrillic ones."""
    return ImageFont.truetype(io.BytesIO(_letters()), size)


@cache
def _letters() -> bytes:
    """Read the font, once, before the walls close."""
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(_PACKAGE)
    return (Path(found.origin).parent / "files" / "RobotoMono[wght].ttf").read_bytes()


def draw_text(data: bytes, most: int) -> tuple[Iterator[Image.Image], int]:
    """Return the first pages of a text, and of how many there are."""
    columns = int((PAPER[0] - 2 * MARGIN) / font(LETTER).getlength("0"))
    rows = (PAPER[1] - 2 * MARGIN) // LINE
    text = data.decode("utf-8-sig", errors="replace")
    of = max(1, -(-sum(1 for _ in _lines(text, columns)) // rows))
    return _pages(_lines(text, columns), rows, min(of, most)), of


def _lines(text: str, columns: int) -> Iterator[str]:
    """Yield lines that fit; long ones go on in the next line."""
    for line in text.splitlines():
        shown = "".join(letter if letter.isprintable() else "�" for letter in line.expandtabs(4))
        start = 0
        while len(shown) - start > columns:
            # Between words where there is a place, within a word where it is longer than half a line.
            space = shown.rfind(" ", start + columns // 2, start + columns + 1)
            end = start + columns if space < 0 else space
            yield shown[start:end]
            start = end + (space >= 0)
        yield shown[start:]


def _pages(lines: Iterator[str], rows: int, number: int) -> Iterator[Image.Image]:
    for _ in range(number):
        paper = Image.new("RGB", PAPER, "white")
        pen = ImageDraw.Draw(paper)
        for row, line in enumerate(islice(lines, rows)):
            pen.text((MARGIN, MARGIN + row * LINE), line, fill="#1c1b18", font=font(LETTER))
        yield paper
