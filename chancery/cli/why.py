"""``why``: why somebody, or oneself, may or may not do something with a document."""

import shlex
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import click

from chancery.cli.documents import where_it_is
from chancery.cli.organization import ORGANIZATION
from chancery.cli.output import Output, moment
from chancery.cli.session import signed_in
from chancery.policy.rights import Right
from chancery.policy.words import right_in_words, rights_in_words
from chancery.texts import joined, message


@click.command()
@click.argument("named", metavar="FILE|ID")
@click.option("--who", metavar="ADDRESS", help="Whose access, for a document of yours; left out, your own.")
@click.option(
    "--right",
    type=click.Choice([right.value for right in Right], case_sensitive=False),
    default=Right.VIEW.value,
    show_default=True,
    help="To do what.",
)
@ORGANIZATION
@click.pass_obj
def why(output: Output, named: str, who: str | None, right: str, organization: str | None) -> None:
    """Explain why you or another person may or may not open a document.

    A file is asked about where it was protected, also in another organization.
    """
    asked = {"right": right.upper()} if who is None else {"who": who, "right": right.upper()}
    with signed_in(output) as session:
        place, cid = where_it_is(session, named, organization)
        found = place.call("GET", f"/api/v1/documents/{cid}/why?{urlencode(asked)}")
        zone = place.zone()
    output.result(found, *(_about_oneself(found, named, zone) if who is None else _about_somebody(found, zone)))


def _about_oneself(found: dict[str, Any], named: str, zone: ZoneInfo) -> list[str]:
    if found["allowed"]:
        return [message("You may: {rights}.", rights=rights_in_words(found["rights"])), *_at_opening(found)]
    lines: list[str] = [
        " ".join(text for text in (one["message"], one["detail"], one["next_step"]) if text) for one in found["reasons"]
    ]
    if found["had_until"] is not None:
        had = rights_in_words(found["had"])
        lines.append(message("Until {end} you had: {rights}.", end=moment(found["had_until"], zone), rights=had))
    if found["message_to_recipients"]:
        lines.append(message("Message: {text}", text=found["message_to_recipients"]))
    successor = found["successor"]
    if successor is not None and successor["cid"]:
        lines.append(
            message("Another document replaces it: {title} {page}", title=successor["title"], page=successor["cid"])
        )
    elif successor is not None:
        lines.append(message("Another document replaces it; ask the owner for it."))
    lines.append(message("Contact: {address}", address=found["contact"]))
    asked = found["request"]
    if asked is not None and asked["state"] == "open":
        lines.append(message("You have asked for access; it is not answered yet."))
    elif found["may_ask"]:
        level = f"--level {found['ask_level']} " if found["rights"] and found["ask_level"] else ""
        command = f"chancery request {level}{shlex.quote(named)}"
        lines.append(message("To ask for access: {command}", command=command))
    return lines


def _at_opening(found: dict[str, Any]) -> list[str]:
    return [message("The opening itself: {text}", text=text) for text in found["at_opening"]]


def _about_somebody(found: dict[str, Any], zone: ZoneInfo) -> list[str]:
    who = {"who": found["who"], "right": right_in_words(found["right"])}
    answer = (
        message("Allowed for {who}: {right}.", **who)
        if found["allowed"]
        else message("Not allowed for {who}: {right}.", **who)
    )
    lines: list[str] = [answer]
    lines += [_obstacle(one["message"], one["entry"], one["detail"]) for one in found["blockers"]]
    lines += [joined((_given(one, zone), "."), "") for one in found["entries"]]
    lines += [message("Ended: {given}.", given=_given(one, zone)) for one in found["ended"]]
    lines += _at_opening(found)
    if found["undecided"]:
        entries = ", ".join(one.removeprefix("address:") for one in found["undecided"])
        lines.append(
            message(
                "These entries name people of other organizations, and who they are shows at the opening: {entries}.",
                entries=entries,
            )
        )
    lines += found["applications"]
    return lines


def _given(entry: dict[str, Any], zone: ZoneInfo) -> str:
    """Say what an entry gives, until when, and by which way it means the person."""
    named, rights = entry["who"].removeprefix("address:"), rights_in_words(entry["rights"])
    said = message("The entry “{who}” allows: {rights}", who=named, rights=rights)
    if entry.get("until") is not None:
        said = message("{given}, until {end}", given=said, end=moment(entry["until"], zone))
    if entry["path"]:
        groups, *outer = entry["path"]
        for one in outer:
            groups = message("{group}, which is in {outer}", group=groups, outer=one)
        said = message("{given}, by membership in {groups}", given=said, groups=groups)
    return message("{given}, given beside the policy", given=said) if entry.get("personal") else said


def _obstacle(message: str, entry: str | None, detail: str) -> str:
    return " ".join(text for text in (message, f"({entry})" if entry else "", detail) if text)
