"""``person`` and ``group``: who belongs to the organization."""

from collections.abc import Iterator
from typing import Any

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.previews import DAYS, PREVIEW, ask
from chancery.cli.roles import Role
from chancery.cli.tables import LIMIT, WIDE, sorts
from chancery.policy.policy import Principal
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

ADDRESS = click.argument("address")
ADDRESSES = click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
CHOSEN = "/api/v1/people/chosen"


@click.group("person")
def person() -> None:
    """List, create, disable, enable and remove people, change their roles."""


@person.command("list")
@click.option("--search", default="", help="In address and name.")
@sorts("email", "name", "since")
@LIMIT
@WIDE
@in_organization
def list_people(output: Output, place: Organization, search: str, sort: str, limit: int | None) -> None:
    """List people."""
    found = place.each("/api/v1/people", search=search, sort=sort)
    columns = ["email", "name", "roles", "guest", "disabled", "invited", "id"]
    tables.show(output, found, columns, empty=message("No matches."), limit=limit)


@person.command("departed")
@LIMIT
@WIDE
@in_organization
def list_departed(output: Output, place: Organization, limit: int | None) -> None:
    """List people who left or are disabled and still own documents, for: chancery hand-over all."""
    none = message("Everybody who owns documents is still here.")
    tables.show(
        output,
        place.call("GET", "/api/v1/people/departed")["results"],
        ["address", "documents", "id"],
        empty=none,
        limit=limit,
    )


@person.command("offboarding")
@ADDRESS
@in_organization
def show_offboarding(output: Output, place: Organization, address: str) -> None:
    """Show what is left to do when the person with this ADDRESS leaves."""
    (person_id,) = _ids(place, (address,))
    found = place.call("GET", f"/api/v1/people/{person_id}/offboarding")
    output.result({**found, "id": person_id}, *_left_to_do(found, address))


def _left_to_do(found: dict[str, Any], address: str) -> Iterator[str]:
    if found["disabled"]:
        yield message("Done: they are disabled.")
    else:
        yield message("To do: chancery person change {address} --disable", address=address)
    if found["documents"]:
        yield message("To do: chancery hand-over all --owner {address} --to …", address=address)
        yield message(
            "Documents: {documents}; requests that wait for an answer: {requests}; hand-overs under way: {under_way}.",
            documents=found["documents"],
            requests=found["requests"],
            under_way=len(found["hand_overs"]),
        )
    else:
        yield message("Done: they own no documents.")
    sessions = "–" if found["sessions"] is None else found["sessions"]
    yield message("Devices in use: {devices}; browsers: {sessions}.", devices=found["devices"], sessions=sessions)
    if found["groups"]:
        yield message("Groups that lose them: {groups}.", groups=", ".join(found["groups"]))


@person.command("create")
@ADDRESS
@click.option("--name", default="", help="As others read it.")
@click.option("--role", type=Role(), default="user", show_default=True, help="See: chancery role explain.")
@click.option("--guest", is_flag=True, help="Not included in “everybody”.")
@asks
@in_organization
def create_person(
    output: Output,
    place: Organization,
    address: str,
    name: str,
    role: str,
    reason: str,
    *,
    guest: bool,
    yes: bool,
) -> None:
    """Create the person with this ADDRESS. They are invited by mail and sign in with a mailed code."""
    body = {"email": address, "name": name, "role": role, "guest": guest}
    carry_out(output, place, "POST", "/api/v1/people", body, yes=yes, reason=reason)


@person.command("invite")
@ADDRESSES
@in_organization
def invite_person(output: Output, place: Organization, addresses: tuple[str, ...]) -> None:
    """Mail the person with this ADDRESS the invitation again."""
    ids = _ids(place, addresses)
    if len(ids) > 1:
        changed(output, place.call("POST", CHOSEN, {"act": "invite", "people": ids}))
        return
    changed(output, place.call("POST", f"/api/v1/people/{ids[0]}/invitation"))


@person.command("change")
@ADDRESSES
@click.option("--role", type=Role(), help="See: chancery role explain.")
@click.option("--disable/--enable", "disabled", default=None, help="Refuse or allow everything from now on.")
@asks
@PREVIEW
@DAYS
@in_organization
def change_person(
    output: Output,
    place: Organization,
    addresses: tuple[str, ...],
    role: str | None,
    disabled: bool | None,
    reason: str,
    days: int,
    *,
    yes: bool,
    preview: bool,
) -> None:
    """Change the role of a person, disable or enable them.

    Several people are disabled or enabled together.
    """
    ids = _ids(place, addresses)
    if len(ids) > 1:
        if preview or role is not None or disabled is None:
            raise Misused(
                message("Several people can only be disabled or enabled together."),
                remedy=message("Name one person, or use --disable or --enable alone."),
            )
        several = {"act": "disable" if disabled else "enable", "people": ids}
        carry_out(output, place, "POST", CHOSEN, several, yes=yes, reason=reason)
        return
    wanted = {"role": role, "disabled": disabled, "reason": reason or None}
    body = {name: value for name, value in wanted.items() if value is not None}
    if preview:
        ask(output, place, "person", ids[0], body, days=days)
        return
    carry_out(output, place, "PATCH", f"/api/v1/people/{ids[0]}", body, yes=yes, reason=reason)


