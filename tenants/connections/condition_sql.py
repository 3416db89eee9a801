"""Conditions as SQL: each attribute has an expression, each operator a form; values are always parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from tenants.connections.conditions import Compared, Condition, Joined, Negated, UnknownAttribute, Within

Kind = Literal["text", "exact", "truth", "moment"]
"""How values compare: ``text`` whatever its case, ``exact`` letter by letter."""

_ORDERS: Final = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_PATTERNS: Final = {"co": "%{}%", "sw": "{}%", "ew": "%{}"}


@dataclass(frozen=True, slots=True)
class Column:
    """The SQL expression of an attribute with one value."""

    sql: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Many:
    """An attribute with many values: what they are selected from, and the expression of each part of one."""

    source: str
    parts: Mapping[str, Column]


@dataclass
class Writer:
    """Writes one condition over the attributes of one kind of resource, and collects its parameters."""

    columns: Mapping[str, Column | Many]
    parameters: list[Any] = field(default_factory=list)

    def sql(self, condition: Condition) -> str:
        """Return the condition as an expression that is never null.  Raises UnknownAttribute."""
        if isinstance(condition, Joined):
            return "(" + f" {condition.how} ".join(self.sql(one) for one in condition.conditions) + ")"
        if isinstance(condition, Negated):
            return f"(not {self.sql(condition.condition)})"
        if isinstance(condition, Within):
            many = self.columns.get(condition.attribute)
            if not isinstance(many, Many):
                raise UnknownAttribute(condition.attribute)
            inner = Writer(many.parts, self.parameters).sql(condition.condition)
            return f"(exists (select 1 from {many.source} where {inner}))"  # noqa: S608  # all parts are this package's own
        return self._compared(condition)

    def _compared(self, condition: Compared) -> str:
        found = self.columns.get(condition.attribute)
        if isinstance(found, Column):
            return self._one(found, condition)
        outer, _dot, part = condition.attribute.partition(".")
        many = self.columns.get(outer)
        if not isinstance(many, Many):
            raise UnknownAttribute(condition.attribute)
        return self.sql(Within(outer, Compared(part or "value", condition.operator, condition.value)))

    def _one(self, column: Column, condition: Compared) -> str:
        operator, value = condition.operator, condition.value
        if operator == "pr" or (value is None and operator in {"eq", "ne"}):
            there = f"({column.sql}) is not null" + (
                f" and ({column.sql})::text <> ''" if column.kind != "moment" else ""
            )
            return f"({there})" if operator != "eq" else f"(not ({there}))"
        if column.kind in {"text", "exact"}:
            return self._text(column, operator, _text(value, condition.attribute))
        wanted: type = bool if column.kind == "truth" else datetime
        if not isinstance(value, wanted) or operator in _PATTERNS or (wanted is bool and operator in _ORDERS):
            raise UnknownAttribute(condition.attribute)
        self.parameters.append(value)
        sign = {"eq": "=", "ne": "is distinct from", **_ORDERS}[operator]
        return f"coalesce(({column.sql}) {sign} %s, false)"

    def _text(self, column: Column, operator: str, value: str) -> str:
        expression = f"({column.sql})" if column.kind == "exact" else f"lower({column.sql})"
        value = value if column.kind == "exact" else value.lower()
        if operator in _PATTERNS:
            escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            self.parameters.append(_PATTERNS[operator].format(escaped))
            return f"coalesce({expression} like %s, false)"
        self.parameters.append(value)
        if operator in {"eq", "ne"}:
            return f"({expression} is {'not ' if operator == 'eq' else ''}distinct from %s)"
        return f'coalesce({expression} collate "C" {_ORDERS[operator]} %s, false)'


def _text(value: object, attribute: str) -> str:
    if not isinstance(value, str):
        raise UnknownAttribute(attribute)
    return value
