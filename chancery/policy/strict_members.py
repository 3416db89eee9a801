"""Reading the members of a policy strictly; each raises InvalidPolicy naming the member at fault."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from chancery import names
from chancery.errors import InvalidPolicy
from chancery.texts import message

E = TypeVar("E", bound=StrEnum)


def flag(document: Mapping[str, Any], name: str) -> bool:
    """Return whether a member is set."""
    value = document.get(name, False)
    if not isinstance(value, bool):
        raise InvalidPolicy(message("'{name}' is true or false.", name=name))
    return value


def only(document: Mapping[str, Any], known: set[str], where: str) -> None:
    """Refuse members that are not known, since ignoring one could widen access."""
    unknown = sorted(str(name) for name in set(document) - known)
    if unknown:
        raise InvalidPolicy(
            message("Unknown member in {where}: {unknown}.", where=where, unknown=", ".join(unknown)),
            remedy=message("Remove it or update Chancery."),
        )


def members(document: Mapping[str, Any], name: str) -> Sequence[object]:
    """Return a member that is a list, empty where it is left out."""
    value = document.get(name, [])
    if not isinstance(value, list | tuple):
        raise InvalidPolicy(message("{name!r} is a list.", name=name))
    return value


def one_text(value: object, name: str) -> str:
    """Return a value that is one line of text."""
    if not isinstance(value, str) or not value or len(value) > 320 or not names.is_one_line(value):
        raise InvalidPolicy(message("{name!r} holds texts of 1 to 320 characters in one line.", name=name))
    return value


def integer(document: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """Return a whole number within its bounds, None where it is left out."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidPolicy(message("{name!r} is a whole number from {low} to {high}.", name=name, low=low, high=high))
    return value


def choice(kind: type[E], value: object, name: str) -> E:
    """Return a value that is one of an enumeration."""
    try:
        return kind(one_text(value, name))
    except ValueError:
        raise InvalidPolicy(message("{name!r} is one of {values}.", name=name, values=", ".join(kind))) from None


def or_default(value: int | None, default: int) -> int:
    """Return a number, or what stands for it where it is left out."""
    return default if value is None else value
