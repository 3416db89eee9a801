"""Which ledgers have something to do, asked for many organizations at once.

A task for each organization and second would be a thousand messages a second where nothing happens.  One statement over
their schemas costs some index look-ups for each and sends nothing.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from django.db import connection
from psycopg import sql

BATCH: Final = 100
"""Schemas in one statement: each holds a few relation locks until it ends."""

_UNSEALED: Final = """
select {name} where exists (select from {schema}.audit_reportedevent)
    or (select transaction from {schema}.audit_event order by transaction desc limit 1)
        >= (select horizon::text::xid8 from {schema}.audit_ledger order by epoch desc limit 1)
"""
"""The newest transaction is read off the end of its index; ``exists`` would read the table in hope of an early hit."""


def unsealed(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas whose inbox holds reports or whose ledger has events without a number."""
    found: set[str] = set()
    waiting = iter(schemas)
    while batch := list(islice(waiting, BATCH)):
        with connection.cursor() as cursor:
            cursor.execute(_statement(batch))
            found.update(name for (name,) in cursor.fetchall())
    return found


def _statement(schemas: Sequence[str]) -> sql.Composed:
    each = [sql.SQL(_UNSEALED).format(name=sql.Literal(schema), schema=sql.Identifier(schema)) for schema in schemas]
    return sql.SQL(" union all ").join(each)
