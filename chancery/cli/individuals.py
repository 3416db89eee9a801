"""``organization``: protecting without an organization of one's own, and taking one of a mail domain over."""

from typing import Any
from urllib.parse import quote

import click

from chancery.cli.confirming import asks, changed, confirmed
from chancery.cli.output import Output
from chancery.cli.session import signed_in
from chancery.texts import message

START = "/api/v1/organizations/start"
END = "/api/v1/organizations/end"
DOMAIN = click.argument("domain")
WITHOUT_DNS = click.option("--without-dns", is_flag=True, help="Accept it as it is, on your own machine.")


@click.group("organization")
def organization() -> None:
    """Protect where your organization is not here, or take one over."""


@organization.command("start")
@click.argument("address", required=False)
@click.option("--name", default="", help="How you are called.")
@click.pass_obj
def start(output: Output, address: str | None, name: str) -> None:
    """Start to protect under your ADDRESS.

    You get the organization of its mail domain, which nobody administers yet, or a personal one where anybody can have
    an address of the domain.
    """
    body = {"name": name, **({"address": address} if address else {})}
    with signed_in(output) as session:
        changed(output, session.service.call("POST", session.account.iss, START, body))
        session.me()


@organization.command("end")
@asks
@click.pass_obj
def end(output: Output, reason: str, *, yes: bool) -> None:
    """Erase your personal organization: nothing in it opens again."""
    with signed_in(output) as session:

        def send(sent: dict[str, Any]) -> Any:
            return session.service.call("POST", session.account.iss, END, sent)

        changed(output, confirmed(output, send, {}, yes=yes, reason=reason))


@organization.command("record")
@DOMAIN
@click.pass_obj
def record(output: Output, domain: str) -> None:
    """Show the DNS record by which you take a DOMAIN over."""
    with signed_in(output) as session:
        found = session.service.call("GET", session.account.iss, _path(domain, "record"))
    lines: list[str] = [
        message("TXT record of {domain}:", domain=found["domain"]),
        f"    {found['challenge']}",
        *(
            [message("Announced; you can take it over from {when} on.", when=found["due_at"])]
            if found["due_at"]
            else []
        ),
    ]
    output.result(found, *lines)


@organization.command("announce")
@DOMAIN
@WITHOUT_DNS
@asks
@click.pass_obj
def announce(output: Output, domain: str, reason: str, *, without_dns: bool, yes: bool) -> None:
    """Announce to take over the organization of a DOMAIN.

    Its people are mailed, and have seven days.
    """
    _step(output, domain, "announce", {"without_dns": without_dns}, yes=yes, reason=reason)


@organization.command("take-over")
@DOMAIN
@WITHOUT_DNS
@asks
@click.pass_obj
def take_over(output: Output, domain: str, reason: str, *, without_dns: bool, yes: bool) -> None:
    """Take over the organization of a DOMAIN, as announced."""
    _step(output, domain, "take-over", {"without_dns": without_dns}, yes=yes, reason=reason)


@organization.command("call-off")
@DOMAIN
@click.pass_obj
def call_off(output: Output, domain: str) -> None:
    """Call off what you announced for a DOMAIN."""
    with signed_in(output) as session:
        changed(output, session.service.call("POST", session.account.iss, _path(domain, "call-off")))


def _step(output: Output, domain: str, act: str, body: dict[str, Any], *, yes: bool, reason: str) -> None:
    with signed_in(output) as session:

        def send(sent: dict[str, Any]) -> Any:
            return session.service.call("POST", session.account.iss, _path(domain, act), sent)

        changed(output, confirmed(output, send, body, yes=yes, reason=reason))


def _path(domain: str, act: str) -> str:
    return f"/api/v1/organizations/{quote(domain, safe='')}/{act}"
