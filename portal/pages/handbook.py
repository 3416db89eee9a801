"""The handbook: written pages out of ``docs/handbook``, and the table of rights out of the program itself."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET
from markdown_it import MarkdownIt

from portal.languages import told
from portal.levels import level_called
from portal.pages.words import HOLDS, PROGRAMS
from protection.licensing.programs import MEANINGS, Program
from protection.licensing.rights import LEVELS, Right
from protection.licensing.words import right_in_words

FOLDER: Final = Path(__file__).parents[2] / "docs" / "handbook"
INDEX: Final = "index"


@require_GET
def handbook(request: HttpRequest, name: str = INDEX) -> HttpResponse:
    """Show one written page."""
    if name not in written():
        raise Http404
    title, body = _rendered(name)
    return render(request, "pages/handbook.html", {"title": title, "body": body, "is_index": name == INDEX})


@require_GET
def rights(request: HttpRequest) -> HttpResponse:
    """Show what each right allows, and how firmly each kind of program withholds it (DESIGN.md §6)."""
    rows = [
        {
            "right": right.value,
            "name": told(right_in_words(right)),
            "allows": told(MEANINGS[right].allows),
            "levels": [level_called(level) for level, members in LEVELS.items() if right in members],
            "held": [(PROGRAMS[program], hold.value, HOLDS[hold]) for program, hold in MEANINGS[right].held.items()],
        }
        for right in Right
    ]
    return render(request, "pages/handbook_rights.html", {"rows": rows, "programs": [PROGRAMS[one] for one in Program]})


def written() -> frozenset[str]:
    """Return the names of the written pages."""
    return frozenset(path.stem for path in FOLDER.glob("*.md"))


@lru_cache
def _rendered(name: str) -> tuple[str, SafeString]:
    """Return title and body of a page; the text is our own, and mark-up in it is shown, not obeyed."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return title, mark_safe(markdown.render(text))  # noqa: S308 - rendered from a file of this repository
