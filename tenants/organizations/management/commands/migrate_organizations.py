"""Bring the shared tables and then every organization's schema to the level of the code."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from tenants import schemas
from tenants.migrating import migrate_schemas


class Command(BaseCommand):
    """Resumable: a second run does only what the first one left."""

    help = "Migrate the shared schema, then the schema of every organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Allow leaving the shared schema out, for a run that continues an interrupted one."""
        parser.add_argument("--schemas-only", action="store_true", help="leave the shared schema as it is")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate and compare."""
        if not options["schemas_only"]:
            call_command("migrate", interactive=False, verbosity=options["verbosity"])
        names = schemas.organization_schemas()
        report = self.stdout.write if options["verbosity"] else (lambda _line: None)
        outcome = migrate_schemas(names, report)
        if outcome.behind:
            raise CommandError(f"{len(outcome.behind)} schemas are behind; run the command again.")
        differences = schemas.differing(names)
        if differences:
            raise CommandError(f"{len(differences)} schemas differ, first: {differences[0][0]} {differences[0][1]}.")
        if options["verbosity"]:
            self.stdout.write(f"{len(names)} organizations, {len(outcome.migrated)} changed.")
