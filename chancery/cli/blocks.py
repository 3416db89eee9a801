"""``block``: whom the organization keeps out, whatever they are granted."""

from pathlib import Path
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.expiry import parse_expiry
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk import blocks
from chancery.sdk.organization import Organization
from chancery.texts import message


@click.group()
def block() -> None:
    """Keep people, mail domains and organizations out."""


@block.command("add")
@click.argument("who", nargs=-1)
@click.option(
    "--file",
    "names",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Also those named in this file, one a line; # begins a comment.",
)
@click.option("--subdomains", is_flag=True, help="All domains below the named ones, too.")
@click.option("--until", metavar="DAY", help="When it ends by itself, like 30d or 2027-01-31.")
@asks
@in_organization
def add_block(
    output: Output,
    place: Organization,
    who: tuple[str, ...],
    names: Path | None,
    reason: str,
    *,
    subdomains: bool,
    until: str | None,
    yes: bool,
) -> None:
    """Block WHO: addresses, mail domains, or organization:DOMAIN.

    A block beats every grant, also of owners and super users. Who is blocked reads what strangers read.
    """
    lines = [] if names is None else names.read_text(encoding="utf-8").splitlines()
    body = {
        "who": [*who, *lines],
        "subdomains": subdomains,
        "until": None if until is None else parse_expiry(until, place.zone()),
    }
    carry_out(output, place, "POST", blocks.BLOCKS, body, yes=yes, reason=reason)


@block.command("list")
@click.option("--search", default="", help="Only names that hold this.")
@LIMIT
@WIDE
@in_organization
def list_blocks(output: Output, place: Organization, search: str, limit: int | None) -> None:
    """List whom the organization blocks."""
    columns = ["value", "kind", "subdomains", "reason", "until", "over", "made_at", "made_by", "id"]
    found = blocks.blocks(place, search=search)
    tables.show(output, found, columns, empty=message("Nobody is blocked."), limit=limit)


@block.command("remove")
@click.argument("block_id", metavar="ID", type=click.UUID)
@asks
@in_organization
def remove_block(output: Output, place: Organization, block_id: UUID, reason: str, *, yes: bool) -> None:
    """Let somebody in again."""
    carry_out(output, place, "DELETE", f"{blocks.BLOCKS}/{block_id}", yes=yes, reason=reason)
