"""``domain``, ``application``, ``device`` and ``pending``: what administrators and people do beside documents."""

import functools
from urllib.parse import quote
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, carry_out, changed, confirmed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.people import by_address
from chancery.cli.session import signed_in
from chancery.cli.tables import LIMIT, WIDE, sorts
from chancery.policy.policy import Principal
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

DOMAIN = click.argument("domain_name", metavar="DOMAIN")
CLIENT = click.argument("client_id", metavar="ID")
DOCUMENT = click.argument("cid", metavar="DOCUMENT", type=click.UUID)


@click.group("domain")
def domain() -> None:
    """List, claim and prove your organization's mail domains."""


@domain.command("list")
@WIDE
@in_organization
def list_domains(output: Output, place: Organization) -> None:
    """List the mail domains."""
    found = place.call("GET", "/api/v1/domains")["results"]
    columns = ["domain", "proven_at", "checked_at", "challenge"]
    tables.show(output, found, columns, empty=message("There are no mail domains yet."))


@domain.command("show")
@DOMAIN
@in_organization
def show_domain(output: Output, place: Organization, domain_name: str) -> None:
    """Show the DNS record of a DOMAIN and what the DNS said last."""
    normal = Principal.parse(f"domain:{domain_name}").value
    found = next((one for one in place.call("GET", "/api/v1/domains")["results"] if one["domain"] == normal), None)
    if found is None:
        raise Misused(
            message("{domain} is not among the mail domains here.", domain=domain_name),
            remedy=message("See: chancery domain list"),
        )
    lines: list[str] = [
        message("TXT record of {domain}:", domain=found["domain"]),
        f"    {found['challenge']}",
        message("Proven.") if found["proven_at"] else message("Not proven yet."),
    ]
    if found["check"]:
        lines.append(message("The DNS said: {what}", what=found["check"]))
    output.result(found, *lines)


@domain.command("claim")
@DOMAIN
@in_organization
def claim_domain(output: Output, place: Organization, domain_name: str) -> None:
    """Claim a mail DOMAIN; what is to be put into the DNS is printed."""
    made = place.call("POST", "/api/v1/domains", {"domain": domain_name})
    changed(output, made)
    output.note(message("When it is in the DNS: chancery domain prove {domain}", domain=made["domain"]))


@domain.command("prove")
@DOMAIN
@click.option("--without-dns", is_flag=True, help="Accept it as it is; only on an installation on your own machine.")
@in_organization
def prove_domain(output: Output, place: Organization, domain_name: str, *, without_dns: bool) -> None:
    """Prove a mail DOMAIN by its DNS record."""
    body = {"without_dns": True} if without_dns else {}
    answer = place.call("POST", f"/api/v1/domains/{quote(domain_name, safe='')}/prove", body)
    changed(output, answer, domain=domain_name)


@domain.command("release")
@DOMAIN
@asks
@in_organization
def release_domain(output: Output, place: Organization, domain_name: str, reason: str, *, yes: bool) -> None:
    """Give up a mail DOMAIN: the organization no longer vouches for its addresses."""
    carry_out(
        output,
        place,
        "POST",
        f"/api/v1/domains/{quote(domain_name, safe='')}/release",
        yes=yes,
        reason=reason,
        domain=domain_name,
    )


@click.group("device")
def device() -> None:
    """List and revoke your devices.

    Administrators block those of others at their organization, too.
    """


PERSON = click.option("--person", required=True, metavar="ADDRESS", help="Whose device it is.")
DEVICE = click.argument("device_id", metavar="ID", type=click.UUID)


@device.command("list")
@click.option("--person", metavar="ADDRESS", help="Of this person of your organization, as an administrator.")
@sorts("name", "created_at")
@WIDE
@click.pass_obj
def list_devices(output: Output, person: str | None, sort: str) -> None:
    """List your devices, revoked ones too."""
    columns = ["name", "platform", "created_at", "revoked_at"]
    with signed_in(output) as session:
        if person is not None:
            place = session.own_organization(None)
            theirs = place.call("GET", f"{_devices(place, person)}?sort={sort}")["results"]
            tables.show(output, theirs, [*columns, "blocked", "id"], empty=message("None."))
            return
        found = session.service.call("GET", session.account.iss, f"/api/v1/devices?sort={sort}")["results"]
        rows = [{**one, "here": one["id"] == str(session.account.device)} for one in found]
    tables.show(output, rows, [*columns, "here", "id"], empty=message("None."))


def _devices(place: Organization, address: str) -> str:
    """Return the address of a person's devices at an organization."""
    return f"/api/v1/people/{by_address(place, 'people', 'email', address)['id']}/devices"


@device.command("block")
@DEVICE
@PERSON
@asks
@in_organization
def block_device(output: Output, place: Organization, device_id: UUID, person: str, reason: str, *, yes: bool) -> None:
    """Block a device of a person at your organization.

    It gets no more licenses here. At other organizations it keeps working.
    """
    carry_out(
        output, place, "POST", f"{_devices(place, person)}/{device_id}/block", yes=yes, reason=reason, id=str(device_id)
    )


@device.command("unblock")
@DEVICE
@PERSON
@in_organization
def unblock_device(output: Output, place: Organization, device_id: UUID, person: str) -> None:
    """Let a blocked device of a person in again."""
    answer = place.call("POST", f"{_devices(place, person)}/{device_id}/unblock")
    changed(output, answer, id=str(device_id))


@device.command("revoke")
@click.argument("device_ids", metavar="ID...", type=click.UUID, nargs=-1, required=True)
@asks
@click.pass_obj
def revoke_device(output: Output, device_ids: tuple[UUID, ...], reason: str, *, yes: bool) -> None:
    """Revoke a device: it gets no more licenses, and those it keeps end."""
    with signed_in(output) as session:
        call, host = session.service.call, session.account.iss
        if len(device_ids) > 1:
            body = {"act": "revoke", "devices": [str(one) for one in device_ids]}
            send = functools.partial(call, "POST", host, "/api/v1/devices/chosen")
            changed(output, confirmed(output, send, body, yes=yes, reason=reason))
            return
        send = functools.partial(call, "DELETE", host, f"/api/v1/devices/{device_ids[0]}")
        answer = confirmed(output, send, yes=yes, reason=reason)
    changed(output, answer, id=str(device_ids[0]))


@click.group("pending")
def pending() -> None:
    """List documents that wait for you, accept or block them."""


@pending.command("list")
@LIMIT
@WIDE
@in_organization
def list_pending(output: Output, place: Organization, limit: int | None) -> None:
    """List the documents that wait."""
    found = place.each("/api/v1/documents", scope="all", state="pending")
    tables.show(output, found, ["title", "owner", "registered_at", "cid"], empty=message("Nothing waits."), limit=limit)


@pending.command("accept")
@DOCUMENT
@in_organization
def accept(output: Output, place: Organization, cid: UUID) -> None:
    """Accept a document: it opens as its policy says."""
    changed(output, place.call("POST", f"/api/v1/documents/{cid}/accept"), cid=str(cid))


@pending.command("block")
@DOCUMENT
@asks
@in_organization
def block(output: Output, place: Organization, cid: UUID, reason: str, *, yes: bool) -> None:
    """Block a document for good: no one can open it."""
    carry_out(output, place, "POST", f"/api/v1/documents/{cid}/block", yes=yes, reason=reason, cid=str(cid))
