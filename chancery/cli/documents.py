"""``templates``, ``documents``, ``track``, ``policy``, ``change``: what was sent."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, changed, confirmed
from chancery.cli.organization import (
    ORGANIZATION,
    entries_patch,
    in_organization,
    require_changes,
    require_known,
)
from chancery.cli.output import Output, moment
from chancery.cli.policy import DENY, EXPIRES, LIMITS, REMOVE, expiry, limited, limits
from chancery.cli.session import signed_in
from chancery.cli.tables import LIMIT, WIDE, sorts
from chancery.cli.template_choice import meant
from chancery.policy.patch import patched
from chancery.policy.policy import parse_policy
from chancery.policy.words import rights_in_words
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.sdk.session import Session
from chancery.sealing.read import open_sealed
from chancery.texts import joined, message


class Document(click.ParamType[UUID]):
    """A document, named by its id or by a sealed file."""

    name = "FILE|ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Return its id."""
        if Path(value).is_file():
            with open_sealed(Path(value)) as file:
                return file.publishing_license.cid
        try:
            return UUID(value)
        except ValueError:
            raise Misused(
                message("{value!r} is neither a sealed file nor a document's id.", value=value),
                remedy=message("See: chancery documents"),
            ) from None


DOCUMENT = click.argument("cid", metavar="FILE|ID", type=Document())
DOCUMENTS = click.argument("cids", metavar="FILE|ID...", type=Document(), nargs=-1, required=True)


def where_it_is(session: Session, named: str, organization: str | None) -> tuple[Organization, UUID]:
    """Return the organization that protects a document, and its id.

    A file says itself where it was protected; of an id the person's own organization is asked.
    """
    if Path(named).is_file():
        return session.organization_of(Path(named))
    return session.own_organization(organization), Document().convert(named, None, None)


