"""``shared``: what others shared with the person, in whatever organization it is protected."""

from collections.abc import Mapping
from typing import Any

import click

from chancery.cli import tables
from chancery.cli.output import Output
from chancery.cli.session import signed_in
from chancery.cli.tables import LIMIT, WIDE, sorts
from chancery.policy.words import rights_in_words
from chancery.texts import message


@click.command()
@click.option("--search", default="", help="In title and owner.")
@sorts("first_opened", "title", "owner")
@LIMIT
@WIDE
@click.pass_obj
def shared(output: Output, search: str, sort: str, limit: int | None) -> None:
    """List what others shared with you.

    Shows who did, what you may do with it, and until when. Only what you have opened is listed. To ask for more, use:
    chancery request FILE
    """
    none = message("Nothing yet: what you open that others protected for you is listed here.")
    with signed_in(output) as session:
        found = session.shared(search=search, sort=sort)
        rows = found if output.as_json else map(_row, found)
        columns = ["title", "owner", "organization", "may", "until", "last_opened", "cid"]
        tables.show(output, rows, columns, empty=message("Nothing matches.") if search else none, limit=limit)


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    may = one["level"] or rights_in_words(one["rights"]) if one["rights"] else one["message"]
    return {**one, "organization": one["organization"]["name"], "may": may}
