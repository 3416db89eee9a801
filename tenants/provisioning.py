"""Making and dropping the schema of one organization.

A schema is made by replaying ``tenants/base.sql`` in the transaction that inserts the organization's row: milliseconds,
flat however many exist, and all or nothing.  The file is generated (``manage.py make_base_schema``) and committed; when
it lags behind the migrations, creation is refused rather than done wrong.
"""

import functools
import re
from importlib import resources

from django.db import connection

from tenants import naming, roles
from tenants.backend.base import BASE_SCHEMA, is_schema_name
from tenants.schemas import migrations_digest

_DIGEST_LINE = re.compile(r"^-- migrations: ([0-9a-f]{64})$", re.MULTILINE)


class BaseSchemaOutdated(Exception):
    """``tenants/base.sql`` was not generated from the migrations that this code has."""


@functools.cache
def base_sql() -> str:
    """Return the text to replay, after comparing it with the migrations once in each process."""
    text = resources.files("tenants").joinpath("base.sql").read_text(encoding="utf-8")
    digest = _DIGEST_LINE.search(text)
    if digest is None or digest.group(1) != migrations_digest():
        raise BaseSchemaOutdated("tenants/base.sql lags behind the migrations: run manage.py make_base_schema.")
    return text


def create_schema(schema_name: str) -> None:
    """Create the schema with all its tables and grants, in the current transaction."""
    _require(schema_name)
    script = base_sql().replace(BASE_SCHEMA, schema_name) + roles.grants_for(schema_name)
    with roles.as_owner(), connection.cursor() as cursor:
        cursor.execute(script)


def drop_schema(schema_name: str) -> None:
    """Drop the schema and everything in it, in the current transaction."""
    _require(schema_name)
    with roles.as_owner(), connection.cursor() as cursor:
        # Foreign keys that are checked at commit would hold the tables of rows that this transaction wrote.
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; DROP SCHEMA IF EXISTS {schema_name} CASCADE")


def _require(schema_name: str) -> None:
    """Refuse any name that is not generated: it is about to be in SQL."""
    if not is_schema_name(schema_name):
        raise naming.NameRefused("{name!r} is not the name of an organization's schema.", name=schema_name)
