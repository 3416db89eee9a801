"""``ldap``: directory servers from which people and groups come, and the runs that read them."""

from typing import Any, Final
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.language import translate
from chancery.cli.organization import in_organization, require_changes
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import Text, message

SERVERS: Final = "/api/v1/directory-servers"
SERVER = click.argument("server_id", metavar="ID", type=click.UUID)
RUN = click.argument("run_id", metavar="RUN", type=click.UUID)
KINDS: Final = ("active_directory", "openldap")
SECURITIES: Final = ("ldaps", "starttls")
OUTCOMES: Final = ("add", "change", "disable", "remove", "set_aside")
MOST_TEXT: Final = 20_000
_PLAIN: Final = (
    *("host", "port", "security", "bind_name", "people_base", "people_filter", "groups_base", "groups_filter"),
    *("every_minutes", "most_percent"),
)


def _settings(function: Any) -> Any:
    """Add the options that a new server and a change share."""
    options = (
        click.option("--port", type=click.IntRange(1, 65_535), help="636 for ldaps and 389 for StartTLS, usually."),
        click.option("--security", type=click.Choice(SECURITIES), help="How the connection is encrypted."),
        click.option("--authority", type=click.File(), help="A file with the authority's certificate, as PEM."),
        click.option("--password", is_flag=True, default=None, help="Ask for the account's password; it is not shown."),
        click.option("--people-filter", help="Which entries are people, as in RFC 4515."),
        click.option("--groups-base", help="Below which entry groups are; empty for no groups."),
        click.option("--groups-filter", help="Which entries are groups, as in RFC 4515."),
        click.option("--attribute", "attributes", multiple=True, metavar="NAME=ATTRIBUTE", help="What holds what."),
        click.option("--every-minutes", type=click.IntRange(0, 1440), help="How often changes are read; 0 for never."),
        click.option("--most-percent", type=click.IntRange(1, 100), help="What share a run takes away unasked."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group()
def ldap() -> None:
    """Let people and groups come from a directory server."""


@ldap.command("list")
@WIDE
@in_organization
def list_servers(output: Output, place: Organization) -> None:
    """List directory servers; never a password."""
    columns = ["name", "kind", "host", "changed_until", "failures", "ended", "id"]
    found = place.call("GET", SERVERS)["results"]
    tables.show(output, found, columns, empty=message("No directory server is connected."))


@ldap.command("connect")
@click.option("--name", required=True, help="How it appears in the audit log.")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="Which attributes and filters are usual.")
@click.option("--host", required=True, help="The name of the server, as in its certificate.")
@click.option("--bind-name", required=True, help="The account that reads: its distinguished name.")
@click.option("--people-base", required=True, help="Below which entry people are.")
@click.option("--group-domain", help="The mail domain of groups that have no address.")
@click.option("--roles", is_flag=True, help="Let it disable people who hold a role, too.")
@_settings
@in_organization
def connect(output: Output, place: Organization, *, roles: bool, **given: Any) -> None:
    """Connect a directory server; nothing is read at first."""
    body = {**_body(given), "name": given["name"], "kind": given["kind"], "roles": roles}
    if given["group_domain"]:
        body["group_domain"] = given["group_domain"]
    made = place.call("POST", SERVERS, body)
    changed(output, made)
    output.note(message("Look whom it would bring: chancery ldap test {id}", id=made["id"]))


@ldap.command("show")
@SERVER
@in_organization
def show_server(output: Output, place: Organization, server_id: UUID) -> None:
    """Show a directory server and how up to date it is."""
    found = place.call("GET", f"{SERVERS}/{server_id}")
    output.result(
        found,
        message("{name}: {host} at port {port}, {security}.", **{one: found[one] for one in _SHOWN}),
        message("People: {base} {filter}", base=found["people_base"], filter=found["people_filter"]),
        *(
            [message("Groups: {base} {filter}", base=found["groups_base"], filter=found["groups_filter"])]
            if found["groups_base"]
            else []
        ),
        *_state(found),
    )


@ldap.command("change")
@SERVER
@click.option("--host", help="The name of the server, as in its certificate.")
@click.option("--bind-name", help="The account that reads: its distinguished name.")
@click.option("--people-base", help="Below which entry people are.")
@_settings
@in_organization
def change_server(output: Output, place: Organization, server_id: UUID, **given: Any) -> None:
    """Change a directory server; all administrators are mailed."""
    require_changes(*given)
    body = _body(given)
    if "attributes" in body:
        known = place.call("GET", f"{SERVERS}/{server_id}")["attributes"]
        body["attributes"] = {**known, **body["attributes"]}
    changed(output, place.call("PATCH", f"{SERVERS}/{server_id}", body))


@ldap.command("test")
@SERVER
@WIDE
@in_organization
def test_server(output: Output, place: Organization, server_id: UUID) -> None:
    """Show the first people as they would come; change nothing."""
    found = place.call("POST", f"{SERVERS}/{server_id}/test")
    columns = ["address", "name", "active", "aliases"]
    tables.show(output, found["people"], columns, empty=message("The server answers, and finds nobody."))


@ldap.command("run")
@SERVER
@click.option("--changes", is_flag=True, help="Read only what has changed since the last run.")
@in_organization
def run(output: Output, place: Organization, server_id: UUID, *, changes: bool) -> None:
    """Read a directory server now."""
    changed(output, place.call("POST", f"{SERVERS}/{server_id}/runs", {"mode": "changes" if changes else "complete"}))


@ldap.command("try")
@SERVER
@in_organization
def try_run(output: Output, place: Organization, server_id: UUID) -> None:
    """Read a directory server and change nothing."""
    changed(output, place.call("POST", f"{SERVERS}/{server_id}/runs", {"mode": "try"}))


@ldap.command("runs")
@SERVER
@LIMIT
@WIDE
@in_organization
def list_runs(output: Output, place: Organization, server_id: UUID, limit: int | None) -> None:
    """List the latest runs of a directory server."""
    found = place.call("GET", f"{SERVERS}/{server_id}/runs")["results"]
    columns = ["asked_at", "mode", "state", "ended_at", "failure", "id"]
    tables.show(output, found, columns, empty=message("It was never read."), limit=limit)


@ldap.command("found")
@SERVER
@RUN
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only those that came to this.")
@LIMIT
@WIDE
@in_organization
def list_found(
    output: Output, place: Organization, server_id: UUID, run_id: UUID, outcome: str | None, limit: int | None
) -> None:
    """List what a run changes, takes away or sets aside."""
    query = f"?outcome={outcome}" if outcome else ""
    found = place.each(f"{SERVERS}/{server_id}/runs/{run_id}/found{query}")
    columns = ["kind", "what", "outcome", "changes", "reason"]
    tables.show(output, found, columns, empty=message("Nothing differs."), limit=limit)


@ldap.command("let-through")
@SERVER
@RUN
@asks
@in_organization
def let_through(output: Output, place: Organization, server_id: UUID, run_id: UUID, *, yes: bool, reason: str) -> None:
    """Let a stopped run take away so many."""
    path = f"{SERVERS}/{server_id}/runs/{run_id}/let-through"
    carry_out(output, place, "POST", path, yes=yes, reason=reason)


@ldap.command("give-up")
@SERVER
@RUN
@in_organization
def give_up(output: Output, place: Organization, server_id: UUID, run_id: UUID) -> None:
    """Give up a run; what it has changed stays."""
    changed(output, place.call("POST", f"{SERVERS}/{server_id}/runs/{run_id}/give-up"))


@ldap.command("end")
@SERVER
@asks
@in_organization
def end(output: Output, place: Organization, server_id: UUID, *, yes: bool, reason: str) -> None:
    """End a directory server; people and groups stay."""
    carry_out(output, place, "POST", f"{SERVERS}/{server_id}/end", yes=yes, reason=reason)


_SHOWN: Final = ("name", "host", "port", "security")


def _body(given: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {name: given[name] for name in _PLAIN if given.get(name) is not None}
    if given.get("authority") is not None:
        body["authority"] = given["authority"].read(MOST_TEXT)
    if given.get("attributes"):
        body["attributes"] = dict(_attribute(one) for one in given["attributes"])
    if given.get("password"):
        body["password"] = click.prompt(translate(message("Password of the account")), hide_input=True, err=True)
    return body


def _attribute(text: str) -> tuple[str, str]:
    name, sign, attribute = text.partition("=")
    if not sign or not name.strip():
        raise Misused(message("{text} sets no attribute.", text=text), remedy=message("Write NAME=ATTRIBUTE."))
    return name.strip(), attribute.strip()


def _state(found: dict[str, Any]) -> list[Text]:
    if found["ended"]:
        return [message("It has ended.")]
    lines = []
    if not found["has_password"]:
        lines.append(message("The account has no password yet: chancery ldap change {id} --password", id=found["id"]))
    if found["locked_out"]:
        lines.append(message("The server refuses the password. Nothing runs by itself until it is given again."))
    if found["changed_until"]:
        lines.append(message("It is up to date until {moment}.", moment=found["changed_until"]))
    return lines
