"""Filters and orders of SCIM as conditions of the directory (RFC 7644, section 3.4.2.2)."""

from datetime import datetime
from typing import Any, Final, Literal

from django.utils.dateparse import parse_datetime
from scim2_models import Resource, ScimFilter, SearchRequest
from scim2_models.path import AttrPath, Comparison, FilterNode, LogicalExpr, Not, Path, Present, ValuePath

from portal.scim.answers import Refusal
from tenants.connections.conditions import Compared, Condition, Joined, Negated, UnknownAttribute, Within
from tenants.connections.listing import Wanted

MOST_LETTERS: Final = 4_000
MOST_TERMS: Final = 40
_MOMENTS: Final = frozenset({"meta.created", "meta.lastModified"})


def wanted(model: type[Resource[Any]], asked: SearchRequest[Any], start: int, count: int) -> Wanted:
    """Return which part of a list a query asks for.  Raises Refusal and UnknownAttribute."""
    return Wanted(
        condition=_condition_of(model, asked.filter),
        sort=_sorted_by(model, asked.sort_by),
        down=asked.sort_order == SearchRequest.SortOrder.descending,
        start=start,
        count=count,
    )


def _condition_of(model: type[Resource[Any]], text: ScimFilter[Any] | None) -> Condition | None:
    """Return a filter as a condition on resources of a model.

    Raises Refusal for one with too many terms, and UnknownAttribute for an attribute that nothing is compared with.
    """
    if text is None:
        return None
    if len(text) > MOST_LETTERS:
        raise Refusal(400, f"A filter has at most {MOST_LETTERS} letters.", "invalidFilter")
    return _Reader(model).read(text.ast)


class _Reader:
    def __init__(self, model: type[Resource[Any]]) -> None:
        self.model, self.terms = model, 0

    def read(self, node: FilterNode, within: str = "") -> Condition:
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise Refusal(400, f"A filter has at most {MOST_TERMS} terms.", "invalidFilter")
        if isinstance(node, LogicalExpr):
            how: Literal["and", "or"] = "and" if node.op.value == "and" else "or"
            return Joined(how, tuple(self.read(one, within) for one in node.terms))
        if isinstance(node, Not):
            return Negated(self.read(node.expr, within))
        if isinstance(node, ValuePath):
            outer = self._name(node.attr_path, within)
            return Within(outer, self.read(node.val_filter, outer))
        if isinstance(node, Present):
            return Compared(self._name(node.attr_path, within), "pr")
        if isinstance(node, Comparison):
            name = self._name(node.attr_path, within)
            return Compared(name, node.op.value, _moment(node.value, name) if name in _MOMENTS else node.value)
        raise UnknownAttribute(str(node))

    def _name(self, path: AttrPath, within: str) -> str:
        """Return the one spelling of an attribute's name, whatever the case that the client writes it in."""
        if within:
            return _spelled(self.model, f"{within}.{path.attr}").removeprefix(f"{within}.")
        return _spelled(self.model, str(path))


def _spelled(model: type[Resource[Any]], name: str) -> str:
    binding = Path.__class_getitem__(model)(name).resolve()
    if binding is None:
        raise UnknownAttribute(name)
    return str(binding.urn).rpartition(":")[2]


def _sorted_by(model: type[Resource[Any]], path: Path[Any] | None) -> str:
    """Return the name of the attribute that a list is sorted by, "" for none."""
    return "" if path is None else _spelled(model, str(path))


def _moment(value: object, name: str) -> datetime:
    found = value if isinstance(value, datetime) else parse_datetime(str(value))
    if found is None or found.tzinfo is None:
        raise Refusal(400, f"{name} is compared with a date, a time and a time zone.", "invalidFilter")
    return found
