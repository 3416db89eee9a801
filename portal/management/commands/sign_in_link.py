"""Print a link that signs a person in once; embedded mode only."""

from argparse import ArgumentParser
from typing import Any

from portal.management.operator import OperatorCommand, refusals_as_errors
from portal.usecases.embedded_sign_in import sign_in_link
from tenants.actor import OPERATOR


class Command(OperatorCommand):
    """Recorded in the ledgers of the person's organizations."""

    help = "Print a link that signs a person in: ten minutes, once (embedded mode only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the person and where the link leads."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--to", default="", metavar="URL", help="a page of this installation")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the link and nothing else."""
        with refusals_as_errors():
            link = sign_in_link(address=options["email"], goes_to=options["to"], actor=OPERATOR)
            self.stdout.write(link.url)
