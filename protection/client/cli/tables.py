"""Lists: aligned columns for people, one object with ``results`` for programs."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from protection.client.cli.output import Output
from protection.licensing.reasons import WORDS, Reason

_PIPE_WIDTH: Final = 1_000
"""Into a pipe nothing is wrapped: a cut id is of no use to the program behind it."""


_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")

_TITLES: Final = {
    "asked_at": "asked",
    "at": "when",
    "cid": "document",
    "created_at": "made",
    "email": "address",
    "registered_at": "known since",
    "from": "from address",
}
"""What people read above a column that programs know by another name."""


def show(output: Output, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
    """Print rows by these columns, or what ``empty`` says."""
    if output.as_json or not rows:
        output.result({"results": list(rows)}, empty)
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(_TITLES.get(column, column), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(_in_words(column, row.get(column))) for column in columns))
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def _in_words(column: str, value: object) -> object:
    """Put the code of a refusal into the owner's words."""
    known = column == "reason" and isinstance(value, str) and value in set(Reason)
    return WORDS[Reason(str(value))].owner if known else value


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return str(value)[:16].replace("T", " ") if isinstance(value, str) and _MOMENT.match(value) else str(value)
