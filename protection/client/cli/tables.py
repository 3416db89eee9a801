"""Lists: aligned columns for people, one object with ``results`` for programs."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from protection.client.cli.language import told
from protection.client.cli.output import Output
from protection.formats.names import shown
from protection.licensing.reasons import WORDS, Reason
from protection.texts import say

_PIPE_WIDTH: Final = 1_000
"""Into a pipe nothing is wrapped: a cut id is of no use to the program behind it."""


_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")

_TITLES: Final = {
    "access": say("access now"),
    "address": say("address"),
    "allows": say("allows"),
    "asked_at": say("asked"),
    "at": say("when"),
    "author": say("author"),
    "changed": say("changed"),
    "cid": say("document"),
    "created_at": say("made"),
    "deleted_at": say("deleted at"),
    "description": say("description"),
    "disabled": say("disabled"),
    "documents": say("documents"),
    "email": say("address"),
    "from": say("from address"),
    "effect": say("effect"),
    "guest": say("guest"),
    "here": say("here"),
    "kind": say("kind"),
    "last_opened": say("last opened"),
    "level": say("level"),
    "levels": say("levels"),
    "may": say("may"),
    "made": say("made"),
    "members": say("members"),
    "name": say("name"),
    "note": say("note"),
    "offered to": say("offered to"),
    "opened": say("opened"),
    "organization": say("organization"),
    "outcome": say("outcome"),
    "owner": say("owner"),
    "reason": say("reason"),
    "refused": say("refused"),
    "registered_at": say("known since"),
    "right": say("right"),
    "role": say("role"),
    "sensitivity": say("sensitivity"),
    "since": say("named since"),
    "state": say("state"),
    "status": say("status"),
    "suite": say("suite"),
    "template": say("template"),
    "title": say("title"),
    "version": say("version"),
    "what": say("what"),
    "why": say("why"),
    "who": say("who"),
}
"""What people read above a column."""


def show(output: Output, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
    """Print rows by these columns, or what ``empty`` says."""
    if output.as_json or not rows:
        output.result({"results": list(rows)}, empty)
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(told(_TITLES.get(column, column)), overflow="fold")
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
    if not isinstance(value, str):
        return shown(str(value))
    return value[:16].replace("T", " ") if _MOMENT.match(value) else shown(told(value))
