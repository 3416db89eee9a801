"""Print a code with which a person enrolls one device; embedded mode only."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.management.operator import refusals_said
from portal.usecases.welcome import enrollment_code
from tenants.actor import OPERATOR


class Command(BaseCommand):
    """Recorded in the ledgers of the person's organizations."""

    help = "Print an enrollment code for a person: ten minutes, one device (embedded mode only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the person."""
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the code and nothing else."""
        with refusals_said():
            self.stdout.write(enrollment_code(address=options["email"], actor=OPERATOR))
