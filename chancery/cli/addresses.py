"""``address``: the addresses by which a person is known, their own ones and those of members."""

from collections.abc import Mapping
from typing import Any, Final

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, changed, confirmed
from chancery.cli.language import translate
from chancery.cli.output import Output
from chancery.cli.people import by_address
from chancery.cli.session import signed_in
from chancery.cli.tables import WIDE
from chancery.sdk.session import Session
from chancery.texts import message

ADDRESS = click.argument("address")
PERSON = click.option("--person", metavar="ADDRESS", help="Of this member of your organization, as an administrator.")
OWN: Final = "/api/v1/me/addresses"


@click.group("address")
def address() -> None:
    """List, add and remove addresses, choose the main one."""


@address.command("list")
@PERSON
@WIDE
@click.pass_obj
def list_addresses(output: Output, person: str | None) -> None:
    """List your addresses and who has proven them."""
    with signed_in(output) as session:
        if person is not None:
            found = by_address(session.own_organization(None), "people", "email", person)
            theirs = [{**one, "main": one["address"] == found["email"]} for one in found["addresses"]]
            tables.show(output, theirs, ["address", "main", "proven"], empty=message("None."))
            return
        found = session.service.call("GET", session.account.iss, OWN)["results"]
    columns = ["address", "main", "proven by", "proven_at", "managed by", "code_until"]
    rows = found if output.as_json else [{**one, **_in_words(one)} for one in found]
    tables.show(output, rows, columns, empty=message("None."))


@address.command("add")
@ADDRESS
@PERSON
@click.pass_obj
def add_address(output: Output, address: str, person: str | None) -> None:
    """Add an ADDRESS: a code is mailed to it.

    To members, administrators add addresses in proven mail domains without a code; they sign nobody in.
    """
    made = _sent(output, person, "", {"address": address})
    if person is None and made["changed"]:
        output.note(message("When you have the mail: chancery address confirm {address}", address=made["address"]))


@address.command("confirm")
@ADDRESS
@click.argument("code", required=False)
@click.pass_obj
def confirm_address(output: Output, address: str, code: str | None) -> None:
    """Confirm an ADDRESS by the CODE that was mailed to it."""
    entered = code or str(click.prompt(translate(message("Code")), err=True))
    _sent(output, None, "/confirm", {"address": address, "code": entered})


@address.command("remove")
@ADDRESS
@PERSON
@asks
@click.pass_obj
def remove_address(output: Output, address: str, person: str | None, reason: str, *, yes: bool) -> None:
    """Remove an ADDRESS: what is protected for it no longer opens."""
    _sent(output, person, "/remove", {"address": address}, yes=yes, reason=reason)


@address.command("main")
@ADDRESS
@PERSON
@click.pass_obj
def choose_main_address(output: Output, address: str, person: str | None) -> None:
    """Make an ADDRESS the main one, to which messages go."""
    _sent(output, person, "/main", {"address": address})


_PROVEN: Final = {"person": message("you"), "organization": message("your organization"), "": message("nobody yet")}


def _in_words(one: Mapping[str, Any]) -> dict[str, str]:
    return {"proven by": translate(_PROVEN[one["proven_by"]]), "managed by": one["organization"]}


def _sent(
    output: Output, person: str | None, act: str, body: dict[str, str], *, yes: bool = False, reason: str = ""
) -> Any:
    """Send a change of the caller's addresses or of a member's, asked first where the service asks, and print it."""
    with signed_in(output) as session:
        answer = confirmed(output, lambda sent: _call(session, person, act, sent), body, yes=yes, reason=reason)
    changed(output, answer)
    return answer


def _call(session: Session, person: str | None, act: str, body: dict[str, Any]) -> Any:
    if person is None:
        return session.service.call("POST", session.account.iss, f"{OWN}{act}", body)
    place = session.own_organization(None)
    found = by_address(place, "people", "email", person)
    return place.call("POST", f"/api/v1/people/{found['id']}/addresses{act}", body)
