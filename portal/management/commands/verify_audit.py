"""Check every organization's ledger, or one, against its own tree and signed checkpoints."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from audit.selectors.verify import verify
from portal.management.operator import OperatorCommand, organization_named, refusals_as_errors
from protection.selectors.organization import is_activated, log_verifier_key
from tenants.context import in_organization
from tenants.organizations.selectors import OrganizationFacts, organizations


class Command(OperatorCommand):
    """Thin over the selector of the ledger; for cron and for an auditor at the machine."""

    help = "Recompute the ledger and compare it with its signed checkpoints; fails when anything was changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whose ledger."""
        parser.add_argument("--organization", metavar="SLUG", help="only this organization (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and report; every fault is one line on standard error."""
        slug = options["organization"]
        with refusals_as_errors():
            chosen = organizations() if slug is None else [organization_named(slug)]
        broken = [organization.slug for organization in chosen if not self._verified(organization)]
        if broken:
            raise CommandError(f"The record of {', '.join(broken)} cannot be relied on.")

    def _verified(self, organization: OrganizationFacts) -> bool:
        with in_organization(organization.id):
            if not is_activated():
                return True
            report = verify(vkey=log_verifier_key())
        for gap in report.gaps:
            self.stdout.write(f"{organization.slug}: {gap}")
        for fault in report.faults:
            self.stderr.write(f"{organization.slug}: {fault}")
        if report.intact:
            self.stdout.write(
                f"{organization.slug}: {report.leaves} events, {report.checkpoints} checkpoints,"
                f" {report.personal} personal records ({report.erased} erased): nothing was changed or removed."
            )
        return report.intact
