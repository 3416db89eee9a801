"""What a write has changed, for whom, as every interface answers it.

Pages show the message and the warnings, the API answers them beside ``changed``, and the command line prints them.  So
all three say the same, and none of them says that something was done where nothing changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of a write; ``members`` are what else the API answers."""

    changed: bool
    message: str
    warnings: tuple[str, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the members that the API answers."""
        return {"changed": self.changed, "message": self.message, "warnings": list(self.warnings), **self.members}


def effect(changed: object, done: str, otherwise: str, *warnings: str, **members: Any) -> Effect:
    """Return the effect of a write: what it did, or that nothing changed and how it is already."""
    message = done if changed else _("{state} Nothing changed.").format(state=otherwise)
    return Effect(bool(changed), message, tuple(one for one in warnings if one), members)


def together(effects: Sequence[Effect]) -> Effect:
    """Return several effects of one call as one; nothing that was asked for changes nothing."""
    if not effects:
        return Effect(changed=False, message=_("Nothing was named, so nothing changed."))
    return Effect(
        any(one.changed for one in effects),
        " ".join(one.message for one in effects),
        tuple(warning for one in effects for warning in one.warnings),
        {name: value for one in effects for name, value in one.members.items()},
    )


class EffectAnswer(serializers.Serializer[dict[str, Any]]):
    """What a write has changed."""

    changed = serializers.BooleanField(help_text="False when everything was so already; then nothing is recorded.")
    message = serializers.CharField(help_text="What changed for whom, in the caller's language.")
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="What the caller may not have meant or expected."
    )


def effect_answer(name: str, /, **members: Any) -> Any:
    """Return the serializer of an effect with further members, for the API's description."""
    return inline_serializer(name, {**EffectAnswer().fields, **members})
