"""``template``: what administrators do with templates, under the names that pages and API use."""

from dataclasses import replace
from typing import Any

import click

from chancery.cli import tables
from chancery.cli.confirming import YES, carry_out, changed
from chancery.cli.organization import entries_patch, in_organization, require_changes, require_known
from chancery.cli.output import Output
from chancery.cli.policy import DENY, EXPIRES, LIMITS, REMOVE, expiry, limited, limits
from chancery.cli.previews import DAYS, PREVIEW, ask
from chancery.cli.tables import WIDE, sorts
from chancery.cli.template_choice import WHICH, chosen, meant
from chancery.cli.template_files import export, import_
from chancery.policy.patch import patched
from chancery.policy.policy import Grant, Policy, Principal, parse_policy
from chancery.policy.rights import Right, in_order, parse_rights
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import joined, message

GRANT = click.option(
    "--grant",
    "grants",
    multiple=True,
    metavar="WHO:RIGHTS",
    help="e.g. everybody:viewer; everybody is the organization without guests. 'WHO:RIGHTS until WHEN' sets an end.",
)
EXPIRES_AFTER = click.option(
    "--expires-after-days", type=click.IntRange(min=1), help="Access ends so many days after protection."
)
SCOPE = click.option(
    "--scope", multiple=True, metavar="WHO", help="Offer it only to WHO, a person or group; everybody lifts the limit."
)
UNSCOPE = click.option("--unscope", multiple=True, metavar="WHO", help="Stop offering it to WHO.")
LEGACY = click.option(
    "--offered-to-legacy/--not-offered-to-legacy",
    default=None,
    help="Whether programs without a signed-in person offer it although it has a scope.",
)
DESCRIPTION = click.option("--description", help="What people read when they choose it.")
LANGUAGE = click.option("--language", default="en", show_default=True, help="The language of name and description.")


@click.group("template")
def template() -> None:
    """Create, edit, publish and delete templates."""


@template.command("list")
@sorts("name", "status", "changed_at")
@WIDE
@in_organization
def list_(output: Output, place: Organization, sort: str) -> None:
    """List all templates, archived ones too."""
    found = place.call("GET", f"/api/v1/templates?sort={sort}")["results"]
    rows = [{**one, "offered to": ", ".join(one["scope"]) or message("everybody")} for one in found]
    tables.show(
        output, rows, ["name", "status", "version", "offered to", "id"], empty=message("There are no templates yet.")
    )


@template.command()
@click.argument("name")
@GRANT
@DENY
@limits
@EXPIRES
@EXPIRES_AFTER
@SCOPE
@LEGACY
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
    expires: str | None,
    expires_after_days: int | None,
    scope: tuple[str, ...],
    offered_to_legacy: bool | None,
    description: str | None,
    language: str,
    *,
    publish: bool,
    **options: Any,
) -> None:
    """Create a template called NAME."""
    entries = entries_patch(place.zone(), grants=meant(place, grants), removed=(), deny=meant(place, deny))
    policy = patched(Policy(), {**entries, **limited(place.zone(), **options)})
    body = {
        "names": {language: name},
        "descriptions": {language: description} if description else {},
        "policy": policy.as_json(),
        "scope": [who for who in scope if who != "everybody"],
        "offered_to_legacy": bool(offered_to_legacy),
        **_end(place, expires, expires_after_days),
    }
    made = place.call("POST", "/api/v1/templates", body)
    if publish:
        offered = place.call("POST", f"/api/v1/templates/{made['id']}/publish")
        made = {**made, "message": offered["message"]}
    changed(output, made)


@template.command()
@WHICH
@click.option("--name", help="Another name.")
@GRANT
@REMOVE
@DENY
@limits
@EXPIRES
@EXPIRES_AFTER
@SCOPE
@UNSCOPE
@LEGACY
@DESCRIPTION
@LANGUAGE
@PREVIEW
@DAYS
@YES
@in_organization
def edit(
    output: Output,
    place: Organization,
    which: str,
    name: str | None,
    grants: tuple[str, ...],
    removed: tuple[str, ...],
    deny: tuple[str, ...],
    expires: str | None,
    expires_after_days: int | None,
    scope: tuple[str, ...],
    unscope: tuple[str, ...],
    offered_to_legacy: bool | None,
    description: str | None,
    language: str,
    days: int,
    *,
    preview: bool,
    yes: bool,
    **options: Any,
) -> None:
    """Change a template; what is not named stays.  Counts for documents it already protects."""
    own = ("name", "grants", "removed", "deny", "expires", "expires_after_days", "scope", "unscope", "description")
    require_changes(*own, "offered_to_legacy", *LIMITS)
    found = chosen(place, which)
    removed = meant(place, removed)
    require_known(parse_policy(found["policy"]), removed)
    entries = entries_patch(place.zone(), grants=meant(place, grants), removed=removed, deny=meant(place, deny))
    body: dict[str, Any] = {
        "policy": {**entries, **limited(place.zone(), **options)},
        **({"names": {language: name}} if name else {}),
        **({"descriptions": {language: description}} if description else {}),
        **({} if offered_to_legacy is None else {"offered_to_legacy": offered_to_legacy}),
        **_scope_patch(scope, unscope),
        **_end(place, expires, expires_after_days),
    }
    if preview:
        ask(output, place, "template", found["id"], _whole(found, body), days=days, based_on=found["version"])
        return
    _patch(output, place, found, body, yes=yes)


