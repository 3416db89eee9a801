"""``review``: who may what is looked at again, and kept or removed."""

from pathlib import Path
from typing import Final
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk.organization import Organization
from chancery.sealing.atomic import replacing
from chancery.sealing.streams import write_all
from chancery.texts import message

REVIEWS: Final = "/api/v1/reviews"
KINDS: Final = ("roles", "super_users", "read_permissions", "applications", "guests", "groups")
REVIEW: Final = click.argument("review_id", metavar="REVIEW", type=click.UUID)
ITEM: Final = click.argument("item", metavar="ITEM", type=click.IntRange(min=1))


@click.group("review")
def review() -> None:
    """Review who may what: keep it or remove it."""


@review.command("list")
@LIMIT
@WIDE
@in_organization
def list_reviews(output: Output, place: Organization, limit: int | None) -> None:
    """List access reviews, the newest first."""
    columns = [
        "number",
        "name",
        "state",
        "due_at",
        "open",
        "items",
        "kept",
        "removed",
        "removes",
        "every_months",
        "next_at",
        "id",
    ]
    tables.show(output, place.each(REVIEWS), columns, empty=message("Nothing was reviewed."), limit=limit)


@review.command("start")
@click.argument("name")
@click.option("--of", "kinds", multiple=True, required=True, type=click.Choice(KINDS), help="What is reviewed.")
@click.option(
    "--group", "groups", multiple=True, metavar="ADDRESS", help="A group whose members are; with --of groups."
)
@click.option("--reviewer", "reviewers", multiple=True, metavar="ADDRESS", help="Who answers; else all administrators.")
@click.option("--days", type=click.IntRange(1, 365), default=14, show_default=True, help="Days until it is due.")
@click.option("--every-months", type=click.IntRange(1, 36), help="Begin the next one by itself after so many months.")
@click.option("--removes", is_flag=True, help="Take away on the due day what nobody keeps.")
@asks
@in_organization
def start(
    output: Output,
    place: Organization,
    name: str,
    kinds: tuple[str, ...],
    groups: tuple[str, ...],
    reviewers: tuple[str, ...],
    days: int,
    every_months: int | None,
    reason: str,
    *,
    removes: bool,
    yes: bool,
) -> None:
    """Start a review called NAME, of what there is now."""
    body = {
        "name": name,
        "kinds": list(kinds),
        "groups": list(groups),
        "reviewers": list(reviewers),
        "days": days,
        "every_months": every_months,
        "removes": removes,
    }
    carry_out(output, place, "POST", REVIEWS, body, yes=yes, reason=reason)


@review.command("show")
@REVIEW
@click.option("--open", "only_open", is_flag=True, help="Only what nobody has answered.")
@LIMIT
@WIDE
@in_organization
def show(output: Output, place: Organization, review_id: UUID, limit: int | None, *, only_open: bool) -> None:
    """Show the items of a review, and what became of them."""
    columns = ["id", "whom", "what", "since", "given_by", "last_used", "answer", "reason", "answered_by", "failure"]
    found = place.each(f"{REVIEWS}/{review_id}/items", **({"open": "true"} if only_open else {}))
    tables.show(output, found, columns, empty=message("There is nothing in it."), limit=limit)


@review.command("keep")
@REVIEW
@ITEM
@asks
@in_organization
def keep(output: Output, place: Organization, review_id: UUID, item: int, reason: str, *, yes: bool) -> None:
    """Keep what an item is about, with the reason."""
    carry_out(output, place, "POST", f"{REVIEWS}/{review_id}/items/{item}/keep", yes=yes, reason=reason)


@review.command("remove")
@REVIEW
@ITEM
@asks
@in_organization
def remove(output: Output, place: Organization, review_id: UUID, item: int, reason: str, *, yes: bool) -> None:
    """Remove what an item is about, at once."""
    carry_out(output, place, "POST", f"{REVIEWS}/{review_id}/items/{item}/remove", yes=yes, reason=reason)


@review.command("close")
@REVIEW
@asks
@in_organization
def close(output: Output, place: Organization, review_id: UUID, reason: str, *, yes: bool) -> None:
    """Close a review, and stop repeating it.

    What is open stays as it is. One that closed by itself on its day is closed again to stop repeating it.
    """
    carry_out(output, place, "POST", f"{REVIEWS}/{review_id}/close", yes=yes, reason=reason)


@review.command("export")
@REVIEW
@click.option("--as", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True, help="The form.")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), required=True, help="Where to write it.")
@in_organization
def export(output: Output, place: Organization, review_id: UUID, form: str, target: Path) -> None:
    """Export a review with its answers to a file."""
    found = place.call("GET", f"{REVIEWS}/{review_id}/file?as={form}")
    with replacing(target) as file:
        write_all(file, found["text"].encode())
    output.result({"file": str(target)}, message("Written to {file}.", file=str(target)))
