"""``rights``: what each right allows, and where it is enforced."""

from typing import Final

import click

from chancery.cli import tables
from chancery.cli.output import Output
from chancery.cli.tables import WIDE
from chancery.policy.programs import MEANINGS, Hold, Program
from chancery.policy.rights import LEVELS, Right
from chancery.policy.words import right_in_words
from chancery.texts import message

_HELD: Final = {
    Hold.ENFORCED: message("enforced"),
    Hold.ADVISED: message("advised"),
    Hold.NOT_ENFORCED: message("not enforced"),
}


@click.command()
@WIDE
@click.pass_obj
def rights(output: Output) -> None:
    """List the rights: what each allows and where it is enforced."""
    rows = [
        {
            "right": right.value,
            "name": right_in_words(right),
            "allows": MEANINGS[right].allows,
            "levels": ", ".join(name for name, members in LEVELS.items() if right in members),
            "here": _HELD[MEANINGS[right].held[Program.COMMAND_LINE]],
        }
        for right in Right
    ]
    tables.show(output, rows, ["right", "name", "allows", "levels", "here"], empty="")
