"""System checks that hold the wall between the shared schema and the organizations' own."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError, connection

from tenants import schemas


def disjoint_names(app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Refuse a table name that is in both kinds of schema: a missing one would silently be read from the other."""
    shared, own = schemas.shared_and_own_tables()
    return [
        Error(
            f"The table {name} would stand in the shared schema and in organizations' schemas.",
            hint="Rename one of the models; the search path would hide the loss of a table otherwise.",
            id="tenants.E001",
        )
        for name in sorted(shared & own)
    ]


def same_tables(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Refuse schemas that differ: a statement that is right in one organization would fail or mislead in another."""
    if not databases or "default" not in databases:
        return []
    try:
        names = schemas.organization_schemas()
        if not names:
            return []
        differences = schemas.differing(names)
    except DatabaseError:
        connection.rollback() if connection.in_atomic_block else None
        return []
    return [
        Error(
            f"The schema {name} {difference}.",
            hint="Run manage.py migrate_organizations.",
            id="tenants.E002",
        )
        for name, difference in differences
    ]
