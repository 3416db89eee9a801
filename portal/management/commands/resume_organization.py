"""Resume an organization from the command line."""

from argparse import ArgumentParser
from typing import Any

from portal.management.operator import OperatorCommand, organization_named, refusals_as_errors
from tenants.actor import OPERATOR
from tenants.organizations.services.resume_organization import resume_organization


class Command(OperatorCommand):
    """Thin over the service; the reason is in both ledgers."""

    help = "Resume an organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the service needs."""
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        organization = organization_named(options["slug"])
        with refusals_as_errors():
            resume_organization(organization_id=organization.id, reason=options["reason"], actor=OPERATOR)
        self.stdout.write(f"{organization.name} is resumed.")
