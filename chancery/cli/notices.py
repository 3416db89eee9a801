"""``notices``: mail about openings of one's documents."""

from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import changed
from chancery.cli.documents import Document
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import WIDE
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

AS_ALL = "as-all"
CHOICES = ["every", "first", "refusals", "daily", "none"]


@click.command()
@click.option(
    "--of",
    type=click.Choice([*CHOICES, AS_ALL]),
    help="Mail me every opening and refusal, the first opening by each person, refusals, one mail a day, or none.",
)
@click.option("--document", "cid", type=Document(), help="Only for this document; as-all gives up its own choice.")
@WIDE
@in_organization
def notices(output: Output, place: Organization, of: str | None, cid: UUID | None) -> None:
    """Show or choose what you are mailed about your documents."""
    if of is not None:
        if of == AS_ALL and cid is None:
            raise Misused(message("as-all is for one document."), remedy=message("Name it by --document."))
        body = {"of": "" if of == AS_ALL else of, "document": None if cid is None else str(cid)}
        changed(output, place.call("PUT", "/api/v1/notices", body))
        return
    if cid is not None:
        raise Misused(message("Nothing is chosen for the document."), remedy=message("Choose by --of."))
    found = place.call("GET", "/api/v1/notices")
    everything = {"title": message("All my documents"), "of": found["of"], "cid": ""}
    rows = [everything, *found["documents"]]
    tables.show(output, rows, ["title", "of", "cid"], empty="", beside={"of": found["of"]})
