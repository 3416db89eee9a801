"""``template export`` and ``template import``: templates in files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from chancery.cli.confirming import changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.template_choice import chosen
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import joined, message, plural_message

_ACTIONS = {
    "create": message("new, archived until you publish it"),
    "change": message("changes"),
    "keep": message("does not change"),
}


@click.command("export")
@click.argument("which", nargs=-1, metavar="[NAME|ID]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "xml"]),
    default="json",
    show_default=True,
    help="XML knows no deny entries and conditions.",
)
@click.option("-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@in_organization
def export(output: Output, place: Organization, which: tuple[str, ...], form: str, target: Path | None) -> None:
    """Write templates into a file, all of them when none is named."""
    ids = [chosen(place, one)["id"] for one in which]
    text = place.call("GET", f"/api/v1/templates/export?{urlencode({'as': form, 'id': ids}, doseq=True)}")["text"]
    if target is None:
        output.result({"text": text}, text.rstrip("\n"))
        return
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Misused(
            message("{target} exists already.", target=target),
            remedy=message("Choose another name with -o, or remove it first."),
        ) from None
    output.result({"file": str(target)}, message("Written: {file}.", file=target))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_organization
def import_(output: Output, place: Organization, file: Path, *, yes: bool) -> None:
    """Read templates from FILE; what changes is shown first."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Misused(
            message("{file} is not written in UTF-8.", file=file), remedy=message("Save it as UTF-8, then try again.")
        ) from None
    plan = place.call("POST", "/api/v1/templates/import", {"text": text})
    if all(one["action"] == "keep" for one in plan["results"]):
        nothing = message("Nothing to import: the templates say this already.")
        changed(output, {"changed": False, "message": nothing, "warnings": []}, results=plan["results"])
        return
    if not output.as_json:
        for line in _plan_lines(plan):
            output.note(line)
    if not yes:
        output.confirm(message("Import this?"))
    done = place.call("POST", "/api/v1/templates/import", {"text": text, "confirm": plan["confirm"]})
    number = sum(one["action"] != "keep" for one in done["results"])
    imported = plural_message("Imported: {count} template.", "Imported: {count} templates.", number)
    changed(output, {"changed": True, "message": imported, "warnings": []}, results=done["results"])


def _plan_lines(plan: dict[str, Any]) -> Iterator[str]:
    """Say what an import would do, a line for each template and each thing that changes."""
    if plan["mapped_organization"]:
        yield message("The file comes from another organization: everybody there will mean everybody here.")
    for one in plan["results"]:
        yield message("“{name}”: {action}", name=one["name"], action=_ACTIONS[one["action"]])
        for change in one["changes"]:
            who = change["who"].removeprefix("address:")
            what = message("{member} of {who}", member=change["member"], who=who) if who else change["member"]
            yield _changed(what, _value(change["after"]), _value(change["before"]))
        if one["renamed"]:
            yield joined(("  ", message("name or description")), "")
        for what, rule in ((message("end"), one["expiry"]), (message("offered to"), one["offer"])):
            if rule:
                yield _changed(what, _rule(rule[1]), _rule(rule[0]))
        if one["foreign_organizations"]:
            others = ", ".join(one["foreign_organizations"])
            yield joined(("  ", message("names other organizations: {ids}", ids=others)), "")
        for consequence in one["consequences"]:
            yield joined(("  ", consequence), "")


def _changed(what: str, after: str, before: str) -> str:
    return joined(("  ", message("{what}: {after} (before: {before})", what=what, after=after, before=before)), "")


def _value(value: Any) -> str:
    return message("nothing") if value is None else ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _rule(members: dict[str, Any]) -> str:
    return joined(joined((name, _value(value)), " ") for name, value in members.items() if value not in (None, []))
