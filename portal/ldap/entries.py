"""One entry of a directory server: its name, and values as bytes or as text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

_GUID: Final = "objectguid"
_GUID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; ``attributes`` have their names in small letters, since servers do not mind the case."""

    name: str
    attributes: Mapping[str, tuple[bytes, ...]] = field(hash=False)

    def texts(self, attribute: str) -> tuple[str, ...]:
        """Return the values that are text; a value that is none, or holds what no database keeps, is left out."""
        found = []
        for value in self.attributes.get(attribute.lower(), ()):
            try:
                text = value.decode()
            except UnicodeDecodeError:
                continue
            if "\0" not in text:
                found.append(text)
        return tuple(found)

    def text(self, attribute: str) -> str:
        """Return the first value that is text, "" where there is none."""
        return next(iter(self.texts(attribute)), "")

    def number(self, attribute: str) -> int:
        """Return the first value as a number, 0 where it is none."""
        text = self.text(attribute)
        return int(text) if text.lstrip("-").isdecimal() and text.isascii() else 0

    def identity(self, attribute: str) -> str:
        """Return the value by which an entry stays the same, whatever it is called; "" where there is none.

        Active Directory gives sixteen bytes, of which the first three numbers are turned around.
        """
        value = next(iter(self.attributes.get(attribute.lower(), ())), b"")
        if attribute.lower() == _GUID and len(value) == _GUID_BYTES:
            return str(UUID(bytes_le=value))
        return self.text(attribute).strip()
