"""``decoy`` and ``alarm``: documents that nobody has a reason to open, and who did."""

from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.documents import DOCUMENT, Document
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk import decoys
from chancery.sdk.organization import Organization
from chancery.texts import message

NOTE = click.option("--note", default="", help="Kept beside it.")


@click.group()
def decoy() -> None:
    """Be alarmed when a document is opened that nobody should open."""


@decoy.command("mark")
@DOCUMENT
@NOTE
@in_organization
def mark_decoy(output: Output, place: Organization, cid: UUID, note: str) -> None:
    """Mark a document as a decoy.

    Whoever opens it or tries to raises an alarm. Recipients cannot see the mark.
    """
    changed(output, decoys.mark_decoy(place, cid, note=note))


@decoy.command("unmark")
@DOCUMENT
@asks
@in_organization
def unmark_decoy(output: Output, place: Organization, cid: UUID, reason: str, *, yes: bool) -> None:
    """Remove the mark; openings raise no alarm from then on."""
    carry_out(output, place, "DELETE", f"/api/v1/documents/{cid}/decoy", yes=yes, reason=reason)


@decoy.command("list")
@LIMIT
@WIDE
@in_organization
def list_decoys(output: Output, place: Organization, limit: int | None) -> None:
    """List your decoys; auditors and administrators see all."""
    columns = ["title", "owner", "note", "marked_by", "marked_at", "cid"]
    tables.show(output, decoys.decoys(place), columns, empty=message("No document is a decoy."), limit=limit)


@click.group()
def alarm() -> None:
    """See who opened a decoy, and acknowledge it."""


@alarm.command("list")
@click.option("--state", type=click.Choice(["open", "acknowledged"]), help="Only in this state.")
@click.option("--document", type=Document(), help="Only of this one.")
@LIMIT
@WIDE
@in_organization
def list_alarms(
    output: Output, place: Organization, state: str | None, document: UUID | None, limit: int | None
) -> None:
    """List alarms of your decoys; auditors and administrators see all."""
    found = decoys.alarms(place, state=state or "", document=document)
    columns = ["first_at", "state", "title", "what", "opened", "refused", "other", "acknowledged_by", "note", "id"]
    tables.show(output, found, columns, empty=message("There are no alarms."), limit=limit)


@alarm.command("acknowledge")
@click.argument("alarm_id", metavar="ID", type=click.UUID)
@NOTE
@in_organization
def acknowledge_alarm(output: Output, place: Organization, alarm_id: UUID, note: str) -> None:
    """Acknowledge an alarm; what happens later raises a new one."""
    changed(output, decoys.acknowledge_alarm(place, alarm_id, note=note))
