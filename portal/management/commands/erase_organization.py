"""Erase a suspended organization from the command line."""

from argparse import ArgumentParser
from typing import Any

from portal.management.confirming import add_confirmation, confirm
from portal.management.operator import OperatorCommand, concerned, organization_named, refusals_as_errors
from portal.usecases.organizations import erase_organization
from tenants.actor import OPERATOR


class Command(OperatorCommand):
    """Has the short name typed, because nothing brings an erased organization back."""

    help = "Erase a suspended organization: its keys, its data, its people's places."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the operation needs."""
        parser.add_argument("slug", metavar="SLUG")
        add_confirmation(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase it."""
        organization = organization_named(options["slug"])
        confirm(
            self,
            (
                *concerned(organization),
                "Its keys, its data and its people's places are destroyed: nothing it protected ever opens again.",
                "This cannot be undone.",
            ),
            name=organization.slug,
            options=options,
        )
        with refusals_as_errors():
            erase_organization(organization_id=organization.id, reason=options["reason"], actor=OPERATOR)
        self.stdout.write(f"{organization.slug} is erased.")
