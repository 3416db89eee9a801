"""``super-user``: who may ask for a grant that opens documents whatever their policies say, and these grants."""

from pathlib import Path
from typing import Any, Final

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.scopes import scope_members, scope_options
from chancery.cli.sealed_reports import keep_and_verify, members_of, read_report
from chancery.cli.tables import LIMIT, WIDE
from chancery.cli.under_grant import PATH, grant_named
from chancery.errors import NotFound
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

SETTINGS: Final = "/api/v1/super-users"
OPENED: Final = ("event", "act", "cid", "title", "owner", "at")
"""What a report says of each entry, beside its proof."""
GRANT: Final = click.argument("grant", metavar="GRANT")


@click.group("super-user")
def super_user() -> None:
    """Ask for, approve and end super-user grants; say who may ask.

    A grant opens documents whatever their policies say. Another person has to approve it, and all of it is recorded.
    """


@super_user.command("settings")
@in_organization
def show_settings(output: Output, place: Organization) -> None:
    """Show whether there are super users, and who may ask."""
    found = place.call("GET", SETTINGS)
    output.result(found, message("Super users are on.") if found["on"] else message("Super users are off."))
    names = ", ".join(one["address"] for one in found["people"])
    output.note(message("May ask: {names}", names=names or "–"))
    output.note(message("Group: {group}", group=found["group"] or "–"))
    output.note(message("Owners are told after {days} days.", days=found["notice_days"]))


@super_user.command("enable")
@asks
@in_organization
def enable(output: Output, place: Organization, reason: str, *, yes: bool) -> None:
    """Switch super users on: who is listed can ask for a grant."""
    carry_out(output, place, "PATCH", SETTINGS, {"on": True}, yes=yes, reason=reason)


@super_user.command("disable")
@asks
@in_organization
def disable(output: Output, place: Organization, reason: str, *, yes: bool) -> None:
    """Switch super users off and end every grant."""
    carry_out(output, place, "PATCH", SETTINGS, {"on": False}, yes=yes, reason=reason)


@super_user.command("group")
@click.argument("address", default="")
@click.option("--clear", is_flag=True, help="Let no group ask.")
@asks
@in_organization
def group(output: Output, place: Organization, address: str, reason: str, *, clear: bool, yes: bool) -> None:
    """Let the members of the group with this ADDRESS ask, or of none."""
    if bool(address) == clear:
        raise Misused(message("Name a group, or give --clear."), remedy=message("One of the two, not both."))
    carry_out(output, place, "PATCH", SETTINGS, {"group": address}, yes=yes, reason=reason)


@super_user.command("notice")
@click.argument("days", type=click.IntRange(0, 90))
@asks
@in_organization
def notice(output: Output, place: Organization, days: int, reason: str, *, yes: bool) -> None:
    """Tell owners this many DAYS after an opening."""
    carry_out(output, place, "PATCH", SETTINGS, {"notice_days": days}, yes=yes, reason=reason)


@super_user.command("add")
@click.argument("who", metavar="ADDRESS|CLIENT")
@asks
@in_organization
def add(output: Output, place: Organization, who: str, reason: str, *, yes: bool) -> None:
    """Let a person or an application ask for grants.

    A person is named by address, an application by its client id.
    """
    body = {"address" if "@" in who else "application": who}
    carry_out(output, place, "POST", f"{SETTINGS}/people", body, yes=yes, reason=reason)


@super_user.command("remove")
@click.argument("who", metavar="ADDRESS|NAME|ID")
@asks
@in_organization
def remove(output: Output, place: Organization, who: str, reason: str, *, yes: bool) -> None:
    """No longer let a person or an application ask; end their grants."""
    listed = place.call("GET", SETTINGS)["people"]
    found = next((one for one in listed if who.casefold() in {one["id"], one["address"].casefold()}), None)
    if found is None:
        raise NotFound(message("{name} is not listed.", name=who), remedy=message("See: chancery super-user settings"))
    carry_out(output, place, "DELETE", f"{SETTINGS}/people/{found['id']}", yes=yes, reason=reason)


@super_user.command("recovery-keys")
@click.argument("first", metavar="ADDRESS")
@click.argument("second", metavar="ADDRESS")
@asks
@in_organization
def recovery_keys(output: Output, place: Organization, first: str, second: str, reason: str, *, yes: bool) -> None:
    """Name the two keepers of the recovery keys.

    Where no independent administrator is left, they approve a grant together.
    """
    body = {"first": first, "second": second}
    carry_out(output, place, "POST", f"{SETTINGS}/recovery-keys", body, yes=yes, reason=reason)


@super_user.command("recovery-key")
@in_organization
def recovery_key(output: Output, place: Organization) -> None:
    """Show your recovery key, once."""
    made = place.call("POST", f"{SETTINGS}/recovery-keys/mine")
    changed(output, made)
    output.note(made["key"])


