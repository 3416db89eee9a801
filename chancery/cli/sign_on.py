"""``sign-on``: identity providers that sign an organization's people in."""

from typing import Any, Final
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.language import translate
from chancery.cli.organization import in_organization, require_changes
from chancery.cli.output import Output
from chancery.cli.tables import WIDE
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

CONNECTIONS: Final = "/api/v1/sign-on"
CONNECTION = click.argument("connection_id", metavar="ID", type=click.UUID)
PROTOCOLS: Final = ("oidc", "saml")
KEYS: Final = ("new", "use")
STATES: Final = ("off", "test", "on", "enforced")
MOST_TEXT: Final = 400_000
_PLAIN: Final = (
    *("name", "client_id", "metadata_url", "subject_claim", "address_claim", "name_claim", "groups_claim"),
    *("asks_for", "makes_accounts", "state", "key"),
)


@click.group("sign-on")
def sign_on() -> None:
    """Let people sign in by your identity provider."""


@sign_on.command("list")
@WIDE
@in_organization
def list_connections(output: Output, place: Organization) -> None:
    """List connections; never a secret."""
    columns = ["name", "protocol", "state", "domains", "issuer", "id"]
    found = place.call("GET", CONNECTIONS)["results"]
    tables.show(output, found, columns, empty=message("No identity provider signs anybody in."))


@sign_on.command("connect")
@click.option("--name", required=True, help="How people and the audit log see it.")
@click.option("--protocol", type=click.Choice(PROTOCOLS), default="oidc", help="What the provider speaks.")
@click.option("--client-id", default="", help="The id of the client at the provider; not with SAML.")
@click.option("--domain", "domains", multiple=True, help="A proven mail domain that it speaks for.")
@click.option("--metadata-url", default="", help="The issuer, or where SAML metadata lies.")
@click.option("--metadata", type=click.File(), help="A file with its configuration, where it cannot be asked.")
@asks
@in_organization
def connect(
    output: Output, place: Organization, domains: tuple[str, ...], metadata: Any, *, yes: bool, reason: str, **body: str
) -> None:
    """Connect an identity provider; it is off at first."""
    text = "" if metadata is None else metadata.read(MOST_TEXT)
    if bool(text) == bool(body["metadata_url"]):
        raise Misused(message("Where is the provider?"), remedy=message("Name --metadata-url or --metadata."))
    wanted = {**body, "domains": list(domains), "metadata": text}
    carry_out(output, place, "POST", CONNECTIONS, wanted, yes=yes, reason=reason)


@sign_on.command("show")
@CONNECTION
@in_organization
def show_connection(output: Output, place: Organization, connection_id: UUID) -> None:
    """Show a connection and what the provider needs to know."""
    found = place.call("GET", f"{CONNECTIONS}/{connection_id}")
    output.result(
        found,
        message("{name}: {state}, for {domains}.", **_said(found)),
        *(_saml(found) if found["protocol"] == "saml" else _oidc(found)),
        *(message("{value} puts people into {group}.", **one) for one in found["groups"]),
        *(
            message("Without it can sign in: {address}.", address=one["address"])
            for one in found["break_glass"]
            if one["counts"]
        ),
    )


