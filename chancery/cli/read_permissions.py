"""``read-permission``: what applications may read beyond what they were granted."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.scopes import scope_members, scope_options
from chancery.cli.sealed_reports import keep_and_verify, members_of, read_report
from chancery.cli.tables import LIMIT, WIDE
from chancery.policy.programs import Program, enforced_by
from chancery.policy.rights import in_order
from chancery.sdk.application import PERMISSIONS, permission_named
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

PERMISSION: Final = click.argument("permission", metavar="PERMISSION")
READ: Final = ("event", "act", "cid", "title", "for_person", "times", "at")
"""What a report says of each entry, beside its proof."""


@click.group("read-permission")
def read_permission() -> None:
    """Ask for, approve and withdraw what applications may read.

    One administrator asks and another one approves. It gives reading and nothing else, and ends by itself.
    """


@read_permission.command("ask")
@click.argument("application", metavar="CLIENT")
@click.option(
    "--kind",
    type=click.Choice(["all", "for_user"]),
    required=True,
    help="Everything in scope, or for people what they may read themselves.",
)
@click.option("--person", "people", multiple=True, metavar="ADDRESS", help="Only for this member; may be repeated.")
@click.option("--people-group", default="", metavar="ADDRESS", help="Only for members of this group.")
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True, help="How long it lasts.")
@click.option("--case", default="", help="A case number; every event names it.")
@scope_options
@asks
@in_organization
def ask_permission(
    output: Output, place: Organization, application: str, reason: str, *, yes: bool, **conditions: Any
) -> None:
    """Ask that the application with this CLIENT id may read.

    Every option narrows it. Nothing is read until another administrator approves it. To renew one, ask again.
    """
    own = {name: conditions[name] for name in ("kind", "people_group", "days", "case")}
    body = {"application": application, "people": list(conditions["people"]), **own}
    members = {**body, **scope_members(place, conditions)}
    carry_out(output, place, "POST", PERMISSIONS, members, yes=yes, reason=reason)


@read_permission.command("list")
@click.option(
    "--state",
    type=click.Choice(["waiting", "active", "declined", "withdrawn", "lapsed", "ended"]),
    help="Only in this state.",
)
@LIMIT
@WIDE
@in_organization
def list_permissions(output: Output, place: Organization, state: str | None, limit: int | None) -> None:
    """List read permissions; an application sees its own."""
    found = place.each(PERMISSIONS, state=state or "")
    columns = ["number", "state", "application", "kind", "reason", "approved_by", "ends", "used_at", "id"]
    tables.show(output, found, columns, empty=message("No application has a read permission."), limit=limit)


@read_permission.command("show")
@PERMISSION
@WIDE
@in_organization
def show_permission(output: Output, place: Organization, permission: str) -> None:
    """Show what was read by a permission (number or id)."""
    found = place.call("GET", f"{PERMISSIONS}/{permission_named(place, permission)}?limit=200")
    output.note(
        message(
            "Read permission {number} of {application}: {state}. {reason}",
            number=found["number"],
            application=found["application"],
            state=found["state"],
            reason=found["reason"],
        )
    )
    members = {name: value for name, value in found.items() if name not in {"read", "next"}}
    columns = ["cid", "for_person", "times", "first_at", "last_at"]
    empty = message("Nothing was read by it.")
    tables.show(output, found["read"], columns, empty=empty, beside={"permission": members})


@read_permission.command("approve")
@PERMISSION
@asks
@in_organization
def approve_permission(output: Output, place: Organization, permission: str, reason: str, *, yes: bool) -> None:
    """Approve a permission that another person asked for."""
    _act(output, place, permission, "approve", reason, yes=yes)


@read_permission.command("decline")
@PERMISSION
@asks
@in_organization
def decline_permission(output: Output, place: Organization, permission: str, reason: str, *, yes: bool) -> None:
    """Decline a permission that waits."""
    _act(output, place, permission, "decline", reason, yes=yes)


@read_permission.command("withdraw")
@PERMISSION
@asks
@in_organization
def withdraw_permission(output: Output, place: Organization, permission: str, reason: str, *, yes: bool) -> None:
    """Withdraw a permission at once."""
    _act(output, place, permission, "withdraw", reason, yes=yes)


@read_permission.command("readable")
@PERMISSION
@click.argument("documents", metavar="DOCUMENT...", type=click.UUID, nargs=-1, required=True)
@click.option("--for-person", required=True, metavar="ADDRESS|ID", help="Who is to read.")
@WIDE
@in_organization
def readable(
    output: Output, place: Organization, permission: str, documents: tuple[UUID, ...], for_person: str
) -> None:
    """As an application, ask what a person may read now.

    Nothing is opened by asking. Documents are named by their ids.
    """
    enforces = in_order(enforced_by(Program.COMMAND_LINE))
    body = {"for_person": for_person, "documents": [str(cid) for cid in documents], "enforces": enforces}
    found = place.call("POST", f"{PERMISSIONS}/{permission_named(place, permission)}/readable", body)
    rows = [{"cid": cid} for cid in found["documents"]]
    tables.show(output, rows, ["cid"], empty=message("They may read none of these now."))


@read_permission.command("report")
@click.argument("permission", metavar="PERMISSION", default="")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.option(
    "--verify", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Verify this file."
)
@in_organization
def report(output: Output, place: Organization, permission: str, target: Path | None, file: Path | None) -> None:
    """Get the sealed report of a permission, or verify one.

    It says what was read, for whom, why, and who approved it. Verifying proves that each entry is in the audit log.
    """
    if bool(permission) == bool(file):
        raise Misused(
            message("Name a read permission, or give --verify FILE."), remedy=message("One of the two, not both.")
        )
    path = f"{PERMISSIONS}/{permission_named(place, permission)}/report" if permission else ""
    found = read_report(file) if file is not None else place.call("GET", path)
    verified = keep_and_verify(place, found, target)
    said = verified.report
    members = {
        "permission": str(said.grant),
        **members_of(verified),
        "read": [{name: one[name] for name in READ} for one in verified.opened],
        "file": str(target or file or ""),
    }
    output.result(
        members,
        message(
            "Read permission {number} of {holder}, approved by {approver}: {count} entries about documents, all of them"
            " in the audit log. Reason: {reason}",
            number=said.number,
            holder=said.holder,
            approver=said.approved_by,
            count=len(verified.opened),
            reason=said.reason,
        ),
    )


def _act(output: Output, place: Organization, permission: str, act: str, reason: str, *, yes: bool) -> None:
    path = f"{PERMISSIONS}/{permission_named(place, permission)}/{act}"
    carry_out(output, place, "POST", path, yes=yes, reason=reason)