@person.command("remove")
@ADDRESS
@asks
@in_organization
def remove_person(output: Output, place: Organization, address: str, reason: str, *, yes: bool) -> None:
    """Remove the person with this ADDRESS, who left. The address is free for a successor, who inherits nothing."""
    found = by_address(place, "people", "email", address)
    carry_out(output, place, "POST", f"/api/v1/people/{found['id']}/removal", yes=yes, reason=reason)


@click.group("group")
def group() -> None:
    """List, create, change and delete groups."""


@group.command("list")
@sorts("address", "name")
@LIMIT
@WIDE
@in_organization
def list_groups(output: Output, place: Organization, sort: str, limit: int | None) -> None:
    """List groups."""
    found, columns = place.each("/api/v1/groups", sort=sort), ["address", "name", "members", "id"]
    tables.show(output, found, columns, empty=message("There are no groups yet."), limit=limit)


@group.command("create")
@ADDRESS
@click.option("--name", required=True, help="As others read it.")
@click.option("--description", default="", help="What it is for.")
@click.option("--member", "members", multiple=True, metavar="ADDRESS", help="A member from the start.")
@in_organization
def create_group(
    output: Output, place: Organization, address: str, name: str, description: str, members: tuple[str, ...]
) -> None:
    """Create a group with an ADDRESS in one of your proven mail domains."""
    body = {"address": address, "name": name, "description": description, "members": list(members)}
    changed(output, place.call("POST", "/api/v1/groups", body))


@group.command("change")
@ADDRESS
@click.option("--add", multiple=True, metavar="ADDRESS", help="Add a member.")
@click.option("--remove", multiple=True, metavar="ADDRESS", help="Remove a member.")
@click.option("--name", help="Another name.")
@click.option("--description", help="What it is for.")
@click.option(
    "--archive/--unarchive",
    "archived",
    default=None,
    help="Archive it, so that it no longer gives access, or bring it back.",
)
@asks
@PREVIEW
@DAYS
@in_organization
def change_group(
    output: Output,
    place: Organization,
    address: str,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    name: str | None,
    description: str | None,
    archived: bool | None,
    reason: str,
    days: int,
    *,
    yes: bool,
    preview: bool,
) -> None:
    """Add or remove members, rename a group, archive it or bring it back."""
    found = by_address(place, "groups", "address", address)
    members = {"add": list(add), "remove": list(remove)}
    if preview:
        ask(output, place, "group", found["id"], members, days=days)
        return
    named = {"name": name, "description": description, "archived": archived}
    body = {**members, **{member: value for member, value in named.items() if value is not None}}
    carry_out(output, place, "PATCH", f"/api/v1/groups/{found['id']}", body, yes=yes, reason=reason)


@group.command("delete")
@ADDRESS
@asks
@in_organization
def delete_group(output: Output, place: Organization, address: str, reason: str, *, yes: bool) -> None:
    """Delete the group with this ADDRESS for good. While a policy denies something to it, it can only be archived."""
    found = by_address(place, "groups", "address", address)
    carry_out(
        output, place, "DELETE", f"/api/v1/groups/{found['id']}", yes=yes, reason=reason, address=found["address"]
    )


def _ids(place: Organization, addresses: tuple[str, ...]) -> list[str]:
    """Return the ids of the people with these addresses.  Raises Misused."""
    return [str(by_address(place, "people", "email", address)["id"]) for address in addresses]


def by_address(place: Organization, of: str, member: str, address: str) -> dict[str, Any]:
    """Return the person or group with this address.  Raises Misused."""
    found = place.each(f"/api/v1/{of}", search=address)
    normal = Principal.of_address(address).value
    match = next((one for one in found if normal in {one[member], *_proven(one)}), None)
    if match is None:
        raise Misused(
            message("{address} is not among the people here.", address=address)
            if of == "people"
            else message("{address} is not among the groups here.", address=address),
            remedy=message("See: chancery {noun} list", noun=_NOUNS[of]),
        )
    return dict(match)


def _proven(one: dict[str, Any]) -> list[str]:
    return [address["address"] for address in one.get("addresses", ()) if address["proven"]]


_NOUNS = {"people": "person", "groups": "group"}
