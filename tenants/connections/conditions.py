"""What a list of provisioned people or groups is asked for, free of SQL and of any protocol."""

from dataclasses import dataclass
from typing import Literal

Operator = Literal["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"]


class UnknownAttribute(ValueError):
    """Nothing can be compared with the attribute of this name."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An attribute beside a value; ``pr`` asks whether there is any, and ``value`` means nothing then."""

    attribute: str
    operator: Operator
    value: object = None


@dataclass(frozen=True, slots=True)
class Within:
    """One value of an attribute with many for which a condition holds."""

    attribute: str
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions of which all hold, or any."""

    how: Literal["and", "or"]
    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Negated:
    """A condition that does not hold."""

    condition: "Condition"


Condition = Compared | Within | Joined | Negated
