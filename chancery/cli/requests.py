"""``request``, ``requests``, ``grant``, ``decline``: access that was refused, asked for and answered."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.expiry import parse_expiry
from chancery.cli.organization import in_organization
from chancery.cli.output import Output, moment
from chancery.cli.session import signed_in
from chancery.cli.tables import LIMIT, WIDE, sorts
from chancery.policy.rights import LEVELS_ASKED
from chancery.policy.words import rights_in_words
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.sdk.session import Session
from chancery.texts import message

LEVELS = click.Choice(LEVELS_ASKED)
REQUESTS = click.argument("request_ids", metavar="REQUEST...", type=click.UUID, nargs=-1, required=True)


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--note", default="", help="What for; the owner reads it.")
@click.option("--level", type=LEVELS, default="viewer", show_default=True, help="What you need.")
@click.option("--status", is_flag=True, help="Ask nothing; show how far the request has come.")
@click.pass_obj
def request(output: Output, file: Path, note: str, level: str, *, status: bool) -> None:
    """Ask the owner of a file for access, or for more than you may do now.

    Asking again changes a request that is not answered yet.
    """
    with signed_in(output) as session:
        place, cid = session.organization_of(file)
        path = f"/api/v1/documents/{cid}/access-requests"
        if status:
            found = place.call("GET", path)["results"]
            asked = found[0] if found else None
            output.result(
                asked or {"cid": str(cid), "state": None},
                _state(asked, session) if asked else message("You have not asked for access to {file}.", file=file),
            )
            return
        asked = place.call("POST", path, {"note": note, "level": level})
        output.result(
            asked,
            message(
                "{owner} is asked, and you get the answer by mail. See {page}",
                owner=asked["owner"],
                page=f"{place.origin}/documents/{cid}/access/",
            ),
        )


def _state(asked: dict[str, Any], session: Session) -> str:
    """Say how far a request has come."""
    zone = session.zone()
    since = datetime.fromisoformat(asked["asked_at"]).astimezone(zone)
    if asked["state"] == "granted":
        rights = rights_in_words(asked["rights"])
        ends = moment(asked["until"], zone)
        return message("Granted: you may {rights}; the access given ends: {end}.", rights=rights, end=ends)
    if asked["state"] == "declined":
        return message("Declined. {message}", message=asked["message"]) if asked["message"] else message("Declined.")
    return message(
        "{owner} has not answered yet what you asked on {moment}.",
        owner=asked["owner"],
        moment=f"{since:%Y-%m-%d %H:%M %Z}",
    )


@click.command()
@click.option("--all", "everybody", is_flag=True, help="About everybody's documents, if your role allows it.")
@click.option(
    "--state",
    type=click.Choice(["open", "granted", "declined", "any"]),
    default="open",
    show_default=True,
    help="Only these.",
)
@sorts("asked_at")
@LIMIT
@WIDE
@in_organization
def requests(output: Output, place: Organization, state: str, sort: str, limit: int | None, *, everybody: bool) -> None:
    """List who asks for access to your documents, newest first."""
    rows = place.each("/api/v1/access-requests", scope="all" if everybody else "mine", state=state, sort=sort)
    columns = ["asked_at", "who", "organization", "title", "level", "state", "note", "id"]
    tables.show(output, rows, columns, empty=message("No requests wait for your answer."), limit=limit)


@click.command()
@REQUESTS
@click.option("--rights", help="A level or rights with commas; by default what was asked for.")
@click.option("--until", help="When the access ends: 2027-01-31, or 30d.")
@click.option("--days", type=click.IntRange(1, 36_500), help="For how many days from now.")
@click.option(
    "--lift",
    is_flag=True,
    help="Also change what else blocks their access, by the names shown; without this option, no access is given"
    " in that case.",
)
@asks
@in_organization
def grant(
    output: Output,
    place: Organization,
    request_ids: tuple[UUID, ...],
    rights: str | None,
    until: str | None,
    days: int | None,
    reason: str,
    *,
    lift: bool,
    yes: bool,
) -> None:
    """Give access to the person who asked, and to no one else.

    Without --until or --days the access has no end of its own.
    """
    if until is not None and days is not None:
        raise Misused(message("An end is named twice."), remedy=message("Use either --until or --days."))
    zone = place.zone()
    terms: dict[str, Any] = {"until": parse_expiry(until or (f"{days}d" if days else None), zone)}
    if len(request_ids) > 1:
        if rights is not None or lift:
            raise Misused(
                message("Several requests are granted as they were asked."),
                remedy=message("Leave out --rights and --lift, or answer them one by one."),
            )
        body = {"act": "grant", "requests": [str(one) for one in request_ids], **terms}
        carry_out(output, place, "POST", "/api/v1/access-requests/chosen", body, yes=yes, reason=reason)
        return
    request_id = request_ids[0]
    asked = place.call("GET", f"/api/v1/access-requests/{request_id}")
    if lift:
        terms["lift"] = _shown(output, asked["blockers"])
    if rights is None:
        output.note(message("{who} asks for the level {level}.", who=asked["who"], level=asked["level"]))
        terms["level"] = asked["level"]
    else:
        terms["rights"] = [name.strip() for name in rights.split(",")]
    answer = place.call("POST", f"/api/v1/access-requests/{request_id}/grant", terms)
    changed(output, answer)


def _shown(output: Output, blockers: list[dict[str, str]]) -> list[str]:
    """Show what blocks access and return its names: what comes after this look is not changed unseen."""
    for one in blockers:
        output.note(message("To be changed too ({name}): {message}", name=one["name"], message=one["message"]))
    return [one["name"] for one in blockers]


@click.command()
@REQUESTS
@click.option("--message", default="", help="The message they get.")
@asks
@in_organization
def decline(
    output: Output, place: Organization, request_ids: tuple[UUID, ...], message: str, reason: str, *, yes: bool
) -> None:
    """Decline a request for access; nothing about the document changes."""
    if len(request_ids) > 1:
        body = {"act": "decline", "requests": [str(one) for one in request_ids], "message": message}
        carry_out(output, place, "POST", "/api/v1/access-requests/chosen", body, yes=yes, reason=reason)
        return
    changed(output, place.call("POST", f"/api/v1/access-requests/{request_ids[0]}/decline", {"message": message}))
