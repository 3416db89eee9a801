"""``settings`` and ``service``: how the service works for the organization, and whether it does."""

import json
from typing import Any

import click

from protection.client.cli.organization import in_organization
from protection.client.cli.output import Output
from protection.client.errors import Misused
from protection.client.organization import Organization
from protection.texts import say


@click.command()
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="e.g. max_license_days=7")
@in_organization
def settings(output: Output, place: Organization, changes: tuple[str, ...]) -> None:
    """Show the settings of the service, or change some."""
    body = dict(_assignment(text) for text in changes)
    found = place.call("PATCH" if body else "GET", "/api/v1/settings", body or None)
    output.result(found, *(f"{name}: {value}" for name, value in found.items()))


def _assignment(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise Misused(say("{text!r} sets nothing.", text=text), remedy=say("Write it like max_license_days=7."))
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@click.command()
@click.argument("state", type=click.Choice(["activate", "deactivate"]))
@in_organization
def service(output: Output, place: Organization, state: str) -> None:
    """Switch the service on or off.

    Off means that nothing can be protected or opened. Files protected with --offline wait until it is on again.
    """
    place.call("POST", f"/api/v1/service/{state}")
    output.result({"done": state}, say("The service is on.") if state == "activate" else say("The service is off."))