@sign_on.command("change")
@CONNECTION
@click.option("--name", help="How people and the audit log see it.")
@click.option("--state", type=click.Choice(STATES), help="Whom it signs in.")
@click.option("--client-id", help="The id of the client at the provider.")
@click.option("--client-secret", is_flag=True, default=None, help="Ask for the secret of the client; it is not shown.")
@click.option("--domain", "domains", multiple=True, help="The mail domains that it speaks for; replaces all.")
@click.option("--metadata-url", help="Read the provider anew, at its issuer or its configuration.")
@click.option("--metadata", type=click.File(), help="Read the provider anew, from a file.")
@click.option("--subject-claim", help="SAML: what names a person for good; binds all accounts anew.")
@click.option("--address-claim", help="The claim that holds the mail address.")
@click.option("--name-claim", help="The claim that holds the name.")
@click.option("--groups-claim", help="The claim that holds groups; empty for none.")
@click.option("--group", "groups", multiple=True, metavar="VALUE=ADDRESS", help="Who is in a group; replaces all.")
@click.option("--no-groups", is_flag=True, default=None, help="Let it set who is in no group.")
@click.option(
    "--second-factor", "second_factors", multiple=True, help="A value of acr, amr or AuthnContext; replaces all."
)
@click.option("--asks-for", help="The acr_values or AuthnContext to ask with.")
@click.option("--key", type=click.Choice(KEYS), help="SAML: make a next key, or sign by it from now on.")
@click.option("--makes-accounts/--no-makes-accounts", default=None, help="Whether strangers get an account.")
@click.option("--break-glass", multiple=True, help="An administrator who can do without it; replaces all.")
@asks
@in_organization
def change_connection(
    output: Output, place: Organization, connection_id: UUID, *, yes: bool, reason: str, **given: Any
) -> None:
    """Change a connection; a sign-in with a second factor is needed."""
    require_changes(*given)
    body: dict[str, Any] = {name: given[name] for name in _PLAIN if given[name] is not None}
    for name in ("domains", "second_factors", "break_glass"):
        body |= {name: list(given[name])} if given[name] else {}
    if given["groups"] or given["no_groups"]:
        body["groups"] = [_group(one) for one in given["groups"]]
    if given["metadata"] is not None:
        body["metadata"] = given["metadata"].read(MOST_TEXT)
    if given["client_secret"]:
        body["client_secret"] = click.prompt(translate(message("Client secret")), hide_input=True, err=True)
    carry_out(output, place, "PATCH", f"{CONNECTIONS}/{connection_id}", body, yes=yes, reason=reason)


@sign_on.command("end")
@CONNECTION
@asks
@in_organization
def end(output: Output, place: Organization, connection_id: UUID, *, yes: bool, reason: str) -> None:
    """End a connection and all that it signed in."""
    carry_out(output, place, "POST", f"{CONNECTIONS}/{connection_id}/end", yes=yes, reason=reason)


@sign_on.command("unlink")
@CONNECTION
@click.argument("address")
@asks
@in_organization
def unlink(output: Output, place: Organization, connection_id: UUID, address: str, *, yes: bool, reason: str) -> None:
    """Bind a person's account anew at their next sign-in."""
    body = {"address": address}
    carry_out(output, place, "POST", f"{CONNECTIONS}/{connection_id}/unlink", body, yes=yes, reason=reason)


def _oidc(found: dict[str, Any]) -> tuple[str, ...]:
    return (
        message("Issuer: {issuer}, client {client_id}.", issuer=found["issuer"], client_id=found["client_id"]),
        message("Redirect address: {address}", address=found["redirect_address"]),
        message("Back-channel logout: {address}", address=found["logout_address"]),
    )


def _saml(found: dict[str, Any]) -> tuple[str, ...]:
    return (
        message("Issuer: {issuer}", issuer=found["issuer"]),
        message("Metadata and entity id: {address}", address=found["metadata_address"]),
        message("Assertion consumer: {address}", address=found["redirect_address"]),
        message("Logout: {address}", address=found["logout_address"]),
        *(message("The provider's certificate {fingerprint} ends at {ends}.", **one) for one in found["certificates"]),
        *(message("Key {use}: made at {created_at}.", **one) for one in found["keys"]),
    )


def _said(found: dict[str, Any]) -> dict[str, str]:
    return {"name": found["name"], "state": found["state"], "domains": ", ".join(found["domains"]) or "–"}


def _group(text: str) -> dict[str, str]:
    value, sign, address = text.rpartition("=")
    if not sign or not value.strip() or not address.strip():
        raise Misused(message("{text} names no group.", text=text), remedy=message("Write VALUE=ADDRESS."))
    return {"value": value.strip(), "group": address.strip()}
