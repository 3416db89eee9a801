"""Create a person in an organization from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.management.operator import organization_named, refusals_said
from portal.usecases.permissions import ROLES
from protection.services.part_from_identity import part_from_identity
from tenants.actor import OPERATOR
from tenants.context import in_organization
from tenants.directory.services.create_person import create_person


class Command(BaseCommand):
    """Thin over the service that the people page uses."""

    help = "Create a person in an organization; they sign in with a code mailed to the address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the service needs."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--name", default="")
        parser.add_argument("--role", default="user", choices=sorted(set(ROLES) - {"guest"}))
        parser.add_argument("--guest", action="store_true", help="give a guest's place")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the person."""
        organization = organization_named(options["organization"])
        with refusals_said(), in_organization(organization.id):
            person = create_person(
                let_go=part_from_identity,
                organization_id=organization.id,
                address=options["email"],
                name=options["name"],
                role=options["role"],
                guest=options["guest"],
                actor=OPERATOR,
            )
        self.stdout.write(f"{person.email} is {'a guest' if person.guest else person.role} of {organization.name}.")
