"""``template``: what administrators do with templates, under the names that pages and API use."""

import re
from typing import Any

import click

from protection.client.cli import tables
from protection.client.cli.organization import entries_patch, in_organization, require_changes
from protection.client.cli.output import Output
from protection.client.cli.policy import DENY, LIMITS, REMOVE, limited, limits
from protection.client.errors import Misused
from protection.client.organization import Organization
from protection.licensing.patch import patched
from protection.licensing.policy import Policy, parse_policy

WHICH = click.argument("which", metavar="NAME|ID")
GRANT = click.option(
    "--grant",
    "grants",
    multiple=True,
    metavar="WHO:RIGHTS",
    help="e.g. everybody:viewer; everybody is the organization without guests.",
)
EXPIRES_AFTER = click.option("--expires-after-days", type=click.IntRange(min=1), help="Days until access ends.")
DESCRIPTION = click.option("--description", help="What people read when they choose it.")
LANGUAGE = click.option("--language", default="en", show_default=True, help="The language of name and description.")


@click.group("template")
def template() -> None:
    """Make, edit, publish and archive templates."""


@template.command("list")
@in_organization
def list_(output: Output, place: Organization) -> None:
    """List all templates, archived ones too."""
    found = place.call("GET", "/api/v1/templates")["results"]
    tables.show(output, found, ["name", "status", "version", "id"], empty="There are no templates yet.")


@template.command()
@click.argument("name")
@GRANT
@DENY
@limits
@EXPIRES_AFTER
@DESCRIPTION
@LANGUAGE
@click.option("--publish", is_flag=True, help="Offer it for protecting at once.")
@in_organization
def create(
    output: Output,
    place: Organization,
    name: str,
    grants: tuple[str, ...],
    deny: tuple[str, ...],
    expires_after_days: int | None,
    description: str | None,
    language: str,
    *,
    publish: bool,
    **options: Any,
) -> None:
    """Make a template called NAME."""
    entries = entries_patch(grants=_meant(place, grants), removed=(), deny=_meant(place, deny))
    policy = patched(Policy(), {**entries, **limited(place.zone(), **options)})
    body = {
        "names": {language: name},
        "descriptions": {language: description} if description else {},
        "policy": policy.as_json(),
        "expiry_option": "after_days" if expires_after_days else "never",
        "expires_after_days": expires_after_days,
    }
    made = place.call("POST", "/api/v1/templates", body)
    if publish:
        place.call("POST", f"/api/v1/templates/{made['id']}/publish")
    state = "is offered for protecting" if publish else "is archived until you publish it"
    output.result(made, f"The template “{name}” {state}.")


@template.command()
@WHICH
@click.option("--name", help="Another name.")
@GRANT
@REMOVE
@DENY
@limits
@EXPIRES_AFTER
@DESCRIPTION
@LANGUAGE
@in_organization
def edit(
    output: Output,
    place: Organization,
    which: str,
    name: str | None,
    grants: tuple[str, ...],
    removed: tuple[str, ...],
    deny: tuple[str, ...],
    expires_after_days: int | None,
    description: str | None,
    language: str,
    **options: Any,
) -> None:
    """Change a template; what is not named stays.  Counts for documents it already protects."""
    require_changes("name", "grants", "removed", "deny", "expires_after_days", "description", *LIMITS)
    found = _template(place, which)
    entries = entries_patch(grants=_meant(place, grants), removed=_meant(place, removed), deny=_meant(place, deny))
    body = {
        "names": {**found["names"], **({language: name} if name else {})},
        "descriptions": {**found["descriptions"], **({language: description} if description else {})},
        "policy": patched(parse_policy(found["policy"]), {**entries, **limited(place.zone(), **options)}).as_json(),
        "expiry_option": "after_days" if expires_after_days else found["expiry_option"],
        "expires": None if expires_after_days else found["expires"],
        "expires_after_days": expires_after_days or found["expires_after_days"],
        "based_on": found["version"],
    }
    answer = place.call("PUT", f"/api/v1/templates/{found['id']}", body)
    output.result(answer, f"“{found['name']}” is changed (version {answer['version']}).")


@template.command()
@WHICH
@in_organization
def publish(output: Output, place: Organization, which: str) -> None:
    """Offer a template for protecting."""
    _done(output, place, which, "publish", "is offered for protecting")


@template.command()
@WHICH
@in_organization
def archive(output: Output, place: Organization, which: str) -> None:
    """Stop offering a template; what it protects still opens."""
    _done(output, place, which, "archive", "is not offered any more")


@template.command()
@WHICH
@click.option("--name", default="", help="What the copy is called.")
@in_organization
def copy(output: Output, place: Organization, which: str, name: str) -> None:
    """Make an archived template that says the same."""
    found = _template(place, which)
    made = place.call("POST", f"/api/v1/templates/{found['id']}/copy", {"name": name})
    output.result(made, f"The copy of “{found['name']}” is archived until you publish it ({made['id']}).")


@template.command()
@WHICH
@in_organization
def history(output: Output, place: Organization, which: str) -> None:
    """List every version: who made it, when, and how much it changed."""
    found = _template(place, which)
    versions = place.call("GET", f"/api/v1/templates/{found['id']}/versions")["results"]
    rows = [
        {
            "version": one["number"],
            "made": one["made_at"],
            "author": one["author"]["name"] if one["author"] else "the service",
            "changed": ", ".join(_changed(one)) or ("the first version" if one["number"] == 1 else "nothing"),
        }
        for one in versions
    ]
    tables.show(output, rows, ["version", "made", "author", "changed"], empty="It has no versions.")


@template.command()
@WHICH
@click.option("--version", type=click.IntRange(min=1), required=True, help="Its number in the history.")
@in_organization
def restore(output: Output, place: Organization, which: str, version: int) -> None:
    """Bring back what an earlier version said, as a new version."""
    found = _template(place, which)
    answer = place.call("POST", f"/api/v1/templates/{found['id']}/versions/{version}/restore")
    output.result(answer, f"“{found['name']}” says again what version {version} said (version {answer['version']}).")


def _changed(version: dict[str, Any]) -> list[str]:
    """Name what a version changed: whom it gave or took something, and which other members differ."""
    said = [one["who"].removeprefix("address:") or one["member"] for one in version["changes"]]
    return [*said, *(["name or description"] if version["renamed"] else []), *(["end"] if version["expiry"] else [])]


def _done(output: Output, place: Organization, which: str, verb: str, done: str) -> None:
    found = _template(place, which)
    place.call("POST", f"/api/v1/templates/{found['id']}/{verb}")
    output.result({"id": found["id"], "done": verb}, f"“{found['name']}” {done}.")


def _template(place: Organization, which: str) -> dict[str, Any]:
    known = place.call("GET", "/api/v1/templates")["results"]
    for found in known:
        if which == found["id"] or which.casefold() in {text.casefold() for text in found["names"].values()}:
            return dict(found)
    names = ", ".join(sorted(found["name"] for found in known)) or "none"
    raise Misused(f"There is no template called {which!r}.", remedy=f"Choose one of: {names}.")


def _meant(place: Organization, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Put the organization in the place of ``everybody``, alone or before a grant's rights."""
    return tuple(re.sub(r"^everybody(?=:|$)", f"organization:{place.id}", text) for text in texts)
