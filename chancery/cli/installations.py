"""``installation``: other installations at which an organization's members sign in."""

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk import installations
from chancery.sdk.organization import Organization
from chancery.texts import message

HOST = click.argument("host")


@click.group()
def installation() -> None:
    """See and limit where members sign in elsewhere."""


@installation.command("list")
@LIMIT
@WIDE
@in_organization
def list_installations(output: Output, place: Organization, limit: int | None) -> None:
    """List where members signed in, and where they may not."""
    columns = ["host", "people", "first_at", "last_at", "forbidden", "reason", "by"]
    found = installations.installations(place)
    tables.show(output, found, columns, empty=message("Nobody has signed in elsewhere."), limit=limit)


@installation.command("records")
@WIDE
@in_organization
def list_records(output: Output, place: Organization) -> None:
    """Print the DNS records by which partners find your people."""
    found = installations.home_records(place)
    tables.show(output, found, ["domain", "name", "text"], empty=message("No mail domain is proven."))


@installation.command("forbid")
@HOST
@asks
@in_organization
def forbid(output: Output, place: Organization, host: str, reason: str, *, yes: bool) -> None:
    """Let members sign in at HOST no more, nor at hosts below it."""
    carry_out(output, place, "POST", f"{installations.INSTALLATIONS}/forbid", {"host": host}, yes=yes, reason=reason)


@installation.command("allow")
@HOST
@asks
@in_organization
def allow(output: Output, place: Organization, host: str, reason: str, *, yes: bool) -> None:
    """Let members sign in at HOST again."""
    carry_out(output, place, "POST", f"{installations.INSTALLATIONS}/allow", {"host": host}, yes=yes, reason=reason)
