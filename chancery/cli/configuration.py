"""``configuration``: all settings of the organization in one view, and as a file."""

import json
from pathlib import Path

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import WIDE
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

FILE = "/api/v1/configuration/file"


@click.group()
def configuration() -> None:
    """Show all settings, and export or import them."""


@configuration.command("show")
@WIDE
@in_organization
def show_configuration(output: Output, place: Organization) -> None:
    """Show every setting with its default and who changed it."""
    found = place.call("GET", "/api/v1/configuration")["results"]
    columns = ["name", "value", "default", "changed_at", "changed_by", "called"]
    tables.show(output, found, columns, empty=message("There is no setting."))


@configuration.command("export")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@in_organization
def export_configuration(output: Output, place: Organization, to: Path | None) -> None:
    """Export all settings as a file.

    Without --to it is printed. It holds no secret.
    """
    found = place.call("GET", FILE)
    text = json.dumps(found, indent=2, ensure_ascii=False)
    if to is None:
        output.result(found, text)
        return
    to.write_text(text + "\n", encoding="utf-8")
    output.result({"file": str(to)}, str(to))


@configuration.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@asks
@in_organization
def take_configuration(output: Output, place: Organization, file: Path, reason: str, *, yes: bool) -> None:
    """Import settings from a file.

    Every difference is shown before anything is changed. What the file does not name stays.
    """
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Misused(
            message("{file} is no file with settings.", file=str(file)),
            remedy=message("Take a file that chancery configuration export wrote."),
        ) from error
    carry_out(output, place, "POST", FILE, {"file": body}, yes=yes, reason=reason)
