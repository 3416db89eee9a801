"""Texts that a worker keeps and a person reads later, in their own language."""

from collections.abc import Mapping
from typing import Any

from django.utils import translation

from chancery.texts import Text, message, translated

_MOST: int = 500


def kept(text: str) -> dict[str, Any]:
    """Return what is kept of a text: its message, and the values put into it."""
    if not isinstance(text, Text):
        return {"text": text[:_MOST]}
    return {"text": text.message, "values": {name: str(value)[:_MOST] for name, value in text.values.items()}}


def told(kept_text: Mapping[str, Any]) -> str:
    """Return a kept text in the reader's language, "" for none."""
    if not kept_text:
        return ""
    values = kept_text.get("values")
    if values is None:
        return str(kept_text["text"])
    return translated(message(kept_text["text"], **values), translation)
