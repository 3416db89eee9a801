"""``application``: programs that act as themselves, and what they sign in with."""

from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import WIDE, sorts
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

CLIENT = click.argument("client_id", metavar="CLIENT")
CREDENTIAL: Final = click.argument("credential_id", metavar="CREDENTIAL", type=click.UUID)
NAME: Final = click.option("--name", required=True, help="Where it is used, for example.")
DAYS: Final = click.option(
    "--days", type=click.IntRange(1, 730), default=180, show_default=True, help="How long it is valid."
)


@click.group("application")
def application() -> None:
    """Create applications, and give and end what they sign in with."""


@application.command("list")
@sorts("name", "created_at", "used_at")
@WIDE
@in_organization
def list_applications(output: Output, place: Organization, sort: str) -> None:
    """List applications; never a secret."""
    found = place.call("GET", f"/api/v1/applications?sort={sort}")["results"]
    tables.show(
        output,
        found,
        ["name", "client_id", "roles", "disabled", "last_used_at"],
        empty=message("There are no applications yet."),
    )


@application.command("create")
@click.option("--name", required=True, help="As others read it.")
@click.option("--role", "roles", multiple=True, help="What it may do beside what people may.")
@in_organization
def create_application(output: Output, place: Organization, name: str, roles: tuple[str, ...]) -> None:
    """Create an application; its secret is printed once."""
    made = place.call("POST", "/api/v1/applications", {"name": name, "roles": list(roles)})
    changed(output, made)
    if not output.as_json:
        output.result({}, message("Id: {id}", id=made["client_id"]), message("Secret: {secret}", secret=made["secret"]))


@application.command("disable")
@CLIENT
@asks
@in_organization
def disable_application(output: Output, place: Organization, client_id: str, reason: str, *, yes: bool) -> None:
    """Disable an application: its tokens and devices end."""
    carry_out(
        output,
        place,
        "POST",
        f"/api/v1/applications/{quote(client_id, safe='')}/disable",
        yes=yes,
        reason=reason,
        client_id=client_id,
    )


@application.command("code")
@CLIENT
@in_organization
def application_code(output: Output, place: Organization, client_id: str) -> None:
    """Make a one-time enrollment code for a device of an application."""
    made = place.call("POST", f"/api/v1/applications/{quote(client_id, safe='')}/code")
    output.result(made, message("Enroll the device with: chancery login --code {code}", code=made["code"]))


@application.command("credentials")
@CLIENT
@WIDE
@in_organization
def list_credentials(output: Output, place: Organization, client_id: str) -> None:
    """List the secrets and keys of an application."""
    found = place.call("GET", f"{_path(client_id)}/credentials")["results"]
    columns = ["name", "kind", "valid", "made_by", "last_used_at", "expires_at", "id"]
    tables.show(output, found, columns, empty=message("It has no secret and no key."))


@application.command("add-secret")
@CLIENT
@NAME
@DAYS
@in_organization
def add_secret(output: Output, place: Organization, client_id: str, name: str, days: int) -> None:
    """Make one more secret; it is printed once."""
    made = place.call("POST", f"{_path(client_id)}/credentials", {"name": name, "days": days})
    changed(output, made)
    if not output.as_json:
        output.result({}, message("Secret: {secret}", secret=made["secret"]))


@application.command("add-key")
@CLIENT
@NAME
@DAYS
@click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="The public key: PEM, JWK or JWK set."
)
@click.option("--url", default="", help="The address of its JWK set, in place of a file.")
@in_organization
def add_key(
    output: Output, place: Organization, client_id: str, name: str, days: int, file: Path | None, url: str
) -> None:
    """Let an application sign in by a key of its own."""
    if (file is None) == (not url):
        raise Misused(message("Name the public key."), remedy=message("Give --file or --url: one of the two."))
    keys = "" if file is None else file.read_text(encoding="utf-8", errors="replace")
    body = {"name": name, "days": days, "keys": keys, "keys_url": url}
    changed(output, place.call("POST", f"{_path(client_id)}/keys", body))


@application.command("end-credential")
@CLIENT
@CREDENTIAL
@asks
@in_organization
def end_credential(
    output: Output, place: Organization, client_id: str, credential_id: UUID, reason: str, *, yes: bool
) -> None:
    """End a secret or key of an application at once."""
    path = f"{_path(client_id)}/credentials/{credential_id}/end"
    carry_out(output, place, "POST", path, yes=yes, reason=reason)


def _path(client_id: str) -> str:
    return f"/api/v1/applications/{quote(client_id, safe='')}"
