"""How the command line speaks: plain sentences for people, one JSON object for programs, exit codes for both.

0 done · 1 refused by policy · 2 usage · 3 file invalid or tampered · 4 service unreachable · 5 other
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

import click

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

    def __init__(self, *, as_json: bool = False) -> None:
        """Speak JSON or sentences."""
        self.as_json = as_json

    def result(self, members: Mapping[str, Any], *lines: str) -> None:
        """Print one result."""
        if self.as_json:
            click.echo(json.dumps(members, default=str, ensure_ascii=False))
            return
        for line in lines:
            click.echo(line)

    def note(self, line: str) -> None:
        """Say something that is not the result."""
        click.echo(line, err=True)

    def error(self, error: ChanceryError, **where: str) -> None:
        """Print an error with its next step; ``where`` tells programs what it is about."""
        members: dict[str, Any] = {"error": error.code, "message": error.message, "next_step": error.next_step, **where}
        if isinstance(error, Refused):
            members |= {"reason": error.reason, "contact": error.contact, "event": error.event}
        if self.as_json:
            self.result(members)
            return
        self.note(error.message)
        if isinstance(error, Refused) and error.contact:
            self.note(f"Contact: {error.contact}")
        self.note(error.next_step)

    def confirm(self, question: str, *, remedy: str = "To do it without being asked, add --yes.") -> None:
        """Ask, and go on only with a yes.  Raises Misused, also where there is nobody to ask."""
        if not sys.stdin.isatty():
            raise Misused("This has to be confirmed, and there is nobody to ask.", remedy=remedy)
        if not click.confirm(question, err=True):
            raise Misused("Nothing was changed.", remedy=remedy)


def moment(seconds: int | None, zone: tzinfo) -> str:
    """Return a time for people in their time zone, or "never"."""
    return "never" if seconds is None else datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%d %H:%M %Z")
