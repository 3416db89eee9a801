"""``names``: see who opened a document where the organization shows counts without names."""

from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.documents import DOCUMENT
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk.organization import Organization
from chancery.texts import message

PATH = "/api/v1/names"
REQUEST = click.argument("request_id", metavar="ID", type=click.UUID)


@click.group()
def names() -> None:
    """See who opened a document where only counts are shown."""


@names.command("ask")
@DOCUMENT
@asks
@in_organization
def ask_for_names(output: Output, place: Organization, cid: UUID, reason: str, *, yes: bool) -> None:
    """Ask to see who opened a document; an auditor decides."""
    carry_out(output, place, "POST", f"/api/v1/documents/{cid}/names", yes=yes, reason=reason)


@names.command("ask-all")
@asks
@in_organization
def ask_for_all_names(output: Output, place: Organization, reason: str, *, yes: bool) -> None:
    """Ask to show names on all documents again; an auditor decides."""
    carry_out(output, place, "POST", PATH, yes=yes, reason=reason)


@names.command("ask-group")
@click.argument("untracked_group", metavar="ADDRESS", default="")
@asks
@in_organization
def ask_for_group(output: Output, place: Organization, untracked_group: str, reason: str, *, yes: bool) -> None:
    """Ask to hide another group's members; an auditor decides.

    Without ADDRESS nobody is hidden from then on.
    """
    carry_out(output, place, "POST", f"{PATH}/group", {"untracked_group": untracked_group}, yes=yes, reason=reason)


@names.command("list")
@click.option("--state", type=click.Choice(["waiting", "approved", "declined"]), help="Only in this state.")
@LIMIT
@WIDE
@in_organization
def list_names_requests(output: Output, place: Organization, state: str | None, limit: int | None) -> None:
    """List your requests; auditors and administrators see all."""
    found = place.each(PATH, state=state or "")
    columns = [
        "asked_at",
        "state",
        "about",
        "title",
        "untracked_group",
        "asked_by",
        "reason",
        "answered_by",
        "until",
        "id",
    ]
    tables.show(output, found, columns, empty=message("Nobody asked for names."), limit=limit)


@names.command("approve")
@REQUEST
@asks
@in_organization
def approve_names(output: Output, place: Organization, request_id: UUID, reason: str, *, yes: bool) -> None:
    """Show names to the person who asked, as an auditor."""
    carry_out(output, place, "POST", f"{PATH}/{request_id}/approve", yes=yes, reason=reason)


@names.command("decline")
@REQUEST
@asks
@in_organization
def decline_names(output: Output, place: Organization, request_id: UUID, reason: str, *, yes: bool) -> None:
    """Decline a request, or withdraw your own."""
    carry_out(output, place, "POST", f"{PATH}/{request_id}/decline", yes=yes, reason=reason)
