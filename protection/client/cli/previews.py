"""``preview`` and the option of the same name: what a change would do, before it is made."""

import sys
import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from protection.client.cli.organization import in_organization
from protection.client.cli.output import Output
from protection.client.errors import Misused
from protection.client.organization import Organization
from protection.licensing.words import rights_in_words

PREVIEW: Final = click.option("--preview", is_flag=True, help="Change nothing; say who would gain and who would lose.")
DAYS: Final = click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=30,
    show_default=True,
    help="With --preview: how many days of openings are decided again.",
)
_WHICH: Final = click.argument("which", metavar="ID", type=click.UUID)
_EVERY: Final = 0.5
_SHOWN: Final = 20


@click.group("preview")
def preview() -> None:
    """Look at changes that were previewed, and save them."""


@preview.command("show")
@_WHICH
@in_organization
def show_preview(output: Output, place: Organization, which: UUID) -> None:
    """Say what a previewed change would do."""
    tell(output, place, str(which))


@preview.command("save")
@_WHICH
@in_organization
def save_preview(output: Output, place: Organization, which: UUID) -> None:
    """Make a change exactly as it was previewed."""
    done = place.call("POST", f"/api/v1/previews/{which}/save")
    lines = ["The change is saved."]
    if done["moved"]:
        lines.append("People or groups were changed after the answer you saw, so a few things may differ from it.")
    output.result(done, *lines)


def ask(
    output: Output,
    place: Organization,
    kind: str,
    target: str,
    change: Mapping[str, Any],
    *,
    days: int,
    based_on: int | None = None,
) -> None:
    """Ask what a change would do, wait for the answer and print it."""
    body: dict[str, Any] = {"kind": kind, "id": target, "change": change, "days": days}
    if based_on is not None:
        body["based_on"] = based_on
    tell(output, place, place.call("POST", "/api/v1/previews", body)["id"])


def tell(output: Output, place: Organization, identity: str) -> None:
    """Wait for an answer and print it.  Raises Misused when there is none."""
    found = _answered(output, place, identity)
    if found["state"] == "failed":
        raise Misused(f"There is no answer: {found['error']}", remedy="Ask again.")
    lines = list(_lines(found["result"]))
    if found["state"] != "saved":
        lines.append(f"Nothing is changed. To save exactly this: chancery preview save {identity}")
    output.result(found, *lines)


def _answered(output: Output, place: Organization, identity: str) -> dict[str, Any]:
    """Ask for the answer until it is there; on a terminal, with a bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    quiet = output.as_json or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as shown:
        task = shown.add_task("deciding again", total=None)
        while True:
            found: dict[str, Any] = place.call("GET", f"/api/v1/previews/{identity}")
            if found["state"] not in {"waiting", "running"}:
                return found
            shown.update(task, completed=found["done"], total=found["total"] or None)
            time.sleep(_EVERY)


def _lines(result: Mapping[str, Any]) -> list[str]:
    documents, people, replay = result["documents"], result["people"], result["replay"]
    lines = [
        f"{documents['affected']:,} of {documents['considered']:,} documents affected.",
        f"{people['gain']:,} people gain, {people['lose']:,} lose.",
    ]
    for title, found in (("gains", result["gains"]), ("loses", result["loses"])):
        lines += [_line(title, one) for one in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append(f"… and more; all that are named: --json ({title})")
    if result["you_gain"]:
        lines.append(f"You yourself would gain something on {result['you_gain']:,} documents.")
    for name, word in (("end_sooner", "earlier"), ("end_later", "later")):
        if documents[name]:
            lines.append(f"On {documents[name]:,} documents access would end {word} than now.")
    asked = result.get("at_opening", {"added": [], "removed": []})
    lines += [f"Each opening would also have to meet this: {words}" for words in asked["added"]]
    lines += [f"No opening would have to meet this any more: {words}" for words in asked["removed"]]
    if "permissions" in result:
        lines.append("No role opens a document.")
        for name, word in (("gained", "May manage more"), ("lost", "May manage no longer")):
            if result["permissions"][name]:
                lines.append(f"{word}: {', '.join(result['permissions'][name])}.")
    if people["undecided"]:
        entries = ", ".join(who.removeprefix("address:") for who in result["undecided"])
        lines.append(f"Decided when they open, for {people['undecided']:,} people of other organizations: {entries}.")
    refused, allowed = replay["would_be_refused"]["times"], replay["would_be_allowed"]["times"]
    lines.append(
        f"In the last {replay['days']} days {refused:,} of {replay['openings']:,} openings would have been refused,"
        f" {allowed:,} of {replay['refusals']:,} refusals allowed."
    )
    return lines


def _line(title: str, one: Mapping[str, Any]) -> str:
    openings = f", {one['openings']:,} as a whole" if one["openings"] else ""
    return f"  {one['who']} {title}: {rights_in_words(one['rights'])} ({one['documents']:,} documents{openings})"
