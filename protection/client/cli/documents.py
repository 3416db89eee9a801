"""``templates``, ``documents``, ``track``, ``revoke``, ``restore``, ``change``: one's documents wherever they went."""

from typing import Any
from urllib.parse import urlencode

import click

from protection.client.cli.files import parse_expiry
from protection.client.cli.output import Output, moment
from protection.client.errors import Misused
from protection.client.organization import Organization
from protection.client.session import Session, parse_grants
from protection.licensing.policy import Principal
from protection.licensing.rights import in_order

ORGANIZATION = click.option("--organization", help="The organization, if you belong to several.")
DOCUMENT = click.argument("document", metavar="FILE|ID")


@click.command()
@ORGANIZATION
@click.pass_obj
def templates(output: Output, organization: str | None) -> None:
    """List the templates you can protect by."""
    with Session.open() as session:
        found = session.own_organization(organization).templates()
    rows = [{"name": one["name"], "description": one["description"], "id": one["id"]} for one in found]
    output.table(rows, ["name", "description", "id"], empty="There are no published templates.")


@click.command()
@click.option("--all", "everybody", is_flag=True, help="Everybody's documents, if your role allows it.")
@click.option("--search", default="", help="In title, issuer and owner.")
@click.option("--state", type=click.Choice(["active", "revoked", "held", "barred"]))
@click.option("--limit", type=click.IntRange(1, 200), default=50)
@ORGANIZATION
@click.pass_obj
def documents(
    output: Output, search: str, state: str | None, limit: int, organization: str | None, *, everybody: bool
) -> None:
    """List your documents, newest first."""
    query = urlencode({"scope": "all" if everybody else "mine", "search": search, "state": state or "", "limit": limit})
    with Session.open() as session:
        found = session.own_organization(organization).call("GET", f"/api/v1/documents?{query}")["results"]
    columns = ["title", "state", "owner", "opened", "refused", "registered_at", "cid"]
    output.table(found, columns, empty="You have not protected anything yet. Try: chancery protect FILE")


@click.command()
@DOCUMENT
@ORGANIZATION
@click.pass_obj
def track(output: Output, document: str, organization: str | None) -> None:
    """Show who opened a document, who was refused, when and from where."""
    with Session.open() as session:
        place, cid = session.own_organization(organization), session.document_id(document)
        found = place.call("GET", f"/api/v1/documents/{cid}/events?limit=200")["results"]
    rows = [_event(event) for event in found]
    output.table(rows, ["at", "what", "outcome", "who", "from", "reason"], empty="Nothing has happened to it yet.")


def _event(event: dict[str, Any]) -> dict[str, Any]:
    who = event["who"]
    return {
        "at": event["at"],
        "what": event["kind"].partition(".")[2],
        "outcome": event["outcome"],
        "who": ", ".join(who.get("addresses", [])) or who.get("name"),
        "from": who.get("ip"),
        "reason": event["reason"],
        "rights": event["details"].get("rights"),
        "id": event["id"],
    }


@click.command()
@DOCUMENT
@click.option("--recipient", help="Only this person or group (an address).")
@click.option("--reason", default="", help="Why; kept on record.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@ORGANIZATION
@click.pass_obj
def revoke(
    output: Output, document: str, recipient: str | None, reason: str, organization: str | None, *, yes: bool
) -> None:
    """Take access back, from everybody or from one recipient."""
    with Session.open() as session:
        place, cid = session.own_organization(organization), session.document_id(document)
        whom = recipient or "everybody but you"
        if not yes and not output.as_json and not click.confirm(f"Take access to {document} from {whom}?", err=True):
            raise Misused("Nothing was revoked.")
        body = {"reason": reason, "recipient": recipient or ""}
        answer = place.call("POST", f"/api/v1/documents/{cid}/revoke", body)
    latest = answer["latest_offline_moment"]
    copies = (
        f"Copies cached offline can still be opened until {latest}." if latest else "No copy can be opened offline."
    )
    output.result({"cid": str(cid), **answer}, f"Access is revoked from now on. {copies}")


@click.command()
@DOCUMENT
@click.option("--recipient", help="Only this person or group (an address).")
@ORGANIZATION
@click.pass_obj
def restore(output: Output, document: str, recipient: str | None, organization: str | None) -> None:
    """Give back what a revocation took away."""
    with Session.open() as session:
        place, cid = session.own_organization(organization), session.document_id(document)
        place.call("POST", f"/api/v1/documents/{cid}/restore", {"recipient": recipient or ""})
    output.result({"cid": str(cid), "restored": True}, "Access is restored.")


@click.command()
@DOCUMENT
@click.option("--grant", "grants", multiple=True, metavar="WHO:RIGHTS", help="Give these rights, replacing WHO's own.")
@click.option("--remove", "removed", multiple=True, metavar="WHO", help="Take WHO out of the policy.")
@click.option("--deny", "deny", multiple=True, metavar="WHO", help="Never let WHO open it.")
@click.option("--expires", help="When access ends: 2027-01-31, 30d, or never.")
@click.option("--offline-days", type=click.IntRange(-1, 65_535), help="Days a license works offline; 0: never.")
@click.option("--reason", default="", help="Why; kept in the document's history.")
@ORGANIZATION
@click.pass_obj
def change(
    output: Output,
    document: str,
    grants: tuple[str, ...],
    removed: tuple[str, ...],
    deny: tuple[str, ...],
    expires: str | None,
    offline_days: int | None,
    reason: str,
    organization: str | None,
) -> None:
    """Change who may do what with a document, also after it was sent.  What is not named stays as it is."""
    with Session.open() as session:
        place, cid = session.own_organization(organization), session.document_id(document)
        policy = _policy(place, str(cid))
        gone = {str(Principal.parse(who)) for who in removed}
        fresh = {str(grant.who): in_order(grant.rights) for grant in parse_grants(grants)}
        kept = {one["who"]: one["rights"] for one in policy["grants"] if one["who"] not in gone}
        policy["grants"] = [{"who": who, "rights": rights} for who, rights in {**kept, **fresh}.items()]
        policy["deny"] = sorted({*policy["deny"], *(str(Principal.parse(who)) for who in deny)})
        if expires is not None:
            policy["expires"] = None if expires == "never" else parse_expiry(expires)
        if offline_days is not None:
            policy["offline_days"] = offline_days
        answer = place.call("PUT", f"/api/v1/documents/{cid}/policy", {"policy": policy, "reason": reason})
    people = ", ".join(one["who"].partition(":")[2] or one["who"] for one in policy["grants"]) or "nobody but you"
    line = f"The policy is changed: {people}; expires {moment(policy['expires'])}."
    output.result({"cid": str(cid), "policy": policy, **answer}, line)


def _policy(place: Organization, cid: str) -> dict[str, Any]:
    return dict(place.call("GET", f"/api/v1/documents/{cid}")["policy"])
