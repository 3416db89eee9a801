"""What administrators do, under the names that pages and API use: templates, keys, people, groups, settings."""

import json
from pathlib import Path
from typing import Any

import click

from protection.client.cli.documents import ORGANIZATION
from protection.client.cli.output import Output
from protection.client.errors import Misused
from protection.client.organization import Organization
from protection.client.session import Session, parse_grants
from protection.licensing.policy import Principal
from protection.licensing.rights import in_order

EVERYBODY = "everybody"


def _call(method: str, path: str, body: object = None, *, organization: str | None) -> Any:
    with Session.open() as session:
        return session.own_organization(organization).call(method, f"/api/v1/{path}", body)


# --- templates ---------------------------------------------------------------------------------------------------


@click.group("template")
def template() -> None:
    """Make, edit, publish and archive templates."""


GRANT = click.option("--grant", "grants", multiple=True, metavar="WHO:RIGHTS", help="e.g. everybody:viewer")
DENY = click.option("--deny", "deny", multiple=True, metavar="WHO", help="Never let WHO open what it protects.")
OFFLINE_DAYS = click.option("--offline-days", type=click.IntRange(-1, 65_535), help="Days a license works offline.")
EXPIRES_AFTER = click.option("--expires-after-days", type=click.IntRange(min=1), help="Days until access ends.")
DESCRIPTION = click.option("--description", help="What people read when they choose it.")
LANGUAGE = click.option("--language", default="en", show_default=True, help="The language of name and description.")


@template.command("list")
@ORGANIZATION
@click.pass_obj
def template_list(output: Output, organization: str | None) -> None:
    """List all templates, archived ones too."""
    found = _call("GET", "templates", organization=organization)["results"]
    output.table(found, ["name", "status", "version", "id"], empty="There are no templates yet.")


@template.command("create")
@click.argument("name")
@GRANT
@DENY
@OFFLINE_DAYS
@EXPIRES_AFTER
@DESCRIPTION
@LANGUAGE
@click.option("--publish", is_flag=True, help="Offer it for protecting at once.")
@ORGANIZATION
@click.pass_obj
def template_create(
    output: Output,
    name: str,
    grants: tuple[str, ...],
    deny: tuple[str, ...],
    offline_days: int | None,
    expires_after_days: int | None,
    description: str | None,
    language: str,
    organization: str | None,
    *,
    publish: bool,
) -> None:
    """Make a template called NAME."""
    with Session.open() as session:
        place = session.own_organization(organization)
        body = {
            "names": {language: name},
            "descriptions": {language: description} if description else {},
            "policy": {
                "grants": _grants(place, grants),
                "deny": [str(Principal.parse(who)) for who in deny],
                "offline_days": -1 if offline_days is None else offline_days,
            },
            "expiry_option": "after_days" if expires_after_days else "never",
            "expires_after_days": expires_after_days,
        }
        made = place.call("POST", "/api/v1/templates", body)
        if publish:
            place.call("POST", f"/api/v1/templates/{made['id']}/publish")
    state = "is offered for protecting" if publish else "is archived until you publish it"
    output.result(made, f"The template “{name}” {state}.")


@template.command("edit")
@click.argument("which", metavar="NAME|ID")
@click.option("--name", help="Another name.")
@GRANT
@click.option("--remove", "removed", multiple=True, metavar="WHO", help="Take WHO out of it.")
@DENY
@OFFLINE_DAYS
@EXPIRES_AFTER
@DESCRIPTION
@LANGUAGE
@ORGANIZATION
@click.pass_obj
def template_edit(
    output: Output,
    which: str,
    name: str | None,
    grants: tuple[str, ...],
    removed: tuple[str, ...],
    deny: tuple[str, ...],
    offline_days: int | None,
    expires_after_days: int | None,
    description: str | None,
    language: str,
    organization: str | None,
) -> None:
    """Change a template; what is not named stays.  Counts for documents it already protects."""
    with Session.open() as session:
        place = session.own_organization(organization)
        found = _template(place, which)
        policy = found["policy"]
        gone = {str(_principal(place, who)) for who in removed}
        fresh = {one["who"]: one["rights"] for one in _grants(place, grants)}
        kept = {one["who"]: one["rights"] for one in policy["grants"] if one["who"] not in gone}
        policy["grants"] = [{"who": who, "rights": rights} for who, rights in {**kept, **fresh}.items()]
        policy["deny"] = sorted({*policy["deny"], *(str(Principal.parse(who)) for who in deny)})
        if offline_days is not None:
            policy["offline_days"] = offline_days
        body = {
            "names": {**found["names"], **({language: name} if name else {})},
            "descriptions": {**found["descriptions"], **({language: description} if description else {})},
            "policy": policy,
            "expiry_option": "after_days" if expires_after_days else found["expiry_option"],
            "expires": None if expires_after_days else found["expires"],
            "expires_after_days": expires_after_days or found["expires_after_days"],
        }
        answer = place.call("PUT", f"/api/v1/templates/{found['id']}", body)
    output.result(answer, f"“{found['name']}” is changed (version {answer['version']}).")


