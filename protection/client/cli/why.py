"""``why``: why somebody, or oneself, may or may not do something with a document."""

import shlex
from typing import Any
from urllib.parse import urlencode

import click

from protection.client.cli.documents import where_it_is
from protection.client.cli.organization import ORGANIZATION
from protection.client.cli.output import Output
from protection.client.session import Session
from protection.licensing.rights import Right
from protection.licensing.words import rights_in_words


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
    """Explain why you or somebody else may open a document, or may not.

    A file is asked about where it was protected, also in another organization.
    """
    asked = {"right": right.upper()} if who is None else {"who": who, "right": right.upper()}
    with Session.open() as session:
        place, cid = where_it_is(session, named, organization)
        found = place.call("GET", f"/api/v1/documents/{cid}/why?{urlencode(asked)}")
    output.result(found, "\n".join(_about_oneself(found, named) if who is None else _about_somebody(found)))


def _about_oneself(found: dict[str, Any], named: str) -> list[str]:
    if found["allowed"]:
        lines = [f"You may: {rights_in_words(found['rights'])}."]
        return lines + [f"The opening itself: {text}" for text in found["at_opening"]]
    lines = [
        " ".join(text for text in (one["message"], one["detail"], one["next_step"]) if text) for one in found["reasons"]
    ]
    lines.append(f"Contact: {found['contact']}")
    asked = found["request"]
    if asked is not None and asked["state"] == "open":
        lines.append("You have asked for access; it is not answered yet.")
    elif found["may_ask"]:
        lines.append(f"To ask for access: chancery request {shlex.quote(named)}")
    return lines


def _about_somebody(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['who']} {'may' if found['allowed'] else 'may not'} {found['right']}."]
    lines += [_obstacle(one["message"], one["entry"], one["detail"]) for one in found["obstacles"]]
    for one in found["entries"]:
        way = f", by membership in {', which is in '.join(one['path'])}" if one["path"] else ""
        way += ", given beside the policy" if one.get("personal") else ""
        lines.append(f"{one['who'].removeprefix('address:')} gives {', '.join(one['rights'])}{way}.")
    lines += [f"The opening itself: {text}" for text in found["at_opening"]]
    if found["undecided"]:
        lines.append(f"Known to another organization alone until somebody opens: {', '.join(found['undecided'])}.")
    return lines


def _obstacle(message: str, entry: str | None, detail: str) -> str:
    return " ".join(text for text in (message, f"({entry})" if entry else "", detail) if text)
