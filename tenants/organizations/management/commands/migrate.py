"""``migrate`` for the shared schema only; organizations' schemas have a command of their own."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection, transaction

from tenants import roles
from tenants.context import in_public


class Command(migrate.Command):
    """Django's command, kept in the shared schema whatever the connection used before."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate the shared tables, then grant the application what it may do with them."""
        with in_public():
            super().handle(*args, **options)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT to_regclass('public.directory_operator') IS NOT NULL")
                if cursor.fetchone()[0]:
                    cursor.execute(roles.GRANT_SHARED)