def about_document(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its output, the organization that protects the document it is about, and the document's id."""

    def run(output: Output, /, named: str, organization: str | None, **options: Any) -> None:
        with signed_in(output) as session:
            place, cid = where_it_is(session, named, organization)
            command(output, place, cid, **options)

    functools.update_wrapper(run, command)
    return click.argument("named", metavar="FILE|ID")(ORGANIZATION(click.pass_obj(run)))


@click.command()
@WIDE
@in_organization
def templates(output: Output, place: Organization) -> None:
    """List the templates you can protect by."""
    offered = place.offered(newest=True)
    rows = [{name: one[name] for name in ("name", "description", "id")} for one in offered.results]
    age = offered.age(time.time())
    if age:
        output.note(age)
    tables.show(output, rows, ["name", "description", "id"], empty=message("There are no published templates."))


@click.command()
@click.option("--all", "everybody", is_flag=True, help="Everybody's documents, if your role allows it.")
@click.option("--search", default="", help="In title, issuer and owner.")
@click.option("--state", type=click.Choice(["active", "revoked", "pending", "blocked"]), help="Only these.")
@click.option("--granted-to", default="", metavar="WHO", help="Only those that grant something to WHO.")
@click.option("--owner", default="", metavar="ADDRESS", help="Only those that this person owns.")
@click.option("--issuer", default="", metavar="ADDRESS", help="Only those that this person protected.")
@click.option("--new", is_flag=True, help="Only yours that others opened since your last visit to the pages.")
@sorts("registered_at", "title", "owner", "state", "opened", "refused")
@LIMIT
@WIDE
@in_organization
def documents(
    output: Output,
    place: Organization,
    search: str,
    state: str | None,
    granted_to: str,
    owner: str,
    issuer: str,
    sort: str,
    limit: int | None,
    *,
    everybody: bool,
    new: bool,
) -> None:
    """List your documents, newest first."""
    scope = "all" if everybody else "mine"
    filters = {"search": search, "state": state or "", "granted_to": granted_to, "owner": owner, "issuer": issuer}
    filters |= {"new": "true"} if new else {}
    found = place.each("/api/v1/documents", scope=scope, sort=sort, **filters)
    columns = ["title", "state", "owner", "opened", "refused", "registered_at", "cid"]
    none = message("You have not protected anything yet. Try: chancery protect FILE")
    empty = message("Nothing matches.") if any(filters.values()) else none
    tables.show(output, found, columns, empty=empty, limit=limit)


@click.command()
@WIDE
@about_document
def policy(output: Output, place: Organization, cid: UUID) -> None:
    """Show who may do what with a document.

    Needs the right VIEWRIGHTSDATA, unless the document is yours.
    """
    found = place.call("GET", f"/api/v1/documents/{cid}/policy")
    rows = [{"who": who_is(one["who"], place), "may": _may(one, place.zone())} for one in found["grants"]]
    rows += [{"who": who_is(who, place), "may": message("never open it")} for who in found["policy"].get("deny", [])]
    if output.as_json:
        output.result(found)
        return
    tables.show(
        output,
        rows,
        ["who", "may"],
        empty=message("Only its owner may open it, and the person who protected it unless it was handed over."),
    )
    end = message("Expires {end}.", end=moment(found["policy"].get("expires"), place.zone()))
    output.note(joined((end, message("You may change it: chancery change.")), " ") if found["may_change"] else end)


def _may(grant: dict[str, Any], zone: ZoneInfo) -> str:
    """Return what a grant gives, and until when."""
    rights = grant["level"] or rights_in_words(grant["rights"])
    until = grant.get("until")
    return rights if until is None else message("{rights} until {end}", rights=rights, end=moment(until, zone))


def _named(grant: dict[str, Any], place: Organization, zone: ZoneInfo) -> str:
    """Return whom a grant means, and until when."""
    who, until = who_is(grant["who"], place), grant.get("until")
    return who if until is None else message("{who} until {end}", who=who, end=moment(until, zone))


def who_is(principal: str, place: Organization) -> str:
    """Return whom an entry means, as ``--grant`` takes it."""
    return "everybody" if principal == f"organization:{place.id}" else principal.removeprefix("address:")


@click.command()
@click.option(
    "--grant",
    "grants",
    multiple=True,
    metavar="WHO:RIGHTS",
    help="Give these rights, replacing WHO's own and their end; 'WHO:RIGHTS until WHEN' sets an end.",
)
@REMOVE
@DENY
@EXPIRES
@click.option("--expires-after-days", type=click.IntRange(min=1), help="Access ends so many days after protection.")
@limits
@asks
@about_document
def change(
    output: Output,
    place: Organization,
    cid: UUID,
    grants: tuple[str, ...],
    removed: tuple[str, ...],
    deny: tuple[str, ...],
    expires: str | None,
    expires_after_days: int | None,
    reason: str,
    *,
    yes: bool,
    **options: Any,
) -> None:
    """Change who may do what with a document, also after it was sent.

    What is not named does not change.
    """
    require_changes("grants", "removed", "deny", "expires", "expires_after_days", *LIMITS)
    if expires and expires_after_days:
        raise Misused(message("There are two ends."), remedy=message("Use either --expires or --expires-after-days."))
    grants, removed, deny = (meant(place, texts) for texts in (grants, removed, deny))
    zone = place.zone()
    entries = entries_patch(zone, grants=grants, removed=removed, deny=deny)
    patch = {**entries, **expiry(expires, zone), **limited(zone, **options)}
    path = f"/api/v1/documents/{cid}/policy"
    before = place.call("GET", path)
    known = parse_policy(before["policy"])
    require_known(known, removed)
    wanted = patched(known, patch).as_json()
    days = {} if expires_after_days is None else {"expires_after_days": expires_after_days}
    body = {"policy": wanted, "based_on": before["version"], **days}
    answer = confirmed(output, functools.partial(place.call, "PUT", path), body, yes=yes, reason=reason)
    wanted = place.call("GET", path)["policy"] if days else wanted
    changed(output, answer, cid=str(cid), policy=wanted)
    people = ", ".join(_named(one, place, zone) for one in wanted["grants"]) or message("only you")
    output.note(
        message("Who may open it: {people}; expires {end}.", people=people, end=moment(wanted["expires"], zone))
    )