@super_user.command("present")
@GRANT
@click.option("--key", prompt=True, hide_input=True, help="Your recovery key; asked for if not given.")
@in_organization
def present_key(output: Output, place: Organization, grant: str, key: str) -> None:
    """Present your recovery key for a grant that waits."""
    changed(output, place.call("POST", f"{PATH}/{grant_named(place, grant)}/present", {"key": key}))


@super_user.command("ask")
@click.option("--hours", type=click.IntRange(1, 24), default=8, show_default=True, help="How long it lasts.")
@click.option("--case", default="", help="A case number; every opening names it.")
@click.option("--legal-ground", default="", help="Why owners may never be told what was opened.")
@scope_options
@asks
@in_organization
def ask_grant(output: Output, place: Organization, reason: str, *, yes: bool, **conditions: Any) -> None:
    """Ask for a grant for yourself; every option narrows it.

    It opens nothing until another administrator approves it.
    """
    own = {name: conditions[name] for name in ("hours", "case", "legal_ground")}
    carry_out(output, place, "POST", PATH, {**own, **scope_members(place, conditions)}, yes=yes, reason=reason)


@super_user.command("list")
@click.option(
    "--state",
    type=click.Choice(["waiting", "active", "declined", "withdrawn", "lapsed", "ended"]),
    help="Only in this state.",
)
@LIMIT
@WIDE
@in_organization
def list_grants(output: Output, place: Organization, state: str | None, limit: int | None) -> None:
    """List your grants; administrators and auditors see all."""
    found = place.each(PATH, state=state or "")
    columns = ["number", "state", "holder", "reason", "case", "approved_by", "ends", "id"]
    tables.show(output, found, columns, empty=message("Nobody asked for a super-user grant."), limit=limit)


@super_user.command("show")
@GRANT
@WIDE
@in_organization
def show_grant(output: Output, place: Organization, grant: str) -> None:
    """Show what was opened under a grant (number or id)."""
    found = place.call("GET", f"{PATH}/{grant_named(place, grant)}")
    output.note(
        message(
            "Grant {number} of {holder}: {state}. {reason}",
            number=found["number"],
            holder=found["holder"],
            state=found["state"],
            reason=found["reason"],
        )
    )
    members = {name: value for name, value in found.items() if name != "opened"}
    empty = message("Nothing was opened under it.")
    tables.show(output, found["opened"], ["at", "cid", "owner", "event"], empty=empty, beside={"grant": members})


@super_user.command("approve")
@GRANT
@asks
@in_organization
def approve_grant(output: Output, place: Organization, grant: str, reason: str, *, yes: bool) -> None:
    """Approve a grant that another person asked for."""
    carry_out(output, place, "POST", f"{PATH}/{grant_named(place, grant)}/approve", yes=yes, reason=reason)


@super_user.command("decline")
@GRANT
@asks
@in_organization
def decline_grant(output: Output, place: Organization, grant: str, reason: str, *, yes: bool) -> None:
    """Decline a grant that waits, or withdraw your own."""
    carry_out(output, place, "POST", f"{PATH}/{grant_named(place, grant)}/decline", yes=yes, reason=reason)


@super_user.command("end")
@GRANT
@asks
@in_organization
def end_grant(output: Output, place: Organization, grant: str, reason: str, *, yes: bool) -> None:
    """End an active grant before its time is over."""
    carry_out(output, place, "POST", f"{PATH}/{grant_named(place, grant)}/end", yes=yes, reason=reason)


@super_user.command("report")
@click.argument("grant", metavar="GRANT", default="")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.option(
    "--verify", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Verify this file."
)
@in_organization
def report(output: Output, place: Organization, grant: str, target: Path | None, file: Path | None) -> None:
    """Get the sealed report of a grant, or verify one.

    It says what was opened, by whom, why, and who approved it. Verifying proves that each entry is in the audit log.
    """
    if bool(grant) == bool(file):
        raise Misused(message("Name a grant, or give --verify FILE."), remedy=message("One of the two, not both."))
    found = read_report(file) if file is not None else place.call("GET", f"{PATH}/{grant_named(place, grant)}/report")
    verified = keep_and_verify(place, found, target)
    said = verified.report
    members = {
        "grant": str(said.grant),
        **members_of(verified),
        "opened": [{name: one[name] for name in OPENED} for one in verified.opened],
        "file": str(target or file or ""),
    }
    output.result(
        members,
        message(
            "Grant {number} of {holder}, approved by {approver}: {count} entries about documents, all of them in the"
            " audit log. Reason: {reason}",
            number=said.number,
            holder=said.holder,
            approver=said.approved_by,
            count=len(verified.opened),
            reason=said.reason,
        ),
    )
