"""Content as a terminal can show it: text, Markdown, CSV and JSON.

Content is hostile.  A terminal acts on control characters: they move the cursor, hide lines, change its title, or type
for the person.  So each is written out, like invisible characters and those that change the direction of text.  Only
line ends and tabs remain; what makes a heading bold is added here afterwards.
"""

import csv
import io
import json
import mimetypes
import re
from enum import Enum, auto
from itertools import zip_longest
from typing import Final

import click
from rich.cells import cell_len

from chancery.sealing.file_names import HIDDEN, shown

MOST: Final = 8 * 1024 * 1024
"""How many bytes of text a terminal is given; larger ones are for programs that read them in parts."""
_WIDEST: Final = 40
"""A longer cell of a table moves those to its right, and only in its row."""
_KEPT: Final = frozenset("\n\t\u00ad\u200c\u200d")
"""Line ends and tabs, and what joins and parts letters, without which some scripts are misspelled."""
_MARKS: Final = (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))
_TEXTS: Final = frozenset(
    ["txt", "log", "xml", "html", "htm", "svg", "yaml", "yml", "ini", "toml", "py", "js", "css", "tex", "sql", "eml"]
)
_HEADING: Final = re.compile(r"^#{1,6} .*$", re.MULTILINE)
_PART: Final = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_INDENT: Final = "  "


class Form(Enum):
    """How a text is shown."""

    PLAIN = auto()
    MARKDOWN = auto()
    TABLE = auto()
    JSON = auto()


def form_of(name: str, type_: str = "") -> Form | None:
    """Return how content of this name and media type is shown, None where a terminal cannot show it."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in {"csv", "tsv"} or type_ in {"text/csv", "text/tab-separated-values"}:
        return Form.TABLE
    if ending == "json" or type_ == "application/json":
        return Form.JSON
    if ending in {"md", "markdown"} or type_ == "text/markdown":
        return Form.MARKDOWN
    return Form.PLAIN if ending in _TEXTS or type_.startswith("text/") else None


def is_other(name: str) -> bool:
    """Tell whether a name alone shows that no terminal can show the content."""
    return mimetypes.guess_type(name)[0] is not None and form_of(name, mimetypes.guess_type(name)[0] or "") is None


def in_terminal(form: Form, data: bytes, *, styled: bool) -> str:
    """Return content as a terminal shows it; ``styled`` makes headings bold."""
    text = harmless(decoded(data))
    if form is Form.TABLE:
        text = _table(text, styled=styled)
    elif form is Form.JSON:
        text = _indented(text)
    elif form is Form.MARKDOWN and styled:
        text = _HEADING.sub(lambda found: click.style(found[0], bold=True), text)
    return text if text.endswith("\n") or not text else f"{text}\n"


def decoded(data: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 with its mark; what is neither is shown as replaced."""
    encoding = next((name for name, mark in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding, errors="replace")


def harmless(text: str) -> str:
    """Return a text in which nothing but line ends and tabs makes a terminal do anything."""
    return HIDDEN.sub(lambda found: found[0] if found[0] in _KEPT else shown(found[0]), text.replace("\r\n", "\n"))


def _table(text: str, *, styled: bool) -> str:
    """Return comma-separated values as columns; what cannot be read as such is returned as it is."""
    first = text.partition("\n")[0]
    csv.field_size_limit(MOST)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=first.count)))
    except csv.Error:
        return text
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    columns = zip_longest(*cells, fillvalue="")
    widths = [min(max(map(cell_len, column)), _WIDEST) for column in columns]
    lines = ["  ".join(map(_padded, row, widths)).rstrip() for row in cells]
    if styled and lines:
        lines[0] = click.style(lines[0], bold=True)
    return "\n".join(lines)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _indented(text: str) -> str:
    """Return JSON with a line for each member, every value as it is written; what is no JSON is returned as it is."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    made: list[str] = []
    depth = 0
    parts = _PART.findall(text)
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        if part in {"{", "["}:
            depth += 1
            made.append(part if following in {"}", "]"} else f"{part}\n{_INDENT * depth}")
        elif part in {"}", "]"}:
            depth -= 1
            made.append(part if made[-1] in {"{", "["} else f"\n{_INDENT * depth}{part}")
        else:
            made.append({",": f",\n{_INDENT * depth}", ":": ": "}.get(part, part))
    return "".join(made)
