"""``session``: what somebody is signed in with, and ending it."""

import functools
from typing import Any
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import asks, changed, confirmed
from chancery.cli.output import Output
from chancery.cli.people import by_address
from chancery.cli.session import signed_in
from chancery.cli.tables import WIDE
from chancery.sdk.session import Session
from chancery.texts import message

PERSON = click.option("--person", metavar="ADDRESS", help="Of this member of your organization, as an administrator.")


@click.group("session")
def session() -> None:
    """List and end sessions: browsers and programs signed in."""


@session.command("list")
@PERSON
@WIDE
@click.pass_obj
def list_sessions(output: Output, person: str | None) -> None:
    """List what you are signed in with."""
    with signed_in(output) as opened:
        found = _call(opened, person, "GET", "")["results"]
    columns = ["name", "kind", "ip", "since", "last_used", "current", "id"]
    tables.show(output, found, columns, empty=message("None."))


@session.command("end")
@click.argument("session_id", metavar="ID", type=click.UUID)
@PERSON
@asks
@click.pass_obj
def end_session(output: Output, session_id: UUID, person: str | None, reason: str, *, yes: bool) -> None:
    """End a session: it is signed out, and its device revoked."""
    _end(output, person, f"/{session_id}/end", yes=yes, reason=reason)


@session.command("end-others")
@asks
@click.pass_obj
def end_other_sessions(output: Output, reason: str, *, yes: bool) -> None:
    """End all your sessions but this command line's."""
    _end(output, None, "/end-others", yes=yes, reason=reason)


@session.command("end-all")
@click.option("--person", required=True, metavar="ADDRESS", help="Whose sessions they are.")
@asks
@click.pass_obj
def end_all_sessions(output: Output, person: str, reason: str, *, yes: bool) -> None:
    """End all sessions of a member of your organization."""
    _end(output, person, "/end-all", yes=yes, reason=reason)


def _end(output: Output, person: str | None, act: str, *, yes: bool, reason: str) -> None:
    with signed_in(output) as opened:
        send = functools.partial(_call, opened, person, "POST", act)
        answer = confirmed(output, send, yes=yes, reason=reason)
    changed(output, answer)


def _call(opened: Session, person: str | None, method: str, act: str, body: dict[str, Any] | None = None) -> Any:
    """Ask about the caller's own sessions, or a member's."""
    if person is None:
        return opened.service.call(method, opened.account.iss, f"/api/v1/me/sessions{act}", body)
    place = opened.own_organization(None)
    found = by_address(place, "people", "email", person)
    return place.call(method, f"/api/v1/people/{found['id']}/sessions{act}", body)
