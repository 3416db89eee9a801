"""Compare the schemas of all organizations with one another."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import schemas


class Command(BaseCommand):
    """Fails when one schema lacks or has something that the others do not."""

    help = "Check that every organization has the same tables, indexes, constraints and triggers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and report each difference on its own line."""
        names = schemas.organization_schemas()
        differences = schemas.differing(names)
        for name, difference in differences:
            self.stderr.write(f"{name} {difference}")
        if differences:
            raise CommandError(f"{len(differences)} of {len(names)} schemas differ.")
        self.stdout.write(f"{len(names)} schemas are the same.")
