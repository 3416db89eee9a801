"""``audit`` and ``verify-audit``: what happened, and the proof that nothing of it was changed or removed."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import click

from chancery.cli import tables
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE, sorts
from chancery.ledger.kinds import Kind
from chancery.sdk.errors import Misused
from chancery.sdk.home import Home
from chancery.sdk.ledger import verify_event, verify_ledger
from chancery.sdk.organization import Organization
from chancery.sealing.atomic import replacing
from chancery.sealing.streams import write_all
from chancery.spreadsheets import csv_line
from chancery.texts import joined, message

DAY: Final = click.DateTime(["%Y-%m-%d"])

COLUMNS: Final = (
    *(
        "at",
        "seq",
        "kind",
        "outcome",
        "who",
        "sentence",
        "reason",
        "cid",
        "title",
        "issuer",
        "owner",
        "template",
        "label",
    ),
    *("source", "ip", "device", "altered", "id"),
)
"""The columns of an export as CSV."""

DIRECTORY: Final = (
    "address",
    "block",
    "contact",
    "device",
    "directory_server",
    "domain",
    "enrollment_code",
    "group",
    "loss_code",
    "home",
    "installation",
    "organization",
    "person",
    "application",
    "provisioning",
    "role",
    "session",
    "sign_in_link",
    "sign_on",
)
"""What the events of the tenants package are about; the client is installed without that package."""


class KindOfEvent(click.ParamType[str]):
    """A kind, ``object.verb``, or an object with or without its full stop for all that happened to it."""

    name = "KIND"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the kind, or the object with its full stop, as the service filters."""
        named, _, verb = value.partition(".")
        verbs = {kind.partition(".")[2] for kind in Kind if kind.startswith(f"{named}.")}
        if named not in DIRECTORY and not verbs:
            objects = sorted({*DIRECTORY, *(kind.partition(".")[0] for kind in Kind)})
            raise Misused(
                message("No event is about {named!r}.", named=named),
                remedy=message("Name one of: {objects}.", objects=", ".join(objects)),
            )
        if verb and verbs and verb not in verbs:
            kinds = ", ".join(f"{named}.{one}" for one in sorted(verbs))
            raise Misused(
                message("There is no kind of event called {value!r}.", value=value),
                remedy=message("Name {named}, or one of: {kinds}.", named=named, kinds=kinds),
            )
        return f"{named}.{verb}"


@click.command()
@click.option(
    "--kind", type=KindOfEvent(), help="A kind such as key.rotated, or an object for all of it, such as content."
)
@click.option("--outcome", type=click.Choice(["done", "allowed", "refused", "failed"]), help="How it ended.")
@click.option("--who", metavar="ADDRESS", help="Only what this person did.")
@click.option("--since", type=DAY, help="From this day on, for example 2026-01-31.")
@click.option("--until", type=DAY, help="To this day, which is included.")
@sorts("at")
@LIMIT
@WIDE
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write all of it to this file.")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), help="Of the file; default: by its name.")
@in_organization
def audit(
    output: Output,
    place: Organization,
    kind: str | None,
    outcome: str | None,
    who: str | None,
    since: datetime | None,
    until: datetime | None,
    sort: str,
    limit: int | None,
    target: Path | None,
    form: str | None,
) -> None:
    """List what happened, newest first.

    A file in the format json has one event on each line, as the API answers it.
    """
    zone = place.zone()
    span = {"since": _midnight(since, zone), "before": _midnight(until, zone, days=1)}
    asked = {"kind": kind, "outcome": outcome, "who": who, "sort": sort, **span}
    wanted = {name: value for name, value in asked.items() if value}
    if target is not None:
        as_csv = form == "csv" or (form is None and target.suffix.lower() == ".csv")
        with replacing(target) as file:
            write_all(file, csv_line(COLUMNS).encode() if as_csv else b"")
            number = 0
            for event in islice(place.each("/api/v1/audit/events", **wanted), limit):
                write_all(file, csv_line(_row(event)).encode() if as_csv else _json(event))
                number += 1
        output.result(
            {"events": number, "file": str(target)},
            message("{number} events are in {file}.", number=number, file=target),
        )
        return
    found = place.each("/api/v1/audit/events", **wanted)
    columns, rest = ["at", "outcome", "sentence"], message("All of them: chancery audit --to FILE")
    tables.show(output, found, columns, empty=message("Nothing matches."), limit=limit, rest=rest)


def _midnight(day: datetime | None, zone: ZoneInfo, days: int = 0) -> str | None:
    """Return when a day of the person's zone, or one so many days after it, begins, as the API takes it."""
    return None if day is None else (day.replace(tzinfo=zone) + timedelta(days)).isoformat()


def _json(event: Mapping[str, Any]) -> bytes:
    return (json.dumps(event, ensure_ascii=False) + "\n").encode()


def _row(event: Mapping[str, Any]) -> list[object]:
    """Return the cells of an event in the order of ``COLUMNS``."""
    document, personal = event["document"] or {}, event["personal"]
    named = {name: (document.get(name) or {}).get("name", "") for name in ("template", "label")}
    known = {
        **event,
        **{name: document.get(name, "") for name in ("title", "issuer", "owner")},
        **named,
        "ip": personal.get("ip", ""),
        "device": personal.get("device_name", ""),
    }
    return [known[name] for name in COLUMNS]


@click.command("verify-audit")
@click.option("--event", type=click.UUID, help="Prove only that the event with this id is in the ledger.")
@in_organization
def verify_audit(output: Output, place: Organization, event: UUID | None) -> None:
    """Prove that nothing in the ledger was changed or removed.

    Fetches it whole, recomputes its tree and compares it with every checkpoint, kept ones included.

    Needs a role that may read the audit.  The log's key comes from the organization statement, not from the ledger.
    """
    if event is not None:
        proven = verify_event(place, event)
        line = message(
            "{kind} is entry {seq} of {size} in the ledger, as it was signed.",
            kind=proven.leaf.kind,
            seq=proven.seq + 1,
            size=proven.size,
        )
        output.result({"id": str(event), "epoch": proven.epoch, "seq": proven.seq, "size": proven.size}, line)
        return
    report = verify_ledger(Home.default(), place)
    line = message(
        "{entries} events, {checkpoints} checkpoints: nothing was changed or removed.",
        entries=report.entries,
        checkpoints=report.checkpoints,
    )
    if report.lost:
        lost = message("{number} more were lost with a restore that an operator confirmed.", number=report.lost)
        line = joined((line, lost), " ")
    members = {"entries": report.entries, "checkpoints": report.checkpoints, "lost": report.lost, "intact": True}
    output.result(members, line)
