"""The reader's name, the time and the document across a page, so that a picture of it says whose it is."""

from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from portal.rendering.text_pages import font

STRENGTH: Final = 46
"""How dark the letters are on white paper, of 255: read without effort, and what lies under them too."""
ANGLE: Final = 24


def mark(page: Image.Image, lines: tuple[str, ...]) -> Image.Image:
    """Return the page with the lines all over it, once more at its foot in full strength."""
    page.paste("#5a4a4a", mask=_all_over(page.size, lines))
    letters = font(_letter(page.size, 90))
    pen = ImageDraw.Draw(page)
    foot = " · ".join(lines)
    left, top, right, bottom = pen.textbbox((0, 0), foot, font=letters)
    height = bottom - top + 12
    pen.rectangle((0, page.height - height, page.width, page.height), fill="#ffffff")
    pen.text((max(6, (page.width - (right - left)) / 2), page.height - height + 6 - top), foot, "#3d3333", letters)
    return page


def _letter(size: tuple[int, int], parts: int) -> int:
    return max(9, min(size[0] // parts * 2 if size[0] > 400 else size[0] // 30, 48))


@lru_cache(maxsize=4)
def _all_over(size: tuple[int, int], lines: tuple[str, ...]) -> Image.Image:
    """Return where the letters lie, for pages of one size."""
    letters = font(_letter(size, 80))
    block = "\n".join(lines)
    blank = Image.new("L", (1, 1))
    _, _, width, height = ImageDraw.Draw(blank).multiline_textbbox((0, 0), block, font=letters)
    side = int((size[0] ** 2 + size[1] ** 2) ** 0.5) + 1
    sheet = Image.new("L", (side, side))
    pen = ImageDraw.Draw(sheet)
    across, down = int(width) + 60, int(height * 2.2) + 40
    for row, top in enumerate(range(0, side, down)):
        for left in range(-(across // 2) * (row % 2), side, across):
            pen.multiline_text((left, top), block, STRENGTH, letters)
    turned = sheet.rotate(ANGLE, resample=Image.Resampling.BILINEAR)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))
