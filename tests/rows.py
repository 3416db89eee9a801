"""The rows of whole schemas: removed, and kept to be put back, in a tenth of the time that it takes to make them."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from tenants import roles

TABLES = """
select format('%%I.%%I', n.nspname, c.relname), exists (
  select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%s) and c.relkind = 'r' and c.relname <> 'django_migrations'
"""
SEQUENCES = """
select format('%%I.%%I', schemaname, sequencename), start_value, coalesce(last_value, start_value),
  last_value is not null
from pg_sequences where schemaname = any(%s) and sequencename not like 'django_migrations%%'
"""


class Rows:
    """Every row of some schemas as it is now, and how far their sequences have counted."""

    def __init__(self, *schemas: str) -> None:
        self._tables: dict[str, bytes] = {}
        with connection.cursor() as cursor:
            for table, _ in _found(cursor, TABLES, schemas):
                with cursor.copy(f"copy {table} to stdout") as copy:
                    rows = b"".join(copy)
                if rows:
                    self._tables[table] = rows
            self._sequences = [(name, last, used) for name, _, last, used in _found(cursor, SEQUENCES, schemas)]

    def put_back(self) -> None:
        """Put the rows into the schemas, which are without rows now."""
        with transaction.atomic(), roles.as_owner(), connection.cursor() as cursor:
            for table, rows in self._tables.items():
                with cursor.copy(f"copy {table} from stdin") as copy:
                    copy.write(rows)
            _count(cursor, self._sequences)


def remove_rows(*schemas: str) -> None:
    """Leave no row in these schemas, and let their sequences begin anew."""
    with transaction.atomic(), roles.as_owner(), connection.cursor() as cursor:
        # Truncating makes new files for a table and its indexes; it is for the one whose trigger forbids to delete.
        ways = {True: "truncate", False: "delete from"}
        tables = _found(cursor, TABLES, schemas)
        cursor.execute("; ".join(f"{ways[guarded]} {table}" for table, guarded in tables))
        _count(cursor, [(name, first, False) for name, first, *_ in _found(cursor, SEQUENCES, schemas)])


def _count(cursor: Any, sequences: Sequence[tuple[Any, ...]]) -> None:
    cursor.execute("select " + ", ".join(f"setval('{name}', {value}, {used})" for name, value, used in sequences))


def _found(cursor: Any, query: str, schemas: Sequence[str]) -> list[tuple[Any, ...]]:
    cursor.execute(query, [list(schemas)])
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