@template.command()
@WHICH
@click.argument("who")
@click.argument("rights", metavar="RIGHT[,RIGHT...]|LEVEL")
@in_organization
def grant(output: Output, place: Organization, which: str, who: str, rights: str) -> None:
    """Let WHO do this too, beside what the template gives already, and until the same end."""
    found, principal = chosen(place, which), _principal(place, who)
    held = _held(found, principal) or Grant(principal, frozenset())
    _patch_grant(output, place, found, replace(held, rights=held.rights | parse_rights(rights.split(","))))


@template.command()
@WHICH
@click.argument("who")
@click.argument("rights", required=False, metavar="[RIGHT[,RIGHT...]|LEVEL]")
@YES
@in_organization
def withdraw(output: Output, place: Organization, which: str, who: str, rights: str | None, *, yes: bool) -> None:
    """Take these rights from WHO, or all that the template gives when none is named."""
    found, principal = chosen(place, which), _principal(place, who)
    held = _held(found, principal)
    if held is None:
        raise Misused(
            message("“{name}” gives {who} nothing.", name=found["name"], who=who),
            remedy=message("Name them as the template does."),
        )
    left = held.rights - parse_rights(rights.split(",")) if rights else frozenset()
    if left == held.rights:
        raise Misused(
            message("“{name}” does not give {who} this.", name=found["name"], who=who),
            remedy=message("It gives: {rights}.", rights=", ".join(in_order(held.rights))),
        )
    if Right.OWNER in left:
        raise Misused(
            message("{who} holds OWNER, which includes every other right.", who=who),
            remedy=message(
                "Withdraw OWNER too, or name what is to be left: chancery template edit … --grant WHO:RIGHTS."
            ),
        )
    _patch_grant(output, place, found, replace(held, rights=left), yes=yes)


@template.command()
@WHICH
@in_organization
def publish(output: Output, place: Organization, which: str) -> None:
    """Offer a template for protecting."""
    found = chosen(place, which)
    changed(output, place.call("POST", f"/api/v1/templates/{found['id']}/publish"), id=found["id"])


@template.command()
@WHICH
@YES
@in_organization
def archive(output: Output, place: Organization, which: str, *, yes: bool) -> None:
    """Stop offering a template; what it protects still opens."""
    found = chosen(place, which)
    carry_out(output, place, "POST", f"/api/v1/templates/{found['id']}/archive", yes=yes, id=found["id"])


@template.command()
@WHICH
@click.option("--name", default="", help="What the copy is called.")
@in_organization
def copy(output: Output, place: Organization, which: str, name: str) -> None:
    """Make an archived template that says the same."""
    found = chosen(place, which)
    changed(output, place.call("POST", f"/api/v1/templates/{found['id']}/copy", {"name": name}))


@template.command()
@WHICH
@WIDE
@in_organization
def history(output: Output, place: Organization, which: str) -> None:
    """List every version: who made it, when, and how much it changed."""
    found = chosen(place, which)
    versions = place.call("GET", f"/api/v1/templates/{found['id']}/versions")["results"]
    rows = [
        {
            "version": one["number"],
            "made": one["made_at"],
            "author": one["author"]["name"] if one["author"] else message("the service"),
            "changed": joined(_changed(one))
            or (message("the first version") if one["number"] == 1 else message("nothing")),
        }
        for one in versions
    ]
    tables.show(output, rows, ["version", "made", "author", "changed"], empty=message("It has no versions."))


@template.command()
@WHICH
@click.option("--version", type=click.IntRange(min=1), required=True, help="Its number in the history.")
@YES
@in_organization
def restore(output: Output, place: Organization, which: str, version: int, *, yes: bool) -> None:
    """Bring back what an earlier version said, as a new version."""
    found = chosen(place, which)
    carry_out(output, place, "POST", f"/api/v1/templates/{found['id']}/versions/{version}/restore", yes=yes)


