"""``contact``: people outside whom members find when they choose recipients."""

import click

from chancery.cli import tables
from chancery.cli.confirming import changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.policy.policy import Principal
from chancery.sdk import contacts
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message


@click.group()
def contact() -> None:
    """List and keep people outside, by name and address."""


@contact.command("list")
@click.option("--search", default="", help="Only names and addresses that hold this.")
@LIMIT
@WIDE
@in_organization
def list_contacts(output: Output, place: Organization, search: str, limit: int | None) -> None:
    """List contacts."""
    found = contacts.contacts(place, search=search)
    tables.show(output, found, ["address", "name", "id"], empty=message("There are no contacts yet."), limit=limit)


@contact.command("add")
@click.argument("address")
@click.option("--name", default="", help="As members read it; without one it is the address.")
@in_organization
def add_contact(output: Output, place: Organization, address: str, name: str) -> None:
    """Keep somebody outside; a known ADDRESS gets the new name."""
    changed(output, contacts.keep_contacts(place, {address: name}))


@contact.command("remove")
@click.argument("address")
@in_organization
def remove_contact(output: Output, place: Organization, address: str) -> None:
    """Take an ADDRESS out; what was granted to it stays."""
    normal = Principal.of_address(address).value
    match = next((one for one in contacts.contacts(place, search=address) if one["address"] == normal), None)
    if match is None:
        raise Misused(
            message("{address} is no contact here.", address=address), remedy=message("See: chancery contact list")
        )
    changed(output, contacts.remove_contact(place, match["id"]))
