"""Confirm from the command line that an organization's database was restored from a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from portal.management.operator import OperatorCommand, organization_named, refusals_as_errors
from portal.usecases.confirm_restore import NothingToConfirm, confirm_restore
from tenants.actor import OPERATOR


class Command(OperatorCommand):
    """Thin over the operation; who confirmed and why is in both ledgers."""

    help = "Confirm that an organization's database was restored: its ledger begins a new epoch."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the operation needs."""
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--reason", required=True)
        parser.add_argument(
            "--checkpoint",
            metavar="FILE",
            type=Path,
            help="the newest signed checkpoint that a client kept from before (default: the newest in the backup)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        organization = organization_named(options["slug"])
        kept: Path | None = options["checkpoint"]
        try:
            checkpoint = None if kept is None else kept.read_text(encoding="utf-8")
            with refusals_as_errors():
                begun = confirm_restore(
                    organization_id=organization.id, checkpoint=checkpoint, reason=options["reason"], actor=OPERATOR
                )
        except (NothingToConfirm, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The ledger of {organization.name} goes on as {begun.origin}.")
