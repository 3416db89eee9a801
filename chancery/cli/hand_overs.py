"""``hand-over``: documents get another owner."""

from typing import Any, Final
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.documents import DOCUMENTS
from chancery.cli.labels import existing_label
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.cli.template_choice import chosen
from chancery.sdk.organization import Organization
from chancery.texts import message

PATH: Final = "/api/v1/hand-overs"
TO: Final = click.option("--to", required=True, metavar="ADDRESS", help="The member who is to own them.")
HAND_OVER: Final = click.argument("hand_over_id", metavar="HAND-OVER", type=click.UUID)


@click.group("hand-over")
def hand_over() -> None:
    """Give documents another owner, who decides about them from then on."""


@hand_over.command("documents")
@DOCUMENTS
@TO
@asks
@in_organization
def hand_over_documents(
    output: Output, place: Organization, cids: tuple[UUID, ...], to: str, reason: str, *, yes: bool
) -> None:
    """Hand these documents over.

    Documents of others need the role of an administrator and the approval of another one.
    """
    body = {"to": to, "documents": [str(cid) for cid in cids]}
    carry_out(output, place, "POST", PATH, body, yes=yes, reason=reason)


@hand_over.command("all")
@TO
@click.option("--owner", default="", metavar="ADDRESS|ID", help="Whose documents, if not yours; also who has left.")
@click.option("--template", default="", help="Only those by this template (name or id).")
@click.option("--label", default="", help="Only those under this label (name or id).")
@asks
@in_organization
def hand_over_all(
    output: Output, place: Organization, to: str, owner: str, template: str, label: str, reason: str, *, yes: bool
) -> None:
    """Hand all documents of a person over, yours or those of a person who left.

    Those of others need the role of an administrator and the approval of another one.
    """
    body: dict[str, Any] = {"to": to, "owner": owner}
    if template:
        body["template"] = chosen(place, template)["id"]
    if label:
        body["label"] = existing_label(place, label)["id"]
    carry_out(output, place, "POST", PATH, body, yes=yes, reason=reason)


@hand_over.command("list")
@click.option(
    "--state", type=click.Choice(["waiting", "running", "done", "declined", "failed"]), help="Only in this state."
)
@LIMIT
@WIDE
@in_organization
def list_hand_overs(output: Output, place: Organization, state: str | None, limit: int | None) -> None:
    """List hand-overs from and to you; administrators see all."""
    found = place.each(PATH, state=state or "")
    columns = ["asked_at", "state", "owner", "to", "done", "documents", "asked_by", "answered_by", "id"]
    tables.show(output, found, columns, empty=message("Nothing was handed over."), limit=limit)


@hand_over.command("approve")
@HAND_OVER
@asks
@in_organization
def approve_hand_over(output: Output, place: Organization, hand_over_id: UUID, reason: str, *, yes: bool) -> None:
    """Approve a hand-over that another administrator asked for."""
    carry_out(output, place, "POST", f"{PATH}/{hand_over_id}/approve", yes=yes, reason=reason)


@hand_over.command("decline")
@HAND_OVER
@asks
@in_organization
def decline_hand_over(output: Output, place: Organization, hand_over_id: UUID, reason: str, *, yes: bool) -> None:
    """Decline a hand-over that waits; nothing about the documents changes."""
    carry_out(output, place, "POST", f"{PATH}/{hand_over_id}/decline", yes=yes, reason=reason)
