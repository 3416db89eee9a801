"""Suspend an organization from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.operations.command_line import organization_named, refusals_said
from portal.operations.withdraw import suspend_organization
from tenants.actor import OPERATOR


class Command(BaseCommand):
    """Thin over the service; the reason stands in both ledgers."""

    help = "Suspend an organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the service needs."""
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        organization = organization_named(options["slug"])
        with refusals_said():
            suspend_organization(organization_id=organization.id, reason=options["reason"], actor=OPERATOR)
        self.stdout.write(f"{organization.name} is suspended.")