@template.command("publish")
@click.argument("which", metavar="NAME|ID")
@ORGANIZATION
@click.pass_obj
def template_publish(output: Output, which: str, organization: str | None) -> None:
    """Offer a template for protecting."""
    _template_verb(output, which, "publish", "is offered for protecting", organization)


@template.command("archive")
@click.argument("which", metavar="NAME|ID")
@ORGANIZATION
@click.pass_obj
def template_archive(output: Output, which: str, organization: str | None) -> None:
    """Stop offering a template; what it protects still opens."""
    _template_verb(output, which, "archive", "is not offered any more", organization)


def _template_verb(output: Output, which: str, verb: str, done: str, organization: str | None) -> None:
    with Session.open() as session:
        place = session.own_organization(organization)
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


def _grants(place: Organization, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    own = f"organization:{place.id}"
    named = [own + text.removeprefix(EVERYBODY) if text.startswith(f"{EVERYBODY}:") else text for text in texts]
    return [{"who": str(grant.who), "rights": in_order(grant.rights)} for grant in parse_grants(named)]


def _principal(place: Organization, who: str) -> Principal:
    return Principal.parse(f"organization:{place.id}" if who == EVERYBODY else who)


# --- keys --------------------------------------------------------------------------------------------------------


@click.group("key")
def key() -> None:
    """List, make, activate and withdraw your organization's keys."""


@key.command("list")
@ORGANIZATION
@click.pass_obj
def key_list(output: Output, organization: str | None) -> None:
    """List all keys; never a secret half."""
    found = _call("GET", "keys", organization=organization)["results"]
    output.table(found, ["id", "status", "suite", "documents", "created_at"], empty="There are no keys.")


@key.command("create")
@click.option("--suite", type=click.Choice(["hybrid", "p256"]))
@ORGANIZATION
@click.pass_obj
def key_create(output: Output, suite: str | None, organization: str | None) -> None:
    """Make a key that is archived until you activate it."""
    made = _call("POST", "keys", {"suite": suite} if suite else {}, organization=organization)
    output.result(made, f"The key {made['id']} is made; activate it with: chancery key activate {made['id']}")


@key.command("rotate")
@click.option("--suite", type=click.Choice(["hybrid", "p256"]))
@ORGANIZATION
@click.pass_obj
def key_rotate(output: Output, suite: str | None, organization: str | None) -> None:
    """Make a new key and protect with it from now on; old documents still open."""
    made = _call("POST", "keys/rotate", {"suite": suite} if suite else {}, organization=organization)
    output.result(made, f"The key {made['id']} protects from now on. Old documents still open.")


@key.command("activate")
@click.argument("key_id", metavar="ID", type=click.UUID)
@ORGANIZATION
@click.pass_obj
def key_activate(output: Output, key_id: str, organization: str | None) -> None:
    """Protect with this key from now on."""
    _call("POST", f"keys/{key_id}/activate", organization=organization)
    output.result({"id": str(key_id), "done": "activate"}, f"The key {key_id} protects from now on.")


@key.command("compromise")
@click.argument("key_id", metavar="ID", type=click.UUID)
@click.option("--yes", is_flag=True, help="Do not ask.")
@ORGANIZATION
@click.pass_obj
def key_compromise(output: Output, key_id: str, organization: str | None, *, yes: bool) -> None:
    """Withdraw a key: everything under it stops opening for everybody, at once and for good."""
    question = f"Everything under key {key_id} stops opening for everybody, for good. Withdraw it?"
    if not yes and not output.as_json and not click.confirm(question, err=True):
        raise Misused("Nothing was changed.")
    _call("POST", f"keys/{key_id}/compromise", organization=organization)
    output.result({"id": str(key_id), "done": "compromise"}, f"The key {key_id} opens nothing any more.")


# --- people and groups -------------------------------------------------------------------------------------------


@click.group("person")
def person() -> None:
    """List, add, disable and enable people, and change their roles."""


@person.command("list")
@click.option("--search", default="")
@ORGANIZATION
@click.pass_obj
def person_list(output: Output, search: str, organization: str | None) -> None:
    """List people."""
    found = _call("GET", f"people?limit=200&search={search}", organization=organization)["results"]
    output.table(found, ["email", "name", "role", "guest", "disabled", "id"], empty="Nobody matches.")


@person.command("add")
@click.argument("address")
@click.option("--name", default="")
@click.option("--role", type=click.Choice(["user", "auditor", "global_administrator"]), default="user")
@click.option("--guest", is_flag=True, help="Not meant by “everybody”.")
@ORGANIZATION
@click.pass_obj
def person_add(output: Output, address: str, name: str, role: str, organization: str | None, *, guest: bool) -> None:
    """Add the person with this ADDRESS, who signs in with a mailed code."""
    body = {"email": address, "name": name, "role": role, "guest": guest}
    made = _call("POST", "people", body, organization=organization)
    output.result(made, f"{address} is added.")


@person.command("change")
@click.argument("address")
@click.option("--role", type=click.Choice(["user", "auditor", "global_administrator"]))
@click.option("--disable/--enable", "disabled", default=None, help="Refuse or allow everything from now on.")
@click.option("--reason", default="")
@ORGANIZATION
@click.pass_obj
def person_change(
    output: Output, address: str, role: str | None, disabled: bool | None, reason: str, organization: str | None
) -> None:
    """Change the role of a person, disable or enable him."""
    with Session.open() as session:
        place = session.own_organization(organization)
        found = place.call("GET", f"/api/v1/people?search={address}")["results"]
        match = next((one for one in found if one["email"] == address.casefold()), None)
        if match is None:
            raise Misused(f"Nobody here has the address {address}.")
        wanted = {"role": role, "disabled": disabled, "reason": reason or None}
        body = {name: value for name, value in wanted.items() if value is not None}
        answer = place.call("PATCH", f"/api/v1/people/{match['id']}", body)
    output.result(answer, f"{address} is changed.")


@click.group("group")
def group() -> None:
    """List, make and change groups."""


@group.command("list")
@ORGANIZATION
@click.pass_obj
def group_list(output: Output, organization: str | None) -> None:
    """List groups."""
    found = _call("GET", "groups?limit=200", organization=organization)["results"]
    output.table(found, ["address", "name", "members", "id"], empty="There are no groups yet.")


@group.command("create")
@click.argument("address")
@click.option("--name", required=True)
@click.option("--member", "members", multiple=True, metavar="ADDRESS")
@ORGANIZATION
@click.pass_obj
def group_create(output: Output, address: str, name: str, members: tuple[str, ...], organization: str | None) -> None:
    """Make a group with an ADDRESS in one of your proven mail domains."""
    body = {"address": address, "name": name, "members": list(members)}
    output.result(_call("POST", "groups", body, organization=organization), f"The group {address} is made.")


@group.command("change")
@click.argument("address")
@click.option("--add", multiple=True, metavar="ADDRESS")
@click.option("--remove", multiple=True, metavar="ADDRESS")
@ORGANIZATION
@click.pass_obj
def group_change(
    output: Output, address: str, add: tuple[str, ...], remove: tuple[str, ...], organization: str | None
) -> None:
    """Add or remove members."""
    with Session.open() as session:
        place = session.own_organization(organization)
        found = place.call("GET", f"/api/v1/groups?search={address}")["results"]
        match = next((one for one in found if one["address"] == address.casefold()), None)
        if match is None:
            raise Misused(f"There is no group {address} here.")
        body = {"add": list(add), "remove": list(remove)}
        answer = place.call("PATCH", f"/api/v1/groups/{match['id']}", body)
    output.result(answer, f"{address} is changed.")


# --- settings and the service ------------------------------------------------------------------------------------


@click.command("settings")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="e.g. max_license_days=7")
@ORGANIZATION
@click.pass_obj
def settings(output: Output, changes: tuple[str, ...], organization: str | None) -> None:
    """Show the settings of the service, or change some."""
    body = dict(_assignment(text) for text in changes)
    found = _call("PATCH" if body else "GET", "settings", body or None, organization=organization)
    output.result(found, *(f"{name}: {value}" for name, value in found.items()))


