"""A document as pictures of its pages.  Runs inside the walls (``sandbox``): what it reads is hostile.

Nothing of a document is executed: PDF files are drawn by PDFium without its interpreter for scripts and without
forms, text is only ever text.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pypdfium2
from PIL import Image, ImageOps

from portal.rendering.kinds import Form
from portal.rendering.text_pages import draw_text

MOST_PIXELS: Final = 2**26
"""Of one picture in a file, as in the browser's viewer: 8,192 pixels square."""
PAGE_PIXELS: Final = 4_000_000
"""Of one page as it is shown: 200 dots per inch of a sheet of A4."""
LONGEST_SIDE: Final = 6_000
SCALE: Final = 150 / 72
"""PDF measures in 72nds of an inch; pages are drawn with 150 dots to it."""
FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")


class CannotDraw(Exception):
    """Why there are no pages: ``code`` is one of those that ``portal.words.rendering`` has words for."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pages that are drawn, one at a time, and of how many there are."""

    pages: Iterator[Image.Image]
    number: int
    of: int


def draw(form: Form, data: bytes, *, most: int) -> Drawn:
    """Return the first pages of a document, ``most`` at most.  Raises CannotDraw, also while pages are taken."""
    match form:
        case Form.PDF:
            return _pdf(data, most)
        case Form.PICTURE:
            return _picture(data, most)
        case Form.TEXT:
            pages, of = draw_text(data, most)
            return Drawn(pages, min(of, most), of)


def _pdf(data: bytes, most: int) -> Drawn:
    try:
        document = pypdfium2.PdfDocument(data)
        of = len(document)
    except pypdfium2.PdfiumError as error:
        raise CannotDraw("locked" if "password" in str(error).casefold() else "damaged") from error
    if of < 1:
        raise CannotDraw("damaged")
    number = min(of, most)
    return Drawn((_sheet(document, place) for place in range(number)), number, of)


def _sheet(document: pypdfium2.PdfDocument, place: int) -> Image.Image:
    """Return one page; what cannot be drawn of it stays white, as in other viewers."""
    try:
        page = document[place]
        width, height = page.get_size()
        scale = _scale(width * SCALE, height * SCALE) * SCALE
        picture: Image.Image = page.render(scale=scale, may_draw_forms=False, draw_annots=True).to_pil()
        page.close()
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise CannotDraw("damaged") from error
    return picture.convert("RGB")


def _scale(width: float, height: float) -> float:
    """Return by how much a page of this size has to shrink."""
    if not (width > 0 and height > 0):
        raise CannotDraw("damaged")
    return min(1.0, math.sqrt(PAGE_PIXELS / (width * height)), LONGEST_SIDE / width, LONGEST_SIDE / height)


def _picture(data: bytes, most: int) -> Drawn:
    Image.MAX_IMAGE_PIXELS = None  # The size is looked at below, before anything is decoded.
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        of = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise CannotDraw("damaged") from error
    number = min(of, most)
    return Drawn((_frame(picture, place) for place in range(number)), number, of)


def _frame(picture: Image.Image, place: int) -> Image.Image:
    try:
        if place:
            picture.seek(place)
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise CannotDraw("too_many_pixels")
        shrink = _scale(width, height)
        smaller = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        picture.draft("RGB", smaller)
        decoded = ImageOps.exif_transpose(picture)
        flat = _flat(decoded)
        flat.thumbnail(smaller if flat.width >= flat.height == (width >= height) else (smaller[1], smaller[0]))
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise CannotDraw("damaged") from error
    return flat


def _flat(picture: Image.Image) -> Image.Image:
    """Return the picture on white paper."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        paper = Image.new("RGB", seen.size, "white")
        paper.paste(seen, mask=seen.getchannel("A"))
        return paper
    return picture.convert("RGB")
