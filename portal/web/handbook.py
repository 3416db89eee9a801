"""The handbook: written pages out of ``docs/handbook``, and the table of rights out of the program itself.

English pages are in the folder itself, those in another language in a folder that is named by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from markdown_it import MarkdownIt
from markdown_it.token import Token

from chancery.policy.programs import MEANINGS, WATERMARK, Meaning, Program
from chancery.policy.rights import LEVELS, Right
from chancery.policy.words import right_in_words
from portal.languages import translate
from portal.web.framework import show_to_all
from portal.words.access_levels import level_called
from portal.words.events import HOLDS, PROGRAMS

FOLDER: Final = Path(__file__).parents[2] / "docs" / "handbook"
INDEX: Final = "index"
ENGLISH: Final = "en"


@require_GET
def handbook(request: HttpRequest, name: str = INDEX) -> HttpResponse:
    """Show one written page in the reader's language, or in English where it exists in English only."""
    language = get_language() or ENGLISH
    path = written(language).get(name)
    in_english_only = path is None
    path = path or written().get(name)
    if path is None:
        raise Http404
    title, body = _rendered(path)
    page = {"title": title, "body": body, "is_index": name == INDEX, "in_english_only": in_english_only}
    return show_to_all(request, "handbook", "handbook", page)


@require_GET
def rights(request: HttpRequest) -> HttpResponse:
    """Show what each right allows, and how firmly each kind of program withholds it."""
    page = {"rows": rights_rows(Program), "programs": [PROGRAMS[one] for one in Program]}
    return show_to_all(request, "handbook_rights", "handbook", page)


def rights_rows(programs: Iterable[Program]) -> list[dict[str, Any]]:
    """Return the table of rights as pages show it, the watermark last, with what these kinds of program withhold."""
    chosen = list(programs)
    rows = [
        {
            "right": right.value,
            "name": translate(right_in_words(right)),
            "allows": translate(MEANINGS[right].allows),
            "levels": [level_called(level) for level, members in LEVELS.items() if right in members],
            "held": [_held(MEANINGS[right], program) for program in chosen],
        }
        for right in Right
    ]
    watermark = {
        "name": _("watermark"),
        "allows": translate(WATERMARK.allows),
        "held": [_held(WATERMARK, program) for program in chosen],
    }
    return [*rows, watermark]


def _held(meaning: Meaning, program: Program) -> dict[str, Any]:
    hold = meaning.held[program]
    return {"kind": program.value, "program": PROGRAMS[program], "hold": hold.value, "words": HOLDS[hold]}


@dataclass(frozen=True, slots=True)
class Passage:
    """A section of a handbook page in which a search found its words."""

    page: str
    title: str
    section: str

    @property
    def address(self) -> str:
        """Where the section is."""
        page = reverse("handbook_page", args=[self.page])
        return f"{page}#{_anchor(self.section)}" if self.section else page


def _anchor(heading: str) -> str:
    """Return the name under which a link reaches a heading."""
    return slugify(heading)


def found_in_handbook(text: str, *, limit: int) -> list[Passage]:
    """Return sections that hold every word of the text, in the reader's language; those with it in a heading first."""
    words = text.casefold().split()
    pages = {**written(), **written(get_language() or ENGLISH)}
    found = [
        (not all(word in f"{title} {heading}".casefold() for word in words), Passage(name, title, heading))
        for name, path in sorted(pages.items())
        for title, heading, body in _sections(path)
        if all(word in f"{title} {heading} {body}".casefold() for word in words)
    ]
    return [passage for _, passage in sorted(found, key=lambda one: one[0])][:limit]


@lru_cache
def _sections(path: Path) -> tuple[tuple[str, str, str], ...]:
    """Return a page's title with the heading ("" for the beginning) and the text of each of its sections."""
    first, *others = path.read_text(encoding="utf-8").split("\n## ")
    title, _, body = first.partition("\n")
    title = title.removeprefix("# ")
    parts = (part.partition("\n") for part in others)
    return ((title, "", body), *((title, heading, text) for heading, _, text in parts))


def written(language: str = ENGLISH) -> dict[str, Path]:
    """Return the pages that are written in a language, by their names.

    The folder is listed, so that neither a name nor a language that somebody asks for ever becomes part of a path.
    """
    folders = {ENGLISH: FOLDER, **{path.name: path for path in FOLDER.iterdir() if path.is_dir()}}
    return {path.stem: path for path in folders[language].glob("*.md")} if language in folders else {}


def _name_cells(tokens: Sequence[Token]) -> None:
    """Let each cell of a table know the head of its column, which a phone shows beside it."""
    heads: list[str] = []
    column = 0
    for opening, words in pairwise(tokens):
        if opening.type == "thead_open":
            heads = []
        elif opening.type == "th_open":
            heads.append(words.content)
        elif opening.type == "tr_open":
            column = 0
        elif opening.type == "td_open":
            if column:
                opening.attrSet("data-label", heads[column])
            column += 1


@lru_cache
def _rendered(path: Path) -> tuple[str, SafeString]:
    """Return title and body of a page; the text is our own, and mark-up in it is shown, not obeyed."""
    text = path.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for opening, words in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            opening.attrSet("id", _anchor(words.content))
    _name_cells(tokens)
    for picture in (child for token in tokens for child in token.children or () if child.type == "image"):
        # The page's file names its picture by the way to it, so that it is also seen where the file itself is read.
        picture.attrSet("src", static(f"handbook/{Path(str(picture.attrs['src'])).name}"))
        picture.attrSet("loading", "lazy")
    return title, mark_safe(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S308 - rendered from a file of this repository
