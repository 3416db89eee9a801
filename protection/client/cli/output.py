"""How the command line speaks: plain sentences for people, one JSON object for programs, exit codes for both.

0 done · 1 refused by policy · 2 usage · 3 file invalid or tampered · 4 service unreachable · 5 other
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from protection.client.errors import Misused, NotSignedIn, Refused, ServiceError, Unreachable
from protection.errors import (
    CannotUnseal,
    ChanceryError,
    InvalidFile,
    InvalidObject,
    InvalidPolicy,
    Revoked,
    UnknownSuite,
    UntrustedKey,
)
from protection.sealing.write import Progress as Report

_PIPE_WIDTH: Final = 1_000

_CODES: Final[tuple[tuple[tuple[type[ChanceryError], ...], int], ...]] = (
    ((Refused, Revoked), 1),
    ((Misused, InvalidPolicy), 2),
    ((InvalidFile, InvalidObject, UntrustedKey, CannotUnseal, UnknownSuite), 3),
    ((Unreachable,), 4),
    ((NotSignedIn, ServiceError), 5),
)


def exit_code(error: ChanceryError) -> int:
    """Return the exit code of an error."""
    return next((code for kinds, code in _CODES if isinstance(error, kinds)), 5)


class Output:
    """Writes results to standard output and everything else to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        """Speak JSON or sentences."""
        self.as_json = as_json
        # Into a pipe nothing is wrapped: a cut id is of no use to the program behind it.
        width = None if sys.stdout.isatty() else _PIPE_WIDTH
        self._console = Console(highlight=False, soft_wrap=True, width=width)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, members: Mapping[str, Any], *lines: str) -> None:
        """Print one result."""
        if self.as_json:
            click.echo(json.dumps(members, default=str, ensure_ascii=False))
            return
        for line in lines:
            self._console.print(line, markup=False)

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
        """Print a list; as JSON one object with ``results``."""
        if self.as_json:
            self.result({"results": list(rows)})
            return
        if not rows:
            self._console.print(empty, markup=False)
            return
        table = Table(box=None, pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(_cell(row.get(column)) for column in columns))
        self._console.print(table)

    def note(self, line: str) -> None:
        """Say something that is not the result."""
        self._errors.print(line, markup=False)

    def error(self, error: ChanceryError) -> None:
        """Print an error with its next step."""
        members: dict[str, Any] = {"error": error.code, "message": error.message, "next_step": error.next_step}
        if isinstance(error, Refused):
            members |= {"reason": error.reason, "contact": error.contact, "event": error.event}
        if self.as_json:
            click.echo(json.dumps(members, ensure_ascii=False))
            return
        self.note(error.message)
        if isinstance(error, Refused) and error.contact:
            self.note(f"Contact: {error.contact}")
        self.note(error.next_step)

    @contextmanager
    def progress(self, name: str) -> Iterator[Report | None]:
        """Show a bar on a terminal while a file is worked on; nothing elsewhere."""
        if self.as_json or not sys.stderr.isatty():
            yield None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=self._errors, transient=True) as bar:
            task = bar.add_task(name, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def moment(seconds: int | None) -> str:
    """Return a time for people, or "never"."""
    return "never" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return str(value)[:16].replace("T", " ") if isinstance(value, str) and "T" in value[:12] else str(value)
