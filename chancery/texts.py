"""Texts that can be translated after they were made.

What is decided, recorded and raised here is written in English, once, where it happens; who will read it, and in which
language, is known only at the interface that answers.  So a text remembers the message it was made of and the values
put into it, and an interface asks ``translated`` for it in the reader's language.  It is a string all the same:
records, logs and code that knows no languages get the English.

    raise InvalidPolicy(message("“{name}” is no right.", name=name))

Messages are found by the names ``message`` and ``plural_message``: see ``manage.py messages``.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol, Self

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Catalog(Protocol):
    """Where translations come from: an object of the standard ``gettext``, or Django's module of the same names."""

    def gettext(self, message: str, /) -> str:
        """Return the translation of a message, or the message."""

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        """Return the translation that fits the number."""


class Text(str):
    """A text in English that knows its ``message``, the ``plural`` of it if any, and the ``values`` put into it."""

    __slots__ = ("message", "plural", "values")
    message: str
    plural: str
    values: Mapping[str, Any]

    def __new__(cls, english: str, message: str = "", plural: str = "", values: Mapping[str, Any] = _NOTHING) -> Self:
        """Make a text; ``message`` and ``plural_message`` are how it is done."""
        text = super().__new__(cls, english)
        text.message, text.plural, text.values = message or english, plural, values
        return text


def message(text: str, /, **values: Any) -> Text:
    """Return a text: ``text`` with each ``{name}`` replaced as ``str.format`` does; values may be texts too."""
    return Text(text.format_map(values) if values else text, text, "", values)


def plural_message(singular: str, plural: str, /, count: int, **values: Any) -> Text:
    """Return a text that depends on a number, which both forms call ``{count}``."""
    values = {"count": count, **values}
    return Text((singular if count == 1 else plural).format_map(values), singular, plural, values)


def joined(texts: Iterable[str], separator: str = ", ") -> Text:
    """Return texts one after another, as one text; each is translated by itself."""
    values = {f"part{number}": text for number, text in enumerate(texts)}
    return message(separator.join(f"{{{name}}}" for name in values), **values)


def translated(text: str, catalog: Catalog) -> str:
    """Return a text in the language of a catalog; a string that is no ``Text`` is returned as it is."""
    if not isinstance(text, Text):
        return text
    if text.plural:
        message = catalog.ngettext(text.message, text.plural, text.values["count"])
    else:
        message = catalog.gettext(text.message) if text.message else ""
    if not text.values:
        return message
    values = {
        name: translated(value, catalog) if isinstance(value, str) else value for name, value in text.values.items()
    }
    return message.format_map(values)
