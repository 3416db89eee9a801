"""Homes of foreign mail domains: which are known, and what the operator decides about them."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import CommandError

from chancery.errors import ChanceryError
from portal.languages import with_next_step
from portal.management.operator import OperatorCommand, refusals_as_errors
from portal.usecases.homes.operators import accept_home, allow_home, forbid_home, forget_home
from tenants.actor import OPERATOR
from tenants.homes.selectors import HomeFacts, homes

ACTS: Final = {
    "forbid": forbid_home,
    "allow": allow_home,
    "accept": accept_home,
    "forget": forget_home,
}


class Command(OperatorCommand):
    """The operator's side of docs/protocol.md P32."""

    help = "List the installations where foreign mail domains' people are at home; forbid, accept or forget one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to do and where."""
        parser.add_argument(
            "todo",
            choices=["list", *ACTS],
            help="list: all that are known; forbid and allow: whether people of the domain may sign in at home;"
            " accept: the same installation is at the new address that the domain names; forget: unbind the accounts of"
            " its people, who prove their addresses anew",
        )
        parser.add_argument("domain", metavar="DOMAIN", nargs="?", default="", help="the mail domain")

    def handle(self, *_: Any, todo: str, domain: str, **__: Any) -> None:
        """Do it and say what was done."""
        if todo == "list":
            for one in homes():
                self.stdout.write(_line(one))
            return
        if not domain:
            raise CommandError("Name the mail domain.")
        with refusals_as_errors():
            try:
                self.stdout.write(ACTS[todo](domain=domain, actor=OPERATOR).message)
            except ChanceryError as error:
                raise CommandError(with_next_step(error)) from error


def _line(one: HomeFacts) -> str:
    state = " (forbidden)" if one.forbidden else ""
    rival = f"; names {one.rival} since {one.rival_since:%Y-%m-%d}, which is not believed" if one.rival_since else ""
    return f"{one.domain}: {one.issuer or 'unknown'}{state}{rival}"
