"""How the command line speaks: plain sentences for people, one JSON object for programs."""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any, Final

import click

from chancery.cli.language import translate
from chancery.errors import (
    ChanceryError,
)
from chancery.sdk.errors import Misused, Refused, RevocationNote
from chancery.sealing.file_names import HIDDEN
from chancery.texts import message

_YES: Final = message("To do it without being asked, add --yes.")


class Output:
    """Writes results to standard output and everything else to standard error."""

    def __init__(self, *, as_json: bool = False) -> None:
        """Speak JSON or sentences."""
        self.as_json = as_json
        self.command = ""
        """Which command speaks, as it is typed: "label publish"; every object for programs begins with it."""
        self.beside_data = False
        """Whether standard output is the content of a file, so that results go to standard error."""
        self.wide = False
        """Whether tables show whole values on a terminal too."""

    def result(self, members: Mapping[str, Any], *lines: str) -> None:
        """Print one result."""
        if self.as_json:
            named = {"command": self.command, **members}
            click.echo(visible(json.dumps(named, default=str, ensure_ascii=False)), err=self.beside_data)
            return
        for line in lines:
            click.echo(translate(line), err=self.beside_data)

    def piece(self, text: str, *, last: bool = False) -> None:
        """Print a part of a result for programs that is too long to be held at once; the last one ends the line."""
        click.echo(visible(text), nl=last, err=self.beside_data)

    def note(self, line: str) -> None:
        """Say something that is not the result."""
        with suppress(OSError):
            # Where no message can be printed, the work goes on and the exit code shows it.
            click.echo(translate(line), err=True)

    def error(self, error: ChanceryError, **where: str) -> None:
        """Print an error with its next step; ``where`` tells programs what it is about.

        Programs read these two in the language of the shell as well; every other member is the same in all languages.
        """
        words = {"message": translate(error.message), "next_step": translate(error.next_step)}
        members: dict[str, Any] = {"error": error.code, **words, **where}
        if isinstance(error, Refused):
            members |= {"reason": error.reason, "contact": error.contact, "event": error.event}
            members |= {} if error.note is None else {"note": asdict(error.note)}
        if self.as_json:
            self.result(members)
            return
        self.note(error.message)
        if isinstance(error, Refused) and error.note is not None:
            self._note_of_revocation(error.note)
        if isinstance(error, Refused) and error.contact:
            self.note(message("Contact: {address}", address=error.contact))
        if error.next_step:
            self.note(error.next_step)

    def _note_of_revocation(self, note: RevocationNote) -> None:
        if note.message:
            self.note(message("Message: {text}", text=note.message))
        if note.replaced and note.page:
            self.note(message("Another document replaces it: {title} {page}", title=note.title, page=note.page))
        elif note.replaced:
            self.note(message("Another document replaces it; ask the owner for it."))

    def confirm(self, question: str, *, remedy: str = _YES) -> None:
        """Ask, and go on only with a yes.  Raises Misused, also where there is nobody to ask."""
        if not sys.stdin.isatty():
            raise Misused(message("This needs a confirmation, and there is no terminal to ask at."), remedy=remedy)
        if not click.confirm(translate(question), err=True):
            raise Misused(message("Nothing was changed."), remedy=remedy)


def _choose_json(ctx: click.Context, _: click.Parameter, chosen: bool) -> None:
    """Let the program speak JSON if it was asked for here or before; all contexts share the one output."""
    output = ctx.ensure_object(Output)
    output.command = ctx.command_path.partition(" ")[2]
    output.as_json = output.as_json or chosen


JSON: Final = click.Option(
    ["--json", "as_json"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_choose_json,
    help="Print results and errors as JSON.",
)
"""Understood before the command and after it."""


def with_json(command: click.Command) -> click.Command:
    """Give a command, and those inside it, the option ``--json``."""
    if JSON not in command.params:
        command.params.append(JSON)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        with_json(inner)
    return command


def visible(json_text: str) -> str:
    """Return JSON in which no character is hidden: what a terminal would act on is written as JSON escapes it."""
    return HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], json_text)


def moment(seconds: int | None, zone: tzinfo) -> str:
    """Return a time for people in their time zone, or "never"."""
    return message("never") if seconds is None else datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%d %H:%M %Z")
