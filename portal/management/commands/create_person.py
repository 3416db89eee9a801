"""Create a person in an organization from the command line."""

from argparse import ArgumentParser
from typing import Any

from portal.management.operator import OperatorCommand, organization_named, refusals_as_errors
from portal.usecases.people import create_person_by_operator
from tenants.actor import OPERATOR
from tenants.context import in_organization
from tenants.directory.roles import OF_PEOPLE, USER


class Command(OperatorCommand):
    """``manage.py create_person``."""

    help = "Create a person in an organization; they are invited by mail and sign in with a mailed code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the service needs."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--name", default="")
        parser.add_argument("--role", default="user", choices=[USER, *OF_PEOPLE])
        parser.add_argument("--guest", action="store_true", help="give a guest's place")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the person and invite them."""
        organization = organization_named(options["organization"])
        with refusals_as_errors(), in_organization(organization.id):
            person = create_person_by_operator(
                organization=organization,
                address=options["email"],
                name=options["name"],
                role=options["role"],
                guest=options["guest"],
                actor=OPERATOR,
            )
        place = "a guest" if person.guest else ", ".join(one for one in person.roles if one != USER) or USER
        self.stdout.write(f"{person.email} is {place} of {organization.name}. An invitation is mailed.")
