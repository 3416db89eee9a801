"""``why``: why somebody may or may not do something with a document."""

from urllib.parse import urlencode
from uuid import UUID

import click

from protection.client.cli.documents import DOCUMENT
from protection.client.cli.organization import in_organization
from protection.client.cli.output import Output
from protection.client.organization import Organization
from protection.licensing.rights import Right


@click.command()
@DOCUMENT
@click.option("--who", required=True, metavar="ADDRESS", help="Whose access.")
@click.option(
    "--right",
    type=click.Choice([right.value for right in Right], case_sensitive=False),
    default=Right.VIEW.value,
    show_default=True,
    help="To do what.",
)
@in_organization
def why(output: Output, place: Organization, cid: UUID, who: str, right: str) -> None:
    """Explain why somebody may or may not do something with a document."""
    found = place.call("GET", f"/api/v1/documents/{cid}/why?{urlencode({'who': who, 'right': right.upper()})}")
    lines = [f"{found['who']} {'may' if found['allowed'] else 'may not'} {found['right']}."]
    lines += [_obstacle(one["message"], one["entry"], one["detail"]) for one in found["obstacles"]]
    for one in found["entries"]:
        way = f", by membership in {', which is in '.join(one['path'])}" if one["path"] else ""
        lines.append(f"{one['who'].removeprefix('address:')} gives {', '.join(one['rights'])}{way}.")
    lines += [f"The opening itself: {text}" for text in found["at_opening"]]
    if found["undecided"]:
        lines.append(f"Known to another organization alone until somebody opens: {', '.join(found['undecided'])}.")
    output.result(found, "\n".join(lines))


def _obstacle(message: str, entry: str | None, detail: str) -> str:
    return " ".join(text for text in (message, f"({entry})" if entry else "", detail) if text)
