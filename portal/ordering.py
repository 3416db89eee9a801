"""Orders of short lists, which are sorted after they were read: the same names on pages, in the API and for commands.

Long lists are sorted by the database; their names are beside the selectors that read them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from portal.languages import reader_languages
from protection.selectors.labels import ShownLabel
from protection.selectors.templates import Template
from tenants.directory.selectors.devices import DeviceFacts
from tenants.directory.selectors.domains import ApplicationFacts

T = TypeVar("T")
Orders = Mapping[str, Callable[[T], Any]]


def _name(one: Template | ShownLabel) -> str:
    return one.name(*reader_languages()).casefold()


TEMPLATES: Final[Orders[Template]] = {
    "name": _name,
    "status": lambda one: (one.status != "published", _name(one)),
    "changed_at": lambda one: one.changed_at,
}
LABELS: Final[Orders[ShownLabel]] = {"name": _name, "sensitivity": lambda one: (one.sensitivity, _name(one))}
APPLICATIONS: Final[Orders[ApplicationFacts]] = {
    "name": lambda one: one.name.casefold(),
    "created_at": lambda one: one.created_at,
    "used_at": lambda one: one.used_at or datetime.min.replace(tzinfo=UTC),
}
DEVICES: Final[Orders[DeviceFacts]] = {
    "name": lambda one: one.name.casefold(),
    "created_at": lambda one: one.created_at,
}


def in_order(rows: Sequence[T], orders: Orders[T], sort: str) -> Sequence[T]:
    """Return the rows by one of these orders, downwards with ``-`` before it; "" leaves them as they are."""
    if not sort:
        return rows
    return sorted(rows, key=orders[sort.removeprefix("-")], reverse=sort.startswith("-"))
