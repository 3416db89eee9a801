"""What is in which schema: reading PostgreSQL's catalog and our own model registry.

Plain SQL over the catalog and no models, so that system checks can use it before any model is loaded.
"""

import hashlib
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection

_SCHEMAS = """
SELECT o.schema_name FROM public.organizations_organization o
JOIN pg_namespace n ON n.nspname = o.schema_name WHERE o.state <> 'erased' ORDER BY o.created_at, o.schema_name
"""

_COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname = ANY(%s) ORDER BY 1, 2, 3
"""

_INDEXES = (
    "SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = ANY(%s) ORDER BY 1, 2, 3"
)

_CONSTRAINTS = """
SELECT n.nspname, coalesce(r.relname, ''), c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
JOIN pg_namespace n ON n.oid = c.connamespace LEFT JOIN pg_class r ON r.oid = c.conrelid
WHERE n.nspname = ANY(%s) AND c.contype <> 'n' ORDER BY 1, 2, 3
"""

_TRIGGERS = """
SELECT n.nspname, r.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
JOIN pg_class r ON r.oid = t.tgrelid JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = ANY(%s) ORDER BY 1, 2, 3
"""

_FUNCTIONS = """
SELECT n.nspname, '', p.proname, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY(%s) ORDER BY 1, 3
"""

Shape = tuple[tuple[str, ...], ...]


def organization_schemas() -> list[str]:
    """Return the names of all schemas that belong to organizations, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_SCHEMAS)
        return [name for (name,) in cursor.fetchall()]


def shapes(schemas: Sequence[str]) -> dict[str, Shape]:
    """Return, for each schema, everything that must be the same in all of them, with the schema's name left out."""
    found: dict[str, list[tuple[str, ...]]] = {schema: [] for schema in schemas}
    with connection.cursor() as cursor:
        for label, statement in (
            ("column", _COLUMNS),
            ("index", _INDEXES),
            ("constraint", _CONSTRAINTS),
            ("trigger", _TRIGGERS),
            ("function", _FUNCTIONS),
        ):
            cursor.execute(statement, [list(schemas)])
            for schema, *parts in cursor.fetchall():
                found[schema].append((label, *(str(part).replace(f"{schema}.", "") for part in parts)))
    return {schema: tuple(rows) for schema, rows in found.items()}


def differing(schemas: Sequence[str]) -> list[tuple[str, str]]:
    """Return the schemas that differ from what most of them look like, each with the first difference."""
    seen = shapes(schemas)
    if not seen:
        return []
    counts: dict[Shape, int] = {}
    for shape in seen.values():
        counts[shape] = counts.get(shape, 0) + 1
    usual = max(counts, key=lambda shape: counts[shape])
    return [(schema, _first_difference(shape, usual)) for schema, shape in seen.items() if shape != usual]


def _first_difference(shape: Shape, usual: Shape) -> str:
    missing = sorted(set(usual) - set(shape))
    surplus = sorted(set(shape) - set(usual))
    if missing:
        return f"lacks {' '.join(missing[0][:3])}"
    return f"has {' '.join(surplus[0][:3])}, which others have not"


def tenant_labels() -> list[str]:
    """Return the labels of the apps whose tables are in every organization's schema."""
    return [config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS]


def shared_and_own_tables() -> tuple[set[str], set[str]]:
    """Return the table names of the shared schema and those of organizations' schemas, from the model registry."""
    labels = set(tenant_labels())
    shared: set[str] = set()
    own: set[str] = set()
    for model in apps.get_models(include_auto_created=True):
        options = model._meta  # noqa: SLF001 - Django documents it as its interface to models
        (own if options.app_label in labels else shared).add(options.db_table)
    return shared, own


def migrations_digest(app_names: Iterable[str] | None = None) -> str:
    """Return the hash of all migration files of the apps that are in organizations' schemas.

    ``tenants/base.sql`` carries it, so that an organization is never created from a base that lags behind the code.
    """
    digest = hashlib.sha256()
    for name in sorted(settings.TENANT_APPS if app_names is None else app_names):
        folder = Path(str(resources.files(name))) / "migrations"
        for path in sorted(folder.glob("[0-9]*.py")):
            digest.update(f"{name}/{path.name}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
