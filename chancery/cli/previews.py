"""``preview`` and the option of the same name: what a change would do, before it is made."""

import functools
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from chancery.cli.confirming import asks, changed, confirmed
from chancery.cli.language import translate
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.policy.words import rights_in_words
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import joined, message

PREVIEW: Final = click.option(
    "--preview", is_flag=True, help="Change nothing; show who would gain access and who would lose it."
)
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
    show_answer(output, place, str(which))


@preview.command("save")
@_WHICH
@asks
@in_organization
def save_preview(output: Output, place: Organization, which: UUID, reason: str, *, yes: bool) -> None:
    """Make a change exactly as it was previewed."""
    send = functools.partial(place.call, "POST", f"/api/v1/previews/{which}/save")
    done = confirmed(output, send, yes=yes, reason=reason)
    moved = message("People or groups were changed after the answer you saw, so a few things may differ from it.")
    answer = {"changed": True, "message": message("The change is saved."), "warnings": [moved] if done["moved"] else []}
    changed(output, answer, id=str(which), kind=done["kind"], target=done["target"])


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
    show_answer(output, place, place.call("POST", "/api/v1/previews", body)["id"])


def show_answer(output: Output, place: Organization, identity: str) -> None:
    """Wait for an answer and print it.  Raises Misused when there is none."""
    found = _answered(output, place, identity)
    if found["state"] == "failed":
        raise Misused(message("There is no answer: {why}", why=found["error"]), remedy=message("Ask again."))
    lines = [*_lines(found["result"]), *found["applications"]]
    if found["state"] != "saved":
        lines.append(message("Nothing is changed. To save exactly this: chancery preview save {id}", id=identity))
    output.result(found, *lines)


def _answered(output: Output, place: Organization, identity: str) -> dict[str, Any]:
    """Ask for the answer until it is there; on a terminal, with a bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    quiet = output.as_json or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as shown:
        task = shown.add_task(translate(message("deciding again")), total=None)
        while True:
            found: dict[str, Any] = place.call("GET", f"/api/v1/previews/{identity}")
            if found["state"] not in {"waiting", "running"}:
                return found
            shown.update(task, completed=found["done"], total=found["total"] or None)
            time.sleep(_EVERY)


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    documents, people, replay = result["documents"], result["people"], result["replay"]
    yield message(
        "{affected:,} of {considered:,} documents affected.",
        affected=documents["affected"],
        considered=documents["considered"],
    )
    yield message("{gain:,} people gain access, {lose:,} lose it.", gain=people["gain"], lose=people["lose"])
    for member, line in (("gains", _gain), ("loses", _loss)):
        yield from (line(one) for one in result[member][:_SHOWN])
        if len(result[member]) > _SHOWN:
            yield message("… and more; all that are named: --json ({member})", member=member)
    if result["you_gain"]:
        yield message("You would gain access to {number:,} documents yourself.", number=result["you_gain"])
    if documents["end_sooner"]:
        yield message("On {number:,} documents access would end earlier than now.", number=documents["end_sooner"])
    if documents["end_later"]:
        yield message("On {number:,} documents access would end later than now.", number=documents["end_later"])
    asked = result.get("at_opening", {"added": [], "removed": []})
    yield from (message("Each opening would also have to meet this: {words}", words=words) for words in asked["added"])
    for words in asked["removed"]:
        yield message("Openings would no longer have to meet this: {words}", words=words)
    if "permissions" in result:
        yield from _permissions(result["permissions"])
    if people["undecided"]:
        entries = ", ".join(who.removeprefix("address:") for who in result["undecided"])
        yield message(
            "Decided when they open, for {number:,} people of other organizations: {entries}.",
            number=people["undecided"],
            entries=entries,
        )
    yield message(
        "In the last {days} days {refused:,} of {openings:,} openings would have been refused,"
        " {allowed:,} of {refusals:,} refusals allowed.",
        days=replay["days"],
        refused=replay["would_be_refused"]["times"],
        openings=replay["openings"],
        allowed=replay["would_be_allowed"]["times"],
        refusals=replay["refusals"],
    )


def _permissions(permissions: Mapping[str, list[str]]) -> Iterator[str]:
    yield message("No role opens a document.")
    if permissions["gained"]:
        yield message("May manage more: {names}.", names=", ".join(permissions["gained"]))
    if permissions["lost"]:
        yield message("May manage no longer: {names}.", names=", ".join(permissions["lost"]))


def _gain(one: Mapping[str, Any]) -> str:
    rights, where = rights_in_words(one["rights"]), _where(one)
    return joined(("  ", message("{who} gains: {rights} ({where})", who=one["who"], rights=rights, where=where)), "")


def _loss(one: Mapping[str, Any]) -> str:
    rights, where = rights_in_words(one["rights"]), _where(one)
    return joined(("  ", message("{who} loses: {rights} ({where})", who=one["who"], rights=rights, where=where)), "")


def _where(one: Mapping[str, Any]) -> str:
    """Say on how many documents, and how many of them open at all only before or after."""
    if one["openings"]:
        return message(
            "{number:,} documents, {openings:,} as a whole", number=one["documents"], openings=one["openings"]
        )
    return message("{number:,} documents", number=one["documents"])