@template.command()
@WHICH
@YES
@in_organization
def delete(output: Output, place: Organization, which: str, *, yes: bool) -> None:
    """Delete an archived template; what it protects opens as before, and it can be brought back."""
    found = chosen(place, which)
    carry_out(output, place, "DELETE", f"/api/v1/templates/{found['id']}", yes=yes, id=found["id"])


@template.command()
@WHICH
@in_organization
def undelete(output: Output, place: Organization, which: str) -> None:
    """Bring back a deleted template, archived."""
    found = chosen(place, which, deleted=True)
    answer = place.call("POST", f"/api/v1/templates/{found['id']}/undelete")
    changed(output, answer, id=found["id"])


@template.command()
@WIDE
@in_organization
def deleted(output: Output, place: Organization) -> None:
    """List deleted templates."""
    found = place.call("GET", "/api/v1/templates/deleted")["results"]
    tables.show(output, found, ["name", "deleted_at", "documents", "id"], empty=message("Nothing is deleted."))


template.add_command(export)
template.add_command(import_)


def _changed(version: dict[str, Any]) -> list[str]:
    """Name what a version changed: whom it gave or took something, and which other members differ."""
    said = [one["who"].removeprefix("address:") or one["member"] for one in version["changes"]]
    return [
        *said,
        *([message("name or description")] if version["renamed"] else []),
        *([message("end")] if version["expiry"] else []),
        *([message("whom it is offered to")] if version["offer"] else []),
    ]


def _patch(
    output: Output, place: Organization, found: dict[str, Any], body: dict[str, Any], *, yes: bool = False
) -> None:
    """Change what is named, unless somebody else has changed the template since it was read."""
    carry_out(
        output, place, "PATCH", f"/api/v1/templates/{found['id']}", {**body, "based_on": found["version"]}, yes=yes
    )


def _held(found: dict[str, Any], who: Principal) -> Grant | None:
    """Return what a template gives to one entry.  Raises Misused for one with several ends."""
    held = parse_policy(found["policy"]).index.get(who, ())
    if len(held) > 1:
        raise Misused(
            message("“{name}” gives {who} rights with different ends.", name=found["name"], who=str(who)),
            remedy=message("Say all of it anew: chancery template edit … --grant WHO:RIGHTS."),
        )
    return held[0] if held else None


def _patch_grant(
    output: Output, place: Organization, found: dict[str, Any], grant: Grant, *, yes: bool = False
) -> None:
    """Put a grant in the place of what the template gave to the same entry; one without rights removes it."""
    given = {"rights": in_order(grant.rights), "until": grant.until} if grant.rights else None
    _patch(output, place, found, {"policy": {"grants": {str(grant.who): given}}}, yes=yes)


def _whole(found: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return all that a template would say with a patch: a preview keeps the change as a whole."""
    scope: dict[str, Any] = {**dict.fromkeys(found["scope"], True), **(patch.get("scope", {}) or {})}
    return {
        **{name: found[name] for name in ("expiry_option", "expires", "expires_after_days", "offered_to_legacy")},
        **patch,
        "names": {**found["names"], **patch.get("names", {})},
        "descriptions": {**found["descriptions"], **patch.get("descriptions", {})},
        "policy": patched(parse_policy(found["policy"]), patch["policy"]).as_json(),
        "scope": [who for who, kept in scope.items() if kept] if patch.get("scope", {}) is not None else [],
    }


def _principal(place: Organization, who: str) -> Principal:
    return Principal.parse(meant(place, (who,))[0])


def _scope_patch(added: tuple[str, ...], removed: tuple[str, ...]) -> dict[str, Any]:
    if "everybody" in added:
        if len(added) > 1 or removed:
            raise Misused(
                message("It is offered to everybody or to some."), remedy=message("Name either everybody or those.")
            )
        return {"scope": None}
    patch = {**dict.fromkeys(removed), **dict.fromkeys(added, True)}
    return {"scope": patch} if patch else {}


def _end(place: Organization, expires: str | None, days: int | None) -> dict[str, Any]:
    """Return the members that say when access ends, none where neither option was given."""
    if expires is not None and days is not None:
        raise Misused(message("Access has one end."), remedy=message("Use either --expires or --expires-after-days."))
    if days is not None:
        return {"expiry_option": "after_days", "expires": None, "expires_after_days": days}
    if expires is None:
        return {}
    date = expiry(expires, place.zone())["expires"]
    option = "never" if date is None else "on_date"
    return {"expiry_option": option, "expires": date, "expires_after_days": None}
