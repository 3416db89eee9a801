"""What becomes of a document's protection when it is given another label (promise C46)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Effect(StrEnum):
    """What a label asks for: protection by the template it is linked to, none of its own, or none at all."""

    PROTECT = "protect"
    NONE = "none"
    REMOVE = "remove"


class Existing(StrEnum):
    """Where the protection came from that a document has: a policy of its own, a template, or a label's template."""

    POLICY = "policy"
    TEMPLATE = "template"
    LABEL = "label"


class Outcome(StrEnum):
    """What becomes of it."""

    KEPT = "kept"
    REPLACED = "replaced"
    REMOVED = "removed"


OUTCOMES: Final[Mapping[Existing, Mapping[Effect, Outcome]]] = MappingProxyType(
    {
        existing: MappingProxyType(
            {Effect.NONE: unprotected, Effect.PROTECT: Outcome.REPLACED, Effect.REMOVE: Outcome.REMOVED}
        )
        for existing, unprotected in (
            (Existing.POLICY, Outcome.KEPT),
            (Existing.TEMPLATE, Outcome.KEPT),
            (Existing.LABEL, Outcome.REMOVED),
        )
    }
)
"""The whole table.  What a person chose stays under a label that says nothing about protection; what came
with a label goes with it."""


def lowers(before: int | None, after: int, outcome: Outcome) -> bool:
    """Tell whether a label lowers protection, which asks for a justification.

    ``before`` and ``after`` are the sensitivities of the labels, None for a document without one.
    """
    return outcome is Outcome.REMOVED or (before is not None and after < before)
