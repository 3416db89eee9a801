"""Distinguished names (RFC 4514) in a form in which two spellings of one name are the same."""

import re
from typing import Final

_ESCAPED: Final = re.compile(r"\\([0-9a-fA-F]{2}|.)", re.DOTALL)
_SPACES: Final = re.compile(r"\s+")


def name_key(name: str) -> str:
    """Return a name without what makes no difference: letters' case, spaces and the way that a character is escaped.

    Servers compare by the rules of each attribute's syntax; those of people's and groups' names ignore the case.
    """
    if "\\" not in name and '"' not in name and "+" not in name:
        return ",".join(_part(part) for part in name.split(","))
    return ",".join("+".join(sorted(_part(one) for one in _split(part, "+"))) for part in _split(name, ","))


def _part(part: str) -> str:
    kind, _sign, value = part.partition("=")
    value = value.strip() if not value.endswith("\\ ") else value.lstrip()
    return f"{kind.strip().casefold()}={_escaped(_SPACES.sub(' ', _plain(value)).casefold())}"


def _split(text: str, sign: str) -> list[str]:
    """Split at a sign that is neither escaped nor in quotes."""
    parts, current, quoted, skip = [], "", False, False
    for letter in text:
        if skip:
            current, skip = current + letter, False
            continue
        skip = letter == "\\"
        quoted = quoted != (letter == '"')
        if letter == sign and not quoted:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [*parts, current]


def _plain(value: str) -> str:
    """Undo escapes; those of bytes are UTF-8."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if "\\" not in value:
        return value
    pieces, last = bytearray(), 0
    for found in _ESCAPED.finditer(value):
        pieces += value[last : found.start()].encode()
        escaped = found.group(1)
        pieces += bytes.fromhex(escaped) if len(escaped) == 2 else escaped.encode()  # two digits
        last = found.end()
    return (pieces + value[last:].encode()).decode("utf-8", "replace")


def _escaped(value: str) -> str:
    """Escape what separates names, so that two different names stay different."""
    return re.sub(r"([\\,+=])", r"\\\1", value)
