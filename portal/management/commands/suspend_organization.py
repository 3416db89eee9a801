"""Suspend an organization from the command line."""

from argparse import ArgumentParser
from typing import Any

from portal.management.confirming import add_confirmation, confirm
from portal.management.operator import OperatorCommand, concerned, organization_named, refusals_as_errors
from portal.usecases.revocations import suspend_organization
from tenants.actor import OPERATOR


class Command(OperatorCommand):
    """Thin over the service; the reason is in both ledgers."""

    help = "Suspend an organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the service needs."""
        parser.add_argument("slug", metavar="SLUG")
        add_confirmation(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        organization = organization_named(options["slug"])
        confirm(
            self,
            (
                *concerned(organization),
                "Its pages and its API answer no more, and no document opens for anybody. It can be resumed.",
            ),
            name=organization.slug,
            options=options,
        )
        with refusals_as_errors():
            suspend_organization(organization_id=organization.id, reason=options["reason"], actor=OPERATOR)
        self.stdout.write(f"{organization.name} is suspended.")
