"""Part of a list of people or groups: those for which a condition holds, in an order, and how many there are in all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from tenants.connections.condition_sql import Column, Many, Writer
from tenants.connections.conditions import Condition, UnknownAttribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part: from ``start`` on, at most ``count``; without ``sort`` in the order of ids."""

    condition: Condition | None = None
    sort: str = ""
    down: bool = False
    start: int = 0
    count: int


@dataclass(frozen=True, slots=True)
class Table:
    """What is listed: the statement's beginning, its source with one organization, attributes and the id's column."""

    select: str
    source: str
    columns: Mapping[str, Column | Many]
    identity: str

    def read(self, organization_id: UUID, wanted: Wanted) -> tuple[Sequence[Any], int]:
        """Return the rows and how many there are in all.  Raises UnknownAttribute."""
        where, parameters = self._where(wanted.condition)
        order = self._order(wanted.sort, down=wanted.down)
        with connection.cursor() as cursor:
            cursor.execute(f"select count(*) {self.source} {where}", [organization_id, *parameters])
            total = cursor.fetchone()[0]
            if not wanted.count or wanted.start >= total:
                return (), total
            cursor.execute(
                f"{self.select} {self.source} {where} {order} limit %s offset %s",
                [organization_id, *parameters, wanted.count, wanted.start],
            )
            return cursor.fetchall(), total

    def _where(self, condition: Condition | None) -> tuple[str, list[Any]]:
        if condition is None:
            return "", []
        writer = Writer(self.columns)
        return f"and {writer.sql(condition)}", writer.parameters

    def _order(self, sort: str, *, down: bool) -> str:
        """Return the order: by an attribute with one value, and by the id among equals."""
        if not sort:
            return f"order by {self.identity}"
        column = self.columns.get(sort)
        if not isinstance(column, Column):
            raise UnknownAttribute(sort)
        expression = f'lower({column.sql}) collate "C"' if column.kind == "text" else f"({column.sql})"
        return f"order by {expression} {'desc nulls first' if down else 'asc nulls last'}, {self.identity}"
