"""Texts that a worker keeps and a person reads later, in their own language."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils import translation

from chancery.texts import Text, translated

_MOST: Final = 500


def kept(text: str) -> dict[str, Any]:
    """Return what is kept of a text: its message, and the values put into it."""
    if not isinstance(text, Text):
        return {"text": text[:_MOST]}
    return {"text": text.message, "values": {name: str(value)[:_MOST] for name, value in text.values.items()}}


def told(kept_text: Mapping[str, Any]) -> str:
    """Return a kept text in the reader's language, "" for none."""
    found = str(kept_text.get("text", ""))
    values = kept_text.get("values")
    if values is None:
        return found
    return translated(Text(found.format_map(values), found, "", values), translation)
