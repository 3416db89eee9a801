"""``track``: who has access to a document, who opened it, from where; also as a file."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.documents import DOCUMENT, who_is
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.policy.words import rights_in_words
from chancery.sdk.organization import Organization
from chancery.sealing.atomic import replacing
from chancery.sealing.streams import write_all
from chancery.texts import message

_ACCESS: Final = {"yes": message("may open it"), "no": message("may not"), "unknown": message("when they open it")}


@click.command()
@DOCUMENT
@LIMIT
@WIDE
@click.option("--places", is_flag=True, help="Show from which networks and organizations it was opened.")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.option("--what", type=click.Choice(["recipients", "timeline"]), help="What the file holds.")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), help="Of the file; default: by its name.")
@in_organization
def track(
    output: Output,
    place: Organization,
    cid: UUID,
    limit: int | None,
    target: Path | None,
    what: str | None,
    form: str | None,
    *,
    places: bool,
) -> None:
    """Show who has access to a document, who opened it and who was refused."""
    if target is not None:
        _write(output, place, cid, target, what or "recipients", form)
        return
    if places:
        _places(output, place, cid)
        return
    recipients = list(place.each(f"/api/v1/documents/{cid}/recipients"))
    readings = place.call("GET", f"/api/v1/documents/{cid}/readings")["results"]
    if not output.as_json:
        rows = [
            {
                **one,
                "who": who_is(one["who"], place) or one["name"],
                "access": _ACCESS[one["access"]],
                "may": one["level"] or rights_in_words(one["rights"]),
                "why": one["message"],
            }
            for one in recipients
        ]
        columns = ["who", "access", "may", "since", "opened", "last_opened", "last_from", "refused", "why"]
        tables.show(output, rows, columns, empty="")
        output.result({}, "")
        if readings:
            columns = ["application", "reason", "approved_by", "for_person", "times", "last_at"]
            tables.show(output, readings, columns, empty="")
            output.result({}, "")
    events = map(_event, place.each(f"/api/v1/documents/{cid}/events"))
    columns, none = ["at", "outcome", "from", "sentence"], message("Nothing has happened to it yet.")
    tables.show(
        output, events, columns, empty=none, limit=limit, beside={"recipients": recipients, "readings": readings}
    )


def _write(output: Output, place: Organization, cid: UUID, target: Path, what: str, form: str | None) -> None:
    form = form or ("csv" if target.suffix.lower() == ".csv" else "json")
    made = place.call("GET", f"/api/v1/documents/{cid}/export?{urlencode({'what': what, 'as': form})}")
    with replacing(target) as file:
        write_all(file, made["text"].encode())
    output.result({"file": str(target)}, message("Written: {file}.", file=target))


def _places(output: Output, place: Organization, cid: UUID) -> None:
    found = place.call("GET", f"/api/v1/documents/{cid}/places")
    listed = [*found["organizations"], *found["networks"]]
    rows = [{**one, "where": one["name"] or message("not known")} for one in listed]
    none = message("It was not opened yet, or your organization does not show from where.")
    tables.show(output, rows, ["where", "people", "opened", "refused", "last"], empty=none, beside=found)


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": event["at"],
        "kind": event["kind"],
        "outcome": event["outcome"],
        "who": event["who"],
        "sentence": event["sentence"],
        "from": event["personal"].get("ip"),
        "reason": event["reason"],
        "rights": event["details"].get("rights"),
        "id": event["id"],
    }
