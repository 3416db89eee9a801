"""Bringing every organization's schema to the level of the code.

SQL is rendered once for each migration and replayed in every schema that lacks it, each in its own short transaction
with a lock timeout, so that a stop at any moment leaves schemas that are whole and the next run continues where this
one ended.  django-tenants' own runner takes many times as long and its executor over processes can hang.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import OperationalError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import SeparateDatabaseAndState
from psycopg.errors import LockNotAvailable

from tenants import roles, schemas
from tenants.context import in_schema

LOCK_TIMEOUT = "4s"
ATTEMPTS = 3
_BATCH = 200

Key = tuple[str, str]


@dataclass(slots=True)
class Outcome:
    """How a run ended: schemas that changed, and those that stayed behind because somebody held their tables."""

    migrated: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)


def plan() -> list[Migration]:
    """Return every migration of the organizations' apps, in the order in which they apply."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    labels = set(schemas.tenant_labels())
    ordered: dict[Key, Migration] = {}
    for leaf in sorted(key for key in loader.graph.leaf_nodes() if key[0] in labels):
        for key in loader.graph.forwards_plan(leaf):
            if key[0] in labels:
                ordered.setdefault(key, loader.graph.nodes[key])
    return list(ordered.values())


def applied(names: Sequence[str]) -> dict[str, set[Key]]:
    """Return what each schema has recorded, in one query for many schemas."""
    found: dict[str, set[Key]] = {}
    for start in range(0, len(names), _BATCH):
        part = names[start : start + _BATCH]
        # Generated names in a fixed statement; they cannot be parameters.
        one = "SELECT '{0}', app, name FROM {0}.django_migrations"
        statement = " UNION ALL ".join(one.format(name) for name in part)
        found.update({name: set() for name in part})
        with connection.cursor() as cursor:
            cursor.execute(statement)
            for schema, app, name in cursor.fetchall():
                found[schema].add((app, name))
    return found


def migrate_schemas(names: Sequence[str], report: Callable[[str], None] = lambda _line: None) -> Outcome:
    """Bring the named schemas to the level of the code, skipping those that are there already."""
    whole = plan()
    recorded = applied(names)
    scripts: dict[Key, str | None] = {}
    outcome = Outcome()
    for name in names:
        missing = [migration for migration in whole if _key(migration) not in recorded[name]]
        if not missing:
            continue
        if all(_advance(name, migration, scripts) for migration in missing):
            outcome.migrated.append(name)
            _grant(name)
            report(f"{name}: {len(missing)} applied")
        else:
            outcome.behind.append(name)
            report(f"{name}: its tables are in use, left for the next run")
    return outcome


def migrate_new_schema(name: str) -> None:
    """Migrate an empty schema from nothing by Django's own executor; the base schema and tests are made this way."""
    with in_schema(name):
        executor = MigrationExecutor(connection)
        executor.migrate([_key(migration) for migration in _leaves(plan())])
        if not executor.recorder.has_table():
            executor.recorder.ensure_schema()


def is_pure_sql(operations: Sequence[Operation]) -> bool:
    """Tell whether rendering the operations once gives SQL that is right in every schema."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            if not is_pure_sql(operation.database_operations):
                return False
        elif not operation.reduces_to_sql:
            return False
    return True


def _key(migration: Migration) -> Key:
    return migration.app_label, migration.name


def _leaves(whole: Sequence[Migration]) -> list[Migration]:
    """Return the last migration of each app."""
    return list({migration.app_label: migration for migration in whole}.values())


def _advance(schema: str, migration: Migration, scripts: dict[Key, str | None]) -> bool:
    """Apply one migration to one schema; tell whether it is there afterwards."""
    for attempt in range(ATTEMPTS):
        try:
            with in_schema(schema):
                _apply(migration, scripts)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(0.2 * (attempt + 1))
        else:
            return True
    return False


def _apply(migration: Migration, scripts: dict[Key, str | None]) -> None:
    key = _key(migration)
    if key not in scripts:
        scripts[key] = _render(migration)
    script = scripts[key]
    if script is None:
        _execute_by_django(migration)
        return
    with transaction.atomic(), roles.as_owner(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        if script:
            cursor.execute(script)
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", list(key))


def _render(migration: Migration) -> str | None:
    """Return the migration as SQL, or nothing when it has to run as Python in each schema."""
    if not migration.atomic or not is_pure_sql(migration.operations):
        return None
    loader = MigrationLoader(connection, replace_migrations=False)
    statements = loader.collect_sql([(migration, False)])
    return "\n".join(line for line in statements if not line.startswith("--"))


def _execute_by_django(migration: Migration) -> None:
    """Run a migration that is more than SQL; not atomic ones hold no transaction, so the role is changed outside."""
    if migration.atomic:
        with transaction.atomic(), roles.as_owner():
            MigrationExecutor(connection).migrate([_key(migration)])
    else:
        MigrationExecutor(connection).migrate([_key(migration)])


def _grant(schema: str) -> None:
    with transaction.atomic(), roles.as_owner(), connection.cursor() as cursor:
        cursor.execute(roles.grants_for(schema))
