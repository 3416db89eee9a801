"""``labels``, ``relabel`` and ``label``: how sensitive documents are, and the protection that comes with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from chancery.cli import progress, tables
from chancery.cli.confirming import YES, carry_out, changed, confirmed
from chancery.cli.for_each_file import each_file
from chancery.cli.organization import in_organization, require_changes
from chancery.cli.output import Output
from chancery.cli.session import signed_in
from chancery.cli.tables import WIDE, sorts
from chancery.cli.template_choice import WHICH, chosen
from chancery.sdk.errors import Misused, ServiceError
from chancery.sdk.offered_templates import label_called
from chancery.sdk.organization import Organization
from chancery.sdk.results import Relabeled
from chancery.texts import joined, message

EFFECTS = click.Choice(["protect", "none", "remove"])
DESCRIPTION = click.option("--description", help="What people read when they choose it.")
LANGUAGE = click.option("--language", default="en", show_default=True, help="The language of name and description.")
COLUMNS = ["name", "sensitivity", "effect", "template"]


@click.command()
@WIDE
@in_organization
def labels(output: Output, place: Organization) -> None:
    """List the labels you can give, the least sensitive first."""
    tables.show(output, _rows(place.labels()), [*COLUMNS, "description"], empty=message("There are no labels in use."))


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--label", required=True, help="The label (its name or id).")
@click.option("--justification", default="", help="Why the protection is lowered; the audit log keeps it.")
@YES
@click.pass_obj
def relabel(output: Output, files: tuple[Path, ...], label: str, justification: str, *, yes: bool) -> None:
    """Give sealed FILES another label.

    Their protection is kept, replaced or removed, as the label says.
    """
    with signed_in(output) as session:

        def one(path: Path) -> tuple[dict[str, Any], str]:
            def send(stated: dict[str, Any]) -> Relabeled:
                with progress.bar(output, path.name) as report, _asked_why():
                    return session.relabel(path, label, justification=justification, progress=report, **stated)

            done: Relabeled = confirmed(output, send, yes=yes)
            members = {"file": str(path), "path": str(done.path), "cid": str(done.cid), "outcome": done.outcome}
            return {**members, **done.answer}, _line(path, done)

        each_file(output, files, one)


@contextmanager
def _asked_why() -> Iterator[None]:
    """Name the option in which the service wants to read why protection is lowered."""
    try:
        yield
    except ServiceError as error:
        if error.problem != "justification_needed":
            raise
        raise Misused(error.message, remedy=message('Say why: --justification "…". The audit log keeps it.')) from error


def _line(path: Path, done: Relabeled) -> str:
    said = message("{file}: {message}", file=path, message=done.answer["message"])
    if done.outcome != "removed":
        return said
    return joined((said, message("The plain file is {plain}.", plain=done.path)), " ")


@click.group("label")
def label() -> None:
    """Create, edit, publish and archive labels."""


@label.command("list")
@sorts("name", "sensitivity")
@WIDE
@in_organization
def list_(output: Output, place: Organization, sort: str) -> None:
    """List all labels, archived ones too."""
    found = place.call("GET", f"/api/v1/labels?sort={sort}")["results"]
    tables.show(output, _rows(found), [*COLUMNS, "status", "id"], empty=message("There are no labels yet."))


@label.command()
@click.argument("name")
@click.option("--sensitivity", type=click.IntRange(0, 1_000), required=True, help="The higher, the more sensitive.")
@click.option("--effect", type=EFFECTS, default=None, help="What it does; protect if a template is named, else none.")
@click.option("--template", help="Protect by this template (its name or id).")
@DESCRIPTION
@LANGUAGE
@click.option("--publish", is_flag=True, help="Offer it at once.")
@in_organization
def create(
    output: Output,
    place: Organization,
    name: str,
    sensitivity: int,
    effect: str | None,
    template: str | None,
    description: str | None,
    language: str,
    *,
    publish: bool,
) -> None:
    """Create a label called NAME."""
    body = {
        "names": {language: name},
        "descriptions": {language: description} if description else {},
        "sensitivity": sensitivity,
        **_protection(place, effect or ("protect" if template else "none"), template),
        "publish": publish,
    }
    changed(output, place.call("POST", "/api/v1/labels", body))


@label.command()
@WHICH
@click.option("--name", help="Another name.")
@click.option("--sensitivity", type=click.IntRange(0, 1_000), help="The higher, the more sensitive.")
@click.option("--effect", type=EFFECTS, help="What it does.")
@click.option("--template", help="Protect by this template (its name or id).")
@DESCRIPTION
@LANGUAGE
@in_organization
def edit(
    output: Output,
    place: Organization,
    which: str,
    name: str | None,
    sensitivity: int | None,
    effect: str | None,
    template: str | None,
    description: str | None,
    language: str,
) -> None:
    """Change a label; what is not named does not change."""
    require_changes("name", "sensitivity", "effect", "template", "description")
    found = existing_label(place, which)
    patch = {
        **({"names": {language: name}} if name else {}),
        **({"descriptions": {language: description}} if description is not None else {}),
        **({} if sensitivity is None else {"sensitivity": sensitivity}),
        **(_protection(place, effect or "protect", template) if effect or template else {}),
    }
    changed(output, place.call("PATCH", f"/api/v1/labels/{found['id']}", patch), id=found["id"])


@label.command()
@WHICH
@in_organization
def publish(output: Output, place: Organization, which: str) -> None:
    """Offer a label; its template is then chosen by it."""
    found = existing_label(place, which)
    changed(output, place.call("POST", f"/api/v1/labels/{found['id']}/publish"), id=found["id"])


@label.command()
@WHICH
@YES
@in_organization
def archive(output: Output, place: Organization, which: str, *, yes: bool) -> None:
    """Stop offering a label; documents keep it."""
    found = existing_label(place, which)
    carry_out(output, place, "POST", f"/api/v1/labels/{found['id']}/archive", yes=yes, id=found["id"])


def _protection(place: Organization, effect: str, template: str | None) -> dict[str, Any]:
    """Return the effect, and the template where one is named; the service says where they do not go together."""
    return {"effect": effect, **({"template": chosen(place, template)["id"]} if template else {})}


def existing_label(place: Organization, which: str) -> dict[str, Any]:
    """Return the label with this name or id, also an archived one.  Raises Misused."""
    return label_called(which, place.call("GET", "/api/v1/labels")["results"])


def _rows(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "template": "" if one["template"] is None else one["template"]["name"]} for one in found]
