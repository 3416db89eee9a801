"""Lists: aligned columns for people, one object with ``results`` for programs.

On a terminal a table fits into its width: long values are cut, and marked with an ellipsis; sentences go on below.
Everywhere else, and with ``--wide``, values are whole.  A list that may be long shows its beginning on a terminal and
says so; elsewhere it is whole, unless ``--limit`` says otherwise.
"""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest
from typing import Any, Final

import click
from rich.cells import cell_len, chop_cells, set_cell_size

from chancery.cli.language import translate
from chancery.cli.output import Output
from chancery.cli.roles import role_in_words, roles_in_words
from chancery.errors import ChanceryError
from chancery.policy.reasons import WORDS, reason_of_code
from chancery.sdk.listing import Listing
from chancery.sealing.file_names import shown
from chancery.texts import joined, message

ON_SCREEN: Final = 50
"""Rows of a long list on a terminal."""
ALL: Final = sys.maxsize
_GAP: Final = "  "
_TIME: Final = 16
"""Cells of a time; what needs no more is whole as long as there is room."""
_LEAST: Final = 8
"""Cells to which a column is cut before its neighbors are cut further."""
_SENTENCES: Final = frozenset({"sentence"})
"""Columns that are read as a whole, so that they are never cut."""
_IDS: Final = frozenset({"id", "cid", "client_id"})
"""Columns that are cut first: part of an id is of no use."""

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")

_TITLES: Final = {
    "access": message("access now"),
    "address": message("address"),
    "allows": message("allows"),
    "asked_at": message("asked"),
    "at": message("when"),
    "author": message("author"),
    "applications": message("applications"),
    "by": message("by"),
    "blocked": message("blocked here"),
    "challenge": message("DNS record"),
    "changed": message("changed"),
    "code_until": message("code ends"),
    "checked_at": message("checked"),
    "cid": message("document"),
    "client_id": message("id"),
    "created_at": message("made"),
    "deleted_at": message("deleted at"),
    "description": message("description"),
    "disabled": message("disabled"),
    "effect": message("effect"),
    "command": message("command"),
    "documents": message("documents"),
    "done": message("done"),
    "email": message("address"),
    "from": message("from address"),
    "guest": message("guest"),
    "here": message("here"),
    "id": message("id"),
    "kid": message("key"),
    "kind": message("kind"),
    "last": message("last"),
    "last_from": message("last from"),
    "last_opened": message("last opened"),
    "level": message("level"),
    "levels": message("levels"),
    "made": message("made"),
    "main": message("main address"),
    "managed by": message("managed by"),
    "may": message("may"),
    "meaning": message("meaning"),
    "members": message("members"),
    "name": message("name"),
    "note": message("note"),
    "offered to": message("offered to"),
    "of": message("mailed"),
    "opened": message("opened"),
    "organization": message("organization"),
    "outcome": message("outcome"),
    "owner": message("owner"),
    "people": message("people"),
    "permission": message("permission"),
    "permissions": message("permissions"),
    "platform": message("system"),
    "proven": message("proven"),
    "proven by": message("proven by"),
    "proven_at": message("proven"),
    "reason": message("reason"),
    "refused": message("refused"),
    "registered_at": message("registered"),
    "revoked_at": message("revoked"),
    "right": message("right"),
    "role": message("role"),
    "roles": message("roles"),
    "sensitivity": message("sensitivity"),
    "sentence": message("what happened"),
    "since": message("named since"),
    "state": message("state"),
    "status": message("status"),
    "suite": message("suite"),
    "template": message("template"),
    "title": message("title"),
    "to": message("to"),
    "until": message("until"),
    "version": message("version"),
    "what": message("what"),
    "where": message("from where"),
    "who": message("who"),
    "whom": message("whom"),
    "why": message("why"),
}
"""What people read above a column."""
_REST: Final = message("All of them: --limit all")
_NOTHING: Final[Mapping[str, Any]] = {}


class HowMany(click.ParamType[int]):
    """A number, or “all”."""

    name = "NUMBER|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        return ALL if value == "all" else click.IntRange(min=1).convert(value, param, ctx)


def _choose_wide(ctx: click.Context, _: click.Parameter, chosen: bool) -> None:
    ctx.ensure_object(Output).wide = chosen


WIDE = click.option(
    "--wide", is_flag=True, expose_value=False, callback=_choose_wide, help="Show whole values, also on a terminal."
)
LIMIT = click.option(
    "--limit", type=HowMany(), help="How many, or all. By default 50 on a terminal, and all everywhere else."
)


