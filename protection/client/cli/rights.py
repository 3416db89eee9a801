"""``rights``: what each right allows, and where it is enforced."""

import click

from protection.client.cli import tables
from protection.client.cli.output import Output
from protection.licensing.programs import MEANINGS, Program
from protection.licensing.rights import LEVELS, Right
from protection.licensing.words import right_in_words


@click.command()
@click.pass_obj
def rights(output: Output) -> None:
    """List the rights: what each allows and where it is enforced."""
    rows = [
        {
            "right": right.value,
            "name": right_in_words(right),
            "allows": MEANINGS[right].allows,
            "levels": ", ".join(name for name, members in LEVELS.items() if right in members),
            "here": MEANINGS[right].held[Program.COMMAND_LINE].value.replace("_", " "),
        }
        for right in Right
    ]
    tables.show(output, rows, ["right", "name", "allows", "levels", "here"], empty="")
