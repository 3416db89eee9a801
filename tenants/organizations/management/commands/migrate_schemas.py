"""django-tenants' runner, closed: it is slow over many schemas and can hang with a connection pool."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Says which command to use instead."""

    help = "Not used here; see migrate_organizations."

    def run_from_argv(self, argv: list[str]) -> None:
        """Refuse whatever the arguments are."""
        raise SystemExit("Use manage.py migrate_organizations.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse."""
        raise CommandError("Use manage.py migrate_organizations.")
