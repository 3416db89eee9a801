"""``provisioning``: identity providers that fill the directory by SCIM, and their tokens."""

from typing import Any, Final
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk.organization import Organization
from chancery.texts import message

CONNECTIONS: Final = "/api/v1/provisioning"
CONNECTION = click.argument("connection_id", metavar="ID", type=click.UUID)


@click.group()
def provisioning() -> None:
    """Connect identity providers that manage people and groups."""


@provisioning.command("list")
@WIDE
@in_organization
def list_connections(output: Output, place: Organization) -> None:
    """List connections; never a token."""
    columns = ["name", "may", "dry_run", "stopped_at", "ended", "last_used_at", "id"]
    found = place.call("GET", CONNECTIONS)["results"]
    tables.show(output, found, columns, empty=message("No identity provider is connected."))


@provisioning.command("connect")
@click.option("--name", required=True, help="How it appears in the audit log.")
@click.option(
    "--may",
    multiple=True,
    type=click.Choice(["people", "groups", "roles"]),
    default=("people", "groups"),
    show_default=True,
    help="What it manages; roles lets it disable people who hold a role.",
)
@click.option("--group-domain", default="", help="The mail domain in which its groups get addresses.")
@click.option("--dry-run", is_flag=True, help="Judge and list its requests, and change nothing.")
@in_organization
def connect(
    output: Output, place: Organization, name: str, may: tuple[str, ...], group_domain: str, *, dry_run: bool
) -> None:
    """Connect an identity provider; it then needs a token."""
    body = {"name": name, "may": list(may), "group_domain": group_domain, "dry_run": dry_run}
    made = place.call("POST", CONNECTIONS, body)
    changed(output, made)
    output.note(message("Make its token: chancery provisioning token {id}", id=made["id"]))


@provisioning.command("show")
@CONNECTION
@in_organization
def show_connection(output: Output, place: Organization, connection_id: UUID) -> None:
    """Show a connection and its tokens."""
    found = place.call("GET", f"{CONNECTIONS}/{connection_id}")
    output.result(
        found,
        message("{name}: may manage {may}.", name=found["name"], may=", ".join(found["may"])),
        *_state(found),
        *(_token(one) for one in found["tokens"] if one["valid"]),
    )


@provisioning.command("change")
@CONNECTION
@click.option("--dry-run/--no-dry-run", required=True, help="Whether its requests are only judged and listed.")
@in_organization
def change_connection(output: Output, place: Organization, connection_id: UUID, *, dry_run: bool) -> None:
    """Let a connection only try, or change people and groups."""
    changed(output, place.call("PATCH", f"{CONNECTIONS}/{connection_id}", {"dry_run": dry_run}))


@provisioning.command("token")
@CONNECTION
@click.option("--days", type=click.IntRange(1, 730), default=365, show_default=True, help="How long it is valid.")
@in_organization
def make_token(output: Output, place: Organization, connection_id: UUID, days: int) -> None:
    """Make a token for a connection; it is printed once."""
    made = place.call("POST", f"{CONNECTIONS}/{connection_id}/tokens", {"days": days})
    changed(output, made)
    if not output.as_json:
        output.result({}, message("Token: {token}", token=made["token"]))


@provisioning.command("revoke-token")
@CONNECTION
@click.argument("token_id", metavar="TOKEN", type=click.UUID)
@asks
@in_organization
def revoke_token(
    output: Output, place: Organization, connection_id: UUID, token_id: UUID, reason: str, *, yes: bool
) -> None:
    """Revoke a token of a connection at once."""
    path = f"{CONNECTIONS}/{connection_id}/tokens/{token_id}/revoke"
    carry_out(output, place, "POST", path, yes=yes, reason=reason)


@provisioning.command("resume")
@CONNECTION
@asks
@in_organization
def resume(output: Output, place: Organization, connection_id: UUID, reason: str, *, yes: bool) -> None:
    """Let a stopped connection go on."""
    carry_out(output, place, "POST", f"{CONNECTIONS}/{connection_id}/resume", yes=yes, reason=reason)


@provisioning.command("end")
@CONNECTION
@asks
@in_organization
def end(output: Output, place: Organization, connection_id: UUID, reason: str, *, yes: bool) -> None:
    """End a connection; people and groups stay as they are."""
    carry_out(output, place, "POST", f"{CONNECTIONS}/{connection_id}/end", yes=yes, reason=reason)


@provisioning.command("tried")
@CONNECTION
@LIMIT
@WIDE
@in_organization
def list_tried(output: Output, place: Organization, connection_id: UUID, limit: int | None) -> None:
    """List what a connection asked for during its dry run."""
    found = place.each(f"{CONNECTIONS}/{connection_id}/tried")
    columns = ["at", "method", "what", "status", "changes"]
    tables.show(output, found, columns, empty=message("It asked for nothing."), limit=limit)


@provisioning.command("removed")
@LIMIT
@WIDE
@in_organization
def list_removed(output: Output, place: Organization, limit: int | None) -> None:
    """List people whom identity providers deleted."""
    columns = ["address", "name", "removed_at", "id"]
    found = place.call("GET", f"{CONNECTIONS}/removed")["results"]
    tables.show(output, found, columns, empty=message("No one was removed by provisioning."), limit=limit)


def _state(found: dict[str, Any]) -> list[str]:
    if found["ended"]:
        return [message("It has ended.")]
    stopped = message("It is stopped. Let it go on: chancery provisioning resume {id}", id=found["id"])
    trying = message("It only tries. See what: chancery provisioning tried {id}", id=found["id"])
    return [*([stopped] if found["stopped_at"] else []), *([trying] if found["dry_run"] else [])]


def _token(one: dict[str, Any]) -> str:
    return message(
        "Token {hint}…, valid until {until}, id {id}.", hint=one["hint"], until=one["expires_at"], id=one["id"]
    )
