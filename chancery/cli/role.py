"""``role``: who holds which role, giving and ending one, and what somebody may do."""

from datetime import UTC, datetime
from typing import Any, Final

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.expiry import parse_expiry
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.people import by_address
from chancery.cli.roles import Role, role_in_words
from chancery.cli.tables import LIMIT, WIDE
from chancery.errors import NotFound
from chancery.sdk.organization import Organization
from chancery.texts import joined, message

ROLES: Final = "/api/v1/roles"
ROLE: Final = click.argument("role", metavar="ROLE", type=Role())
WHOM: Final = click.argument("whom", metavar="ADDRESS|CLIENT")


@click.group("role")
def role() -> None:
    """Show, give and end roles; say what somebody may do.

    A person or group is named by address, an application by its client id. No role opens documents.
    """


@role.command("list")
@click.option("--role", "named", type=Role(), help="Only this role.")
@LIMIT
@WIDE
@in_organization
def list_roles(output: Output, place: Organization, named: str | None, limit: int | None) -> None:
    """List who was given which role."""
    found = place.each(ROLES, **({} if named is None else {"role": named}))
    columns = ["role", "whom", "for_group", "kind", "since", "until", "reason", "id"]
    tables.show(output, found, columns, empty=message("No matches."), limit=limit)


@role.command("give")
@ROLE
@WHOM
@click.option("--until", metavar="DATE|DAYS", help="When it ends, like 2027-01-31 or 30d.")
@click.option("--for-group", default="", metavar="ADDRESS", help="A connector protects for its members alone.")
@asks
@in_organization
def give(
    output: Output,
    place: Organization,
    role: str,
    whom: str,
    until: str | None,
    for_group: str,
    reason: str,
    *,
    yes: bool,
) -> None:
    """Give a ROLE to a person, a group or an application."""
    ends = parse_expiry(until, place.zone())
    when = None if ends is None else datetime.fromtimestamp(ends, UTC).isoformat()
    body = {"role": role, "whom": whom, "until": when, "for_group": for_group}
    carry_out(output, place, "POST", ROLES, body, yes=yes, reason=reason)


@role.command("end")
@ROLE
@WHOM
@asks
@in_organization
def end(output: Output, place: Organization, role: str, whom: str, reason: str, *, yes: bool) -> None:
    """End a ROLE that a person, a group or an application was given."""
    given = place.each(ROLES, role=role)
    found = next((one for one in given if one["whom"].casefold() == whom.strip().casefold()), None)
    if found is None:
        raise NotFound(
            message("{whom} was not given the role {role}.", whom=whom, role=role_in_words(role)),
            remedy=message("See: chancery role list"),
        )
    carry_out(output, place, "POST", f"{ROLES}/{found['id']}/end", yes=yes, reason=reason)


@role.command("rights")
@WHOM
@WIDE
@in_organization
def rights(output: Output, place: Organization, whom: str) -> None:
    """Show what a person or an application may do, and by what."""
    found = place.call("GET", f"/api/v1/people/{_person(place, whom)}/rights")
    rows = [
        {"permission": one["permission"], "meaning": one["meaning"], "by": _by(source), "until": source["until"]}
        for one in found["rights"]
        for source in one["sources"]
    ]
    columns = ["permission", "meaning", "by", "until"]
    none = message("They may do nothing here by a role.")
    tables.show(output, rows, columns, empty=none, beside={"roles": found["roles"]})
    output.note(found["note"])


def _person(place: Organization, whom: str) -> str:
    """Return the id of the person with an address, or as which an application acts.  Raises Misused and NotFound."""
    if "@" in whom:
        return str(by_address(place, "people", "email", whom)["id"])
    applications = place.each("/api/v1/applications")
    found = next((one["person"] for one in applications if one["client_id"] == whom), None)
    if found is None:
        raise NotFound(
            message("There is no application {whom}.", whom=whom), remedy=message("See: chancery application list")
        )
    return str(found)


def _by(source: dict[str, Any]) -> str:
    return joined([role_in_words(source["role"]), *source["groups"]], ", ")


@role.command("explain")
@WIDE
@in_organization
def explain(output: Output, place: Organization) -> None:
    """Say what each role permits, and who can be given it."""
    found = place.call("GET", f"{ROLES}/explained")["results"]
    columns = ["role", "meaning", "people", "applications", "permissions"]
    tables.show(output, found, columns, empty=message("No matches."), limit=None)
