"""``suggest``: whom a name, address or domain may mean as a recipient."""

from urllib.parse import urlencode

import click

from chancery.cli import tables
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import WIDE
from chancery.sdk.organization import Organization
from chancery.texts import message


@click.command()
@click.argument("text")
@WIDE
@in_organization
def suggest(output: Output, place: Organization, text: str) -> None:
    """Find whom TEXT may mean: a person, a group or a domain."""
    found = place.call("GET", f"/api/v1/recipients/suggestions?{urlencode({'text': text})}")["results"]
    tables.show(output, found, ["who", "name", "meaning"], empty=message("No matches."))
