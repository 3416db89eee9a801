"""Let the members of an organization sign in by themselves when their identity provider is gone."""

from argparse import ArgumentParser
from typing import Any

from portal.management.operator import OperatorCommand, organization_named, refusals_as_errors
from portal.usecases.sign_on.settings import lift
from tenants.actor import OPERATOR


class Command(OperatorCommand):
    """The way back for an organization whose break-glass administrators cannot sign in either."""

    help = "No longer enforce single sign-on of an organization, so that its members sign in by themselves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to do and where."""
        parser.add_argument("todo", choices=["lift"], help="lift: sign-on stays, and is no longer enforced")
        parser.add_argument("slug", metavar="ORGANIZATION", help="the organization's short name")

    def handle(self, *_: Any, slug: str, **__: Any) -> None:
        """Do it and say what was done."""
        with refusals_as_errors():
            self.stdout.write(lift(organization=organization_named(slug), actor=OPERATOR).message)
