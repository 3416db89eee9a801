"""``settings``, ``service`` and ``leave``: how the service works for the organization, and belonging to it."""

import functools
import json
from typing import Any

import click

from chancery.cli.confirming import asks, carry_out, changed, confirmed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message


@click.command()
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="e.g. max_license_days=7")
@asks
@in_organization
def settings(output: Output, place: Organization, changes: tuple[str, ...], reason: str, *, yes: bool) -> None:
    """Show the settings of the service, or change some."""
    body = dict(_assignment(text) for text in changes)
    if body:
        carry_out(output, place, "PATCH", "/api/v1/settings", body, yes=yes, reason=reason)
        return
    found = place.call("GET", "/api/v1/settings")
    output.result(found, *(f"{name}: {value}" for name, value in found.items()))


def _assignment(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise Misused(message("{text!r} sets nothing.", text=text), remedy=message("Write it like max_license_days=7."))
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@click.command()
@click.argument("state", type=click.Choice(["activate", "deactivate", "invalidate-licenses"]))
@click.option("--group", metavar="ADDRESS", help="Only licenses that people in this group keep.")
@asks
@in_organization
def service(output: Output, place: Organization, state: str, group: str | None, reason: str, *, yes: bool) -> None:
    """Switch the service on or off, or let devices ask for new licenses.

    Off means that nothing can be protected or opened. Files protected without a network wait until it is on again.
    With invalidate-licenses every device asks for a new license at its next opening; nobody loses a right.
    """
    if group is not None and state != "invalidate-licenses":
        raise Misused(message("A group is named with invalidate-licenses only."), remedy=message("Leave out --group."))
    body = {} if group is None else {"group": group}
    send = functools.partial(place.call, "POST", f"/api/v1/service/{state}")
    answer = confirmed(output, send, body, yes=yes, reason=reason)
    changed(output, answer, state=state)


@click.command()
@asks
@in_organization
def leave(output: Output, place: Organization, reason: str, *, yes: bool) -> None:
    """Leave your organization for good.

    You can no longer open anything there. The last administrator cannot leave.
    """
    carry_out(output, place, "POST", "/api/v1/leave", yes=yes, reason=reason)
