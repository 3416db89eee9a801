"""``everywhere``: one person, group or domain replaced, added or removed across many documents."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.expiry import parse_beginning, parse_end
from chancery.cli.labels import existing_label
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.policy import read_grants
from chancery.cli.tables import LIMIT, WIDE
from chancery.cli.template_choice import chosen
from chancery.policy.policy import PrincipalKind
from chancery.policy.rights import in_order
from chancery.sdk.organization import Organization
from chancery.texts import message

PATH: Final = "/api/v1/everywhere-changes"
CHANGE: Final = click.argument("change_id", metavar="CHANGE", type=click.UUID)
_FILTERS: Final = (
    click.option("--all", "everybody", is_flag=True, help="In everybody's documents (administrators; remove only)."),
    click.option("--owner", default="", metavar="ADDRESS|ID", help="Only in documents that this person owns."),
    click.option("--template", default="", help="Only those by this template (name or id)."),
    click.option("--label", default="", help="Only those under this label (name or id)."),
    click.option("--protected-from", metavar="DAY", help="Only those protected on this day or later."),
    click.option("--protected-until", metavar="DAY", help="Only those protected until then, this day included."),
)


def filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which documents are meant."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def _meant(
    place: Organization,
    everybody: bool,  # an option of the command
    owner: str,
    template: str,
    label: str,
    protected_from: str | None,
    protected_until: str | None,
) -> dict[str, Any]:
    zone = place.zone()
    body: dict[str, Any] = {"scope": "all" if everybody else "mine", "owner": owner}
    if template:
        body["template"] = chosen(place, template)["id"]
    if label:
        body["label"] = existing_label(place, label)["id"]
    if protected_from:
        body["protected_from"] = datetime.fromtimestamp(parse_beginning(protected_from, zone), UTC).isoformat()
    if protected_until:
        body["protected_until"] = datetime.fromtimestamp(parse_end(protected_until, zone), UTC).isoformat()
    return body


@click.group("everywhere")
def everywhere() -> None:
    """Change one person, group or domain across documents."""


@everywhere.command("replace")
@click.argument("who")
@click.argument("to")
@filters
@asks
@in_organization
def replace(output: Output, place: Organization, who: str, to: str, reason: str, *, yes: bool, **meant: Any) -> None:
    """Let TO have what WHO has, in all your documents that match."""
    body = {"act": "replace", "who": who, "to": to, **_meant(place, **meant)}
    carry_out(output, place, "POST", PATH, body, yes=yes, reason=reason)


@everywhere.command("add")
@click.argument("grant", metavar="WHO:RIGHTS")
@filters
@asks
@in_organization
def add(output: Output, place: Organization, grant: str, reason: str, *, yes: bool, **meant: Any) -> None:
    """Give rights in all your documents that match."""
    (given,) = read_grants([grant], place.zone())
    who = given.who.value if given.who.kind is PrincipalKind.ADDRESS else str(given.who)
    body = {"act": "add", "to": who, "rights": in_order(given.rights), "until": given.until, **_meant(place, **meant)}
    carry_out(output, place, "POST", PATH, body, yes=yes, reason=reason)


@everywhere.command("remove")
@click.argument("who")
@filters
@asks
@in_organization
def remove(output: Output, place: Organization, who: str, reason: str, *, yes: bool, **meant: Any) -> None:
    """Take WHO out of all documents that match."""
    body = {"act": "remove", "who": who, **_meant(place, **meant)}
    carry_out(output, place, "POST", PATH, body, yes=yes, reason=reason)


@everywhere.command("list")
@LIMIT
@WIDE
@in_organization
def list_changes(output: Output, place: Organization, limit: int | None) -> None:
    """List such changes, the newest first."""
    columns = ["asked_at", "state", "act", "who", "to", "changed", "done", "total", "asked_by", "id"]
    tables.show(output, place.each(PATH), columns, empty=message("Nothing was changed everywhere."), limit=limit)


@everywhere.command("show")
@CHANGE
@WIDE
@in_organization
def show(output: Output, place: Organization, change_id: UUID) -> None:
    """Show how far a change is, and which documents it left."""
    found = place.call("GET", f"{PATH}/{change_id}")
    if output.as_json:
        output.result(found)
        return
    output.result({}, message("{done} of {total} documents done, {changed} changed.", **_numbers(found)))
    tables.show(
        output, found["skipped"], ["title", "message", "document"], empty=message("No document was left as it was.")
    )


def _numbers(found: dict[str, Any]) -> dict[str, str]:
    return {name: str(found[name]) for name in ("done", "total", "changed")}


@everywhere.command("undo")
@CHANGE
@asks
@in_organization
def undo(output: Output, place: Organization, change_id: UUID, reason: str, *, yes: bool) -> None:
    """Undo a change as one."""
    carry_out(output, place, "POST", f"{PATH}/{change_id}/undo", yes=yes, reason=reason)
