"""``revoke``, ``restore``, ``scheduled``, ``successor``: access taken back, given back, and led on."""

from typing import Any, Final
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.documents import DOCUMENTS, Document
from chancery.cli.expiry import parse_expiry
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

CHOSEN: Final = "/api/v1/documents/chosen"
SCHEDULED: Final = "/api/v1/scheduled-revocations"
RECIPIENT: Final = click.option(
    "--recipient", default="", metavar="WHO", help="Only this person, group, domain:… or organization:…."
)


@click.command()
@DOCUMENTS
@RECIPIENT
@click.option("--at", metavar="WHEN", help="When access ends: a date, a date with time, or days like 30d; else now.")
@click.option("--message", "text", default="", help="What refused people read; named ones get it by mail, too.")
@click.option("--successor", type=Document(), help="The document that replaces it; refused people are led there.")
@click.option("--issuer-too", is_flag=True, help="Shut out who protected it, too (administrators).")
@asks
@in_organization
def revoke(
    output: Output,
    place: Organization,
    cids: tuple[UUID, ...],
    recipient: str,
    at: str | None,
    text: str,
    successor: UUID | None,
    reason: str,
    *,
    issuer_too: bool,
    yes: bool,
) -> None:
    """Take access back, from everybody or one recipient, now or then."""
    more = {
        "at": parse_expiry(at, place.zone()) if at else None,
        "message": text,
        "successor": None if successor is None else str(successor),
        "issuer_too": issuer_too,
    }
    more = {name: value for name, value in more.items() if value}
    if len(cids) > 1 and not (recipient or more):
        carry_out(output, place, "POST", CHOSEN, _chosen("revoke", cids), yes=yes, reason=reason)
        return
    for cid in cids:
        if recipient and not yes:
            output.confirm(message("Take access to document {cid} from {recipient}?", cid=cid, recipient=recipient))
        path, body = f"/api/v1/documents/{cid}/revoke", {"recipient": recipient, **more}
        carry_out(output, place, "POST", path, body, yes=yes, reason=reason, cid=str(cid))


@click.command()
@DOCUMENTS
@RECIPIENT
@in_organization
def restore(output: Output, place: Organization, cids: tuple[UUID, ...], recipient: str) -> None:
    """Give back what a revocation took away."""
    if len(cids) > 1 and not recipient:
        changed(output, place.call("POST", CHOSEN, _chosen("restore", cids)))
        return
    for cid in cids:
        changed(output, place.call("POST", f"/api/v1/documents/{cid}/restore", {"recipient": recipient}), cid=str(cid))


def _chosen(act: str, cids: tuple[UUID, ...]) -> dict[str, Any]:
    """Return what is sent about several documents: they are asked about once, and each is answered."""
    return {"act": act, "documents": [str(cid) for cid in cids]}


@click.command()
@click.argument("cid", metavar="FILE|ID", type=Document())
@click.option("--by", type=Document(), metavar="FILE|ID", help="The document that replaces it.")
@click.option("--none", "no_more", is_flag=True, help="No document replaces it any more.")
@in_organization
def successor(output: Output, place: Organization, cid: UUID, by: UUID | None, *, no_more: bool) -> None:
    """Name the document to which refused people are led."""
    if (by is None) != no_more:
        raise Misused(message("Name the document that replaces it, or none."), remedy=message("Use --by, or --none."))
    body = {"successor": None if by is None else str(by)}
    changed(output, place.call("PUT", f"/api/v1/documents/{cid}/successor", body), cid=str(cid))


@click.group("scheduled")
def scheduled() -> None:
    """List and cancel revocations that were set for a moment."""


@scheduled.command("list")
@click.option("--all", "everybody", is_flag=True, help="Of everybody's documents, if your role allows it.")
@LIMIT
@WIDE
@in_organization
def list_scheduled(output: Output, place: Organization, limit: int | None, *, everybody: bool) -> None:
    """List scheduled revocations, the soonest first."""
    found = place.each(SCHEDULED, scope="all" if everybody else "mine")
    columns = ["at", "title", "recipient", "owner", "set_by", "message", "id"]
    tables.show(output, found, columns, empty=message("Nothing is scheduled."), limit=limit)


@scheduled.command("cancel")
@click.argument("scheduled_id", metavar="ID", type=click.UUID)
@in_organization
def cancel_scheduled(output: Output, place: Organization, scheduled_id: UUID) -> None:
    """Cancel a scheduled revocation."""
    changed(output, place.call("DELETE", f"{SCHEDULED}/{scheduled_id}"))