def sorts(*orders: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the option by which column its list is sorted, by the names that the API has for them."""
    names = [name for order in orders for name in (order, f"-{order}")]
    return click.option(
        "--sort",
        type=click.Choice(names),
        callback=lambda context, option, chosen: chosen or "",
        help="By this; with - before it, downwards.",
    )


def on_terminal() -> bool:
    """Tell whether a person reads standard output on a terminal."""
    return sys.stdout.isatty()


def show(
    output: Output,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    empty: str,
    limit: int | None = ALL,
    rest: str = _REST,
    beside: Mapping[str, Any] = _NOTHING,
) -> None:
    """Print rows by these columns, or what ``empty`` says.

    ``limit`` is what ``--limit`` says, None where it was not given; ``rest`` says how to see what was left out.
    Programs get what is ``beside`` the rows in the same object.
    """
    most = limit or (ON_SCREEN if on_terminal() and not output.as_json else ALL)
    remaining = iter(rows)
    if output.as_json:
        number, complete = _stream(output, rows, remaining, most, beside)
    else:
        part = list(islice(remaining, most))
        number, complete = len(part), next(remaining, None) is None
        if part:
            cells = [[_cell(_in_words(column, row.get(column))) for column in columns] for row in part]
            _print(cells, columns, output)
        else:
            output.result({}, empty)
    if not complete:
        output.note(joined((_cut(number, _total(rows)), rest), " "))


def _total(rows: Iterable[Mapping[str, Any]]) -> int | None:
    return rows.total if isinstance(rows, Listing) else None


def _cut(number: int, total: int | None) -> str:
    """Say how much of a list is shown."""
    if total is None:
        return message("Shown are the first {number}; there are more.", number=number)
    return message("Shown are the first {number} of {total}.", number=number, total=total)


def _stream(
    output: Output,
    rows: Iterable[Mapping[str, Any]],
    remaining: Iterator[Mapping[str, Any]],
    most: int,
    beside: Mapping[str, Any],
) -> tuple[int, bool]:
    """Print the object for programs row by row, so that a list of any length takes the same memory.

    Returns how many rows there were, and whether these were all.

    The first row is fetched before anything is printed: what fails at once is an error and nothing else.  Where it
    fails later, the line ends as it is and the error is an object of its own in the next one.
    """
    first = next(remaining, None)
    begun = json.dumps({"command": output.command, **beside}, default=str, ensure_ascii=False)[:-1]
    output.piece(f'{begun}, "results": [')
    number = 0
    try:
        for row in chain([] if first is None else [first], islice(remaining, most - 1)):
            output.piece((", " if number else "") + json.dumps(row, default=str, ensure_ascii=False))
            number += 1
        complete = number < most or next(remaining, None) is None
    except ChanceryError:
        output.piece("", last=True)
        raise
    total = _total(rows)
    known = {"complete": complete, **({} if total is None else {"total": total})}
    output.piece(f"], {json.dumps(known)[1:]}", last=True)
    return number, complete


def _print(cells: list[list[str]], columns: Sequence[str], output: Output) -> None:
    heads = [translate(_TITLES.get(column, column)) for column in columns]
    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    if on_terminal() and not output.wide:
        _narrow(widths, columns, shutil.get_terminal_size().columns - len(_GAP) * (len(columns) - 1))
    wrapped = [column in _SENTENCES for column in columns]
    lines = (line for row in (heads, *cells) for line in _lines(row, widths, wrapped))
    output.result({}, *(_GAP.join(line).rstrip() for line in lines))


def _lines(row: Sequence[str], widths: Sequence[int], wrapped: Sequence[bool]) -> Iterator[list[str]]:
    """Yield the lines of one row: sentences go on below, everything else is cut to its column."""
    parts = [
        _wrapped(text, width) if wraps else [text] for text, width, wraps in zip(row, widths, wrapped, strict=True)
    ]
    for line in zip_longest(*parts, fillvalue=""):
        yield [_fitted(text, width) for text, width in zip(line, widths, strict=True)]


def _wrapped(text: str, width: int) -> list[str]:
    """Break a sentence between words, and words that are longer than a line, by the cells that they take."""
    lines = [""]
    for word in text.split():
        for piece in chop_cells(word, width):
            longer = f"{lines[-1]} {piece}".lstrip()
            if cell_len(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(piece)
    return lines


def _narrow(widths: list[int], columns: Sequence[str], room: int) -> None:
    """Take what is too much from ids, then from the widest columns, and only then from times and numbers."""
    ids = [place for place, column in enumerate(columns) if column in _IDS]
    texts = [place for place, width in enumerate(widths) if width > _TIME]
    for places, least in ((ids, _LEAST), (texts, _LEAST), (range(len(widths)), 1)):
        while sum(widths) > room:
            widest = max(places, key=lambda place: widths[place], default=None)
            if widest is None or widths[widest] <= least:
                break
            widths[widest] -= 1


def _fitted(text: str, width: int) -> str:
    """Return a text in exactly so many cells of a terminal; letters of East Asia take two."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def _in_words(column: str, value: object) -> object:
    """Put codes into words: that of a refusal into the owner's, that of a role into the screens'."""
    if column == "role" and isinstance(value, str):
        return role_in_words(value)
    if column == "roles" and isinstance(value, list):
        return roles_in_words(value)
    reason = reason_of_code(value) if column == "reason" and isinstance(value, str) else None
    return value if reason is None else WORDS[reason].owner


def _cell(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return translate(message("yes") if value else message("no"))
    if isinstance(value, list):
        return shown(", ".join(map(str, value)))
    if not isinstance(value, str):
        return shown(str(value))
    return value[:16].replace("T", " ") if _MOMENT.match(value) else shown(translate(value))
