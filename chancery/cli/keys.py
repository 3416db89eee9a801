"""``key``: the organization's keys."""

from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import WIDE
from chancery.sdk.organization import Organization
from chancery.texts import message

KEY = click.argument("key_id", metavar="ID", type=click.UUID)
SUITE = click.option("--suite", type=click.Choice(["hybrid", "p256"]), help="Its algorithms; default: the service's.")


@click.group("key")
def key() -> None:
    """List, create and activate keys, or mark one as compromised."""


@key.command("list")
@WIDE
@in_organization
def list_(output: Output, place: Organization) -> None:
    """List all keys; never a secret half."""
    found = place.call("GET", "/api/v1/keys")["results"]
    tables.show(
        output, found, ["id", "kid", "status", "suite", "documents", "created_at"], empty=message("There are no keys.")
    )


@key.command()
@SUITE
@in_organization
def create(output: Output, place: Organization, suite: str | None) -> None:
    """Create a key that is archived until you activate it."""
    made = place.call("POST", "/api/v1/keys", {"suite": suite} if suite else {})
    changed(output, made)
    output.note(message("To protect with it from now on: chancery key activate {id}", id=made["id"]))


@key.command()
@SUITE
@asks
@in_organization
def rotate(output: Output, place: Organization, suite: str | None, reason: str, *, yes: bool) -> None:
    """Make a new key and protect with it from now on; old documents still open."""
    carry_out(output, place, "POST", "/api/v1/keys/rotate", {"suite": suite} if suite else {}, yes=yes, reason=reason)


@key.command()
@KEY
@asks
@in_organization
def activate(output: Output, place: Organization, key_id: UUID, reason: str, *, yes: bool) -> None:
    """Protect with this key from now on."""
    carry_out(output, place, "POST", f"/api/v1/keys/{key_id}/activate", yes=yes, reason=reason, id=str(key_id))


@key.command()
@KEY
@asks
@in_organization
def compromise(output: Output, place: Organization, key_id: UUID, reason: str, *, yes: bool) -> None:
    """Mark a key as compromised, for good.

    Nothing under it can be opened from then on.
    """
    carry_out(output, place, "POST", f"/api/v1/keys/{key_id}/compromise", yes=yes, reason=reason, id=str(key_id))