def _assignment(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise Misused(f"{text!r} sets nothing.", remedy="Write it like max_license_days=7.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@click.command("service")
@click.argument("state", type=click.Choice(["activate", "deactivate"]))
@ORGANIZATION
@click.pass_obj
def service(output: Output, state: str, organization: str | None) -> None:
    """Switch the service on or off: off means that nothing can be protected or opened."""
    _call("POST", f"service/{state}", organization=organization)
    output.result({"done": state}, f"The service is {'on' if state == 'activate' else 'off'}.")


@click.command("audit")
@click.option("--kind", default="", help="A kind such as key.rotated, or all of an object: content.")
@click.option("--outcome", type=click.Choice(["done", "allowed", "refused", "failed"]))
@click.option("--limit", type=click.IntRange(1, 200), default=50)
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON lines to this file.")
@ORGANIZATION
@click.pass_obj
def audit(
    output: Output, kind: str, outcome: str | None, limit: int, target: Path | None, organization: str | None
) -> None:
    """List what happened, newest first."""
    query = f"limit={limit}" + (f"&kind={kind}" if kind else "") + (f"&outcome={outcome}" if outcome else "")
    found = _call("GET", f"audit/events?{query}", organization=organization)["results"]
    if target is not None:
        target.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in found), encoding="utf-8")
        output.note(f"{len(found)} events are in {target}.")
        return
    rows = [{**one, "who": ", ".join(one["who"].get("addresses", []))} for one in found]
    output.table(rows, ["at", "kind", "outcome", "who", "reason"], empty="Nothing matches.")
