"""What operator commands share that do something dangerous: consequences first, then the name typed, or --yes."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError


def add_confirmation(parser: ArgumentParser) -> None:
    """Declare the options by which a command is confirmed beforehand; the reason is needed always."""
    parser.add_argument("--reason", required=True, help="why; recorded in both ledgers")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def confirm(command: BaseCommand, consequences: Iterable[str], *, name: str, options: dict[str, Any]) -> None:
    """Say what will happen and have the name typed.  Raises CommandError where nobody confirms."""
    for sentence in consequences:
        command.stderr.write(sentence)
    if not " ".join(str(options["reason"]).split()):
        raise CommandError("This needs a reason: --reason TEXT.")
    if options["yes"]:
        return
    if not sys.stdin.isatty():
        raise CommandError(
            "This needs a confirmation, and there is no terminal to ask at. To confirm beforehand: --yes."
        )
    command.stderr.write(f"Type {name} to confirm: ", ending="")
    if sys.stdin.readline().strip() != name:
        raise CommandError("The name does not match; nothing was changed.")
