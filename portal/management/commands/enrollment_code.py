"""Print a code with which a person enrolls one device; embedded mode only."""

from argparse import ArgumentParser
from typing import Any

from portal.management.operator import OperatorCommand, refusals_as_errors
from portal.usecases.embedded_sign_in import person_named, require_embedded
from tenants.actor import OPERATOR
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code


class Command(OperatorCommand):
    """Recorded in the ledgers of the person's organizations."""

    help = "Print an enrollment code for a person: ten minutes, one device (embedded mode only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the person."""
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the code and nothing else."""
        with refusals_as_errors():
            require_embedded()
            person = person_named(options["email"])
            self.stdout.write(issue_enrollment_code(person_id=person, actor=OPERATOR))
