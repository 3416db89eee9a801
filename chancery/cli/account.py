"""``login``, ``logout``, ``whoami``, ``preferences``."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from chancery.cli.confirming import changed
from chancery.cli.language import spoken, translate
from chancery.cli.output import Output
from chancery.cli.roles import roles_in_words
from chancery.cli.session import signed_in
from chancery.sdk.account import Tokens, account_name, host_name, load
from chancery.sdk.client_key import ClientKey
from chancery.sdk.errors import Misused, ServiceError, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.routes import base_of
from chancery.sdk.session import USER_AGENT
from chancery.sdk.signin import (
    discover,
    enroll,
    host_of_address,
    recover,
    retire,
    sign_in_as_application,
    sign_in_by_browser,
    sign_in_by_code,
)
from chancery.texts import joined, message


@click.command()
@click.argument("address", required=False)
@click.option("--host", help="The installation, for example https://id.example.com. Default: CHANCERY_HOST.")
@click.option("--code", help="A one-time enrollment code from your own page, instead of the browser.")
@click.option(
    "--client", help="The client id of an application, to sign in as it; CHANCERY_CLIENT_SECRET is its secret."
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file with the application's private key as PEM, in place of a secret. It is read for each sign-in.",
)
@click.pass_obj
def login(
    output: Output, address: str | None, host: str | None, code: str | None, client: str | None, key: Path | None
) -> None:
    """Sign in on this device.

    With an e-mail ADDRESS the installation is found by its domain and shown to you before it is used.
    """
    if code is not None and client is not None:
        raise Misused(message("Sign in by a code or as an application."), remedy=message("One of the two, not both."))
    if key is not None and client is None:
        raise Misused(message("A key signs in an application."), remedy=message("Name its client id: --client."))
    if code is not None and not code.strip():
        raise Misused(message("The code is empty."), remedy=message("Get a code on the page of your devices."))
    home, http = Home.default(), Http(USER_AGENT, language=spoken())
    if home.repaired:
        output.note(home.repaired)
    for line in recover(home, http, online=True):
        output.note(line)
    place = host or os.environ.get("CHANCERY_HOST") or _found(output, http, address)
    installation = discover(http, place)
    if client is not None:
        installation = replace(installation, client_id=client)
        tokens = sign_in_as_application(
            http, installation, ClientKey(secret=_secret()) if key is None else ClientKey.of(key)
        )
    elif code is None:
        tokens = sign_in_by_browser(http, installation, lambda url, shown: _show(output, url, shown))
    else:
        tokens = sign_in_by_code(http, installation, code)
    account = enroll(home, http, installation, tokens)
    if base_of(place) != account.iss:
        home.write(host_name(base_of(place)), {"iss": account.iss})
    members = {"address": account.address, "installation": account.iss, "device": str(account.device)}
    output.result(
        members,
        message(
            "You are signed in as {address} at {installation}.",
            # An application has no address; it is known by its client id.
            address=account.address or client or "",
            installation=account.iss,
        ),
    )


def _secret() -> str:
    """Return an application's secret; it is no option, since others could read those of a running program."""
    return os.environ.get("CHANCERY_CLIENT_SECRET") or str(
        click.prompt(translate(message("Secret")), hide_input=True, err=True)
    )


def _found(output: Output, http: Http, address: str | None) -> str:
    if address is None:
        raise Misused(message("Say where to sign in."), remedy=message("Give your e-mail address, or --host https://…"))
    try:
        place = host_of_address(http, address)
    except (Unreachable, ServiceError) as error:
        raise Unreachable(
            message("{domain} does not say where its service is.", domain=address.rpartition("@")[2]),
            remedy=message(
                "Ask the person who invited you for the address of the service, then: chancery login --host ADDRESS"
            ),
        ) from error
    output.note(message("{address} belongs to the installation {installation}.", address=address, installation=place))
    remedy = message("Name the installation yourself: chancery login --host {installation}", installation=place)
    output.confirm(message("Sign in there?"), remedy=remedy)
    return place


def _show(output: Output, url: str, code: str) -> None:
    output.note(
        message(
            "Open this page in a browser on any device:\n\n    {url}\n\nand compare the code: {code}\n",
            url=url,
            code=code,
        )
    )
    output.note(message("Waiting until you have confirmed it there …"))


@click.command()
@click.pass_obj
def logout(output: Output) -> None:
    """Sign out: revoke this device, forget its keys and licenses."""
    home, http = Home.default(), Http(USER_AGENT, language=spoken())
    account = load(home)
    why = retire(home, http, account, Tokens(home, http, account.iss))
    if why:
        output.note(message("The service did not revoke this device: {why}", why=why))
    home.remove(account_name(account.iss))
    output.result({"signed_out": account.address}, message("You are signed out as {address}.", address=account.address))


@click.command()
@click.pass_obj
def whoami(output: Output) -> None:
    """Show who is signed in here and the organizations that means."""
    with signed_in(output) as session:
        me = session.me()
        account = session.account
    lines: list[str] = [
        message(
            "{address} at {installation}, device {device}",
            address=me["email"],
            installation=account.iss,
            device=account.device,
        )
    ]
    lines += [joined(("  ", place["name"], ": ", roles_in_words(place["roles"])), "") for place in me["organizations"]]
    output.result({**me, "installation": account.iss, "device": str(account.device)}, *lines)


_PREFERENCES: Final = {"name": message("name"), "language": message("language"), "time_zone": message("time zone")}


@click.command()
@click.option("--name", help="How you are called.")
@click.option("--language", help="In which mails and pages are written, like de; empty for your browser's.")
@click.option("--time-zone", help="Where a date means midnight, like Europe/Berlin.")
@click.pass_obj
def preferences(output: Output, /, **wanted: str | None) -> None:
    """Show or change your name, language and time zone."""
    named = {member: value for member, value in wanted.items() if value is not None}
    with signed_in(output) as session:
        if named:
            changed(output, session.service.call("PATCH", session.account.iss, "/api/v1/me", named))
            return
        me = session.me()
    shown = {member: me[member] for member in wanted}
    lines = [joined((_PREFERENCES[member], str(value)), ": ") for member, value in shown.items()]
    output.result(shown, *lines)
