"""``approvals``: what waits for your approval."""

from typing import Final

import click

from chancery.cli import tables
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk.organization import Organization
from chancery.texts import message

PATH: Final = "/api/v1/approvals"
COMMANDS: Final = {
    "super_user_grant": "super-user approve",
    "read_permission": "read-permission approve",
    "hand_over": "hand-over approve",
    "names": "names approve",
    "review": "review show",
}
"""By which command each kind is approved."""


@click.command()
@LIMIT
@WIDE
@in_organization
def approvals(output: Output, place: Organization, limit: int | None) -> None:
    """List what waits for your approval, of all kinds."""
    found = ({**one, "command": f"chancery {COMMANDS[one['kind']]} {one['id']}"} for one in place.each(PATH))
    columns = ["asked_at", "what", "asked_by", "reason", "command"]
    tables.show(output, found, columns, empty=message("Nothing waits for your approval."), limit=limit)
