"""Create an organization from the command line."""

from argparse import ArgumentParser
from typing import Any

from portal.management.operator import OperatorCommand, refusals_as_errors
from portal.usecases.organizations import create_organization
from tenants.actor import OPERATOR


class Command(OperatorCommand):
    """Thin over the operation that the sign-up page uses."""

    help = "Create an organization with its first administrator, keys and default templates."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the operation needs."""
        parser.add_argument("--name", required=True, help="the organization's name")
        parser.add_argument("--slug", required=True, help="its short name, which becomes its host")
        parser.add_argument("--mail-domain", default="", help="the mail domain it claims")
        parser.add_argument("--admin", required=True, metavar="EMAIL", help="its first administrator")
        parser.add_argument("--admin-name", default="", help="the administrator's name")
        parser.add_argument("--suite", default="hybrid", help="the suite of its first key: hybrid or p256")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it and say what to do next."""
        with refusals_as_errors():
            founded = create_organization(
                name=options["name"],
                slug=options["slug"],
                mail_domain=options["mail_domain"],
                administrator=options["admin"],
                administrator_name=options["admin_name"],
                suite=options["suite"],
                actor=OPERATOR,
            )
        self.stdout.write(f"Created {founded.organization.name} at {founded.organization.host}.")
        if founded.domain_text:
            self.stdout.write(f"TXT record for {options['mail_domain']}: {founded.domain_text}")
