"""``acting``: an administrator acts for a member, declared and for an hour."""

from datetime import datetime
from typing import Final

import click

from chancery.cli.confirming import asks, carry_out, changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output, moment
from chancery.sdk.organization import Organization
from chancery.texts import message

PATH: Final = "/api/v1/acting"


@click.group()
def acting() -> None:
    """Act for a member: their documents are listed as yours."""


@acting.command("begin")
@click.argument("person", metavar="ADDRESS")
@asks
@in_organization
def begin_acting(output: Output, place: Organization, person: str, reason: str, *, yes: bool) -> None:
    """Act for a member for an hour.

    What you take back is taken back in their name; they get a mail with your reason. It gives you no access.
    """
    carry_out(output, place, "POST", PATH, {"person": person}, yes=yes, reason=reason)


@acting.command("end")
@in_organization
def end_acting(output: Output, place: Organization) -> None:
    """Act for yourself again."""
    changed(output, place.call("DELETE", PATH))


@acting.command("show")
@in_organization
def show_acting(output: Output, place: Organization) -> None:
    """Show for whom you act, and until when."""
    found = place.call("GET", PATH)
    if found["person"] is None:
        output.result(found, message("You act for yourself."))
        return
    until = moment(int(datetime.fromisoformat(found["until"]).timestamp()), place.zone())
    words = message("You act for {who} until {until}.", who=found["address"], until=until)
    output.result(found, words, message("Your reason: {reason}", reason=found["reason"]))
