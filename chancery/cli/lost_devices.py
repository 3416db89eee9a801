"""``device lost`` and ``device loss-code``: a device that its person has lost."""

import functools
import os
from typing import Any
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.administration import PERSON, device
from chancery.cli.confirming import asks, changed, confirmed
from chancery.cli.language import spoken
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.people import by_address
from chancery.cli.session import signed_in
from chancery.cli.tables import WIDE
from chancery.sdk.errors import Misused
from chancery.sdk.http import Http, json_body
from chancery.sdk.organization import Organization
from chancery.sdk.routes import base_of
from chancery.sdk.session import USER_AGENT
from chancery.texts import message

ADDRESS = click.option("--address", metavar="ADDRESS", help="Your e-mail address, with a code.")
CODE = click.option("--code", help="A code from your administrator, where you cannot sign in.")
HOST = click.option("--host", help="The installation, with a code. Default: CHANCERY_HOST.")


@device.command("lost")
@click.argument("device_id", metavar="ID", type=click.UUID)
@ADDRESS
@CODE
@HOST
@asks
@click.pass_obj
def report_lost(
    output: Output,
    device_id: UUID,
    address: str | None,
    code: str | None,
    host: str | None,
    reason: str,
    *,
    yes: bool,
) -> None:
    """Report a device of yours lost: it opens nothing any more.

    Sign in afresh on another device first. Where you cannot, an administrator gives you a code.
    """
    if code is not None:
        send = functools.partial(_by_code, address, code, host, f"/{device_id}/lost")
        answer = confirmed(output, send, yes=yes, reason=reason)
    else:
        with signed_in(output) as session:
            path = f"/api/v1/devices/{device_id}/lost"
            send = functools.partial(session.service.call, "POST", session.account.iss, path)
            answer = confirmed(output, send, yes=yes, reason=reason)
    changed(output, answer, id=str(device_id))


@device.command("list-by-code")
@click.option("--address", required=True, metavar="ADDRESS", help="Your e-mail address.")
@click.option("--code", required=True, help="A code from your administrator.")
@HOST
@WIDE
@click.pass_obj
def list_by_code(output: Output, address: str, code: str, host: str | None) -> None:
    """List your devices by a code, without signing in."""
    found = _by_code(address, code, host, "", {})["results"]
    tables.show(output, found, ["name", "platform", "created_at", "id"], empty=message("None."))


@device.command("loss-code")
@PERSON
@asks
@in_organization
def loss_code(output: Output, place: Organization, person: str, reason: str, *, yes: bool) -> None:
    """Give a person a code to report a device lost.

    Make sure that you speak to the person themselves. The code ends one device and signs nobody in.
    """
    found = by_address(place, "people", "email", person)
    send = functools.partial(place.call, "POST", f"/api/v1/people/{found['id']}/loss-code")
    made = confirmed(output, send, yes=yes, reason=reason)
    changed(output, made)
    if not output.as_json:
        output.result({}, message("Code: {code}", code=made["code"]))


def _by_code(address: str | None, code: str, host: str | None, act: str, body: dict[str, Any]) -> Any:
    """Ask the installation as somebody who is not signed in."""
    place = host or os.environ.get("CHANCERY_HOST")
    if address is None or place is None:
        raise Misused(
            message("With a code, say who you are and where."), remedy=message("Add --address ADDRESS and --host HOST.")
        )
    http = Http(USER_AGENT, language=spoken())
    return http.send(
        "POST",
        f"{base_of(place)}/api/v1/loss-code/devices{act}",
        body=json_body({"address": address, "code": code, **body}),
        headers={"Content-Type": "application/json"},
    )
