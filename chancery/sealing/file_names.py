"""One rule for the names of files: what may be in a sealed file, what is written to a disk, and what is shown.

A name is written by the person who seals and used on the reader's disk and screen.  Characters that cannot be seen, or
that turn the order of others around, are never part of one.  What some system takes for something else than a file in
one folder (a leading dot or dash, a device, a trailing dot) is made harmless, alike by writers and readers.
"""

import re
from typing import Final

MAX_CHARACTERS: Final = 255
MAX_BYTES: Final = 255
"""What file systems take; in UTF-8 a name of 255 characters can have four times as many."""

HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Control characters, separators of lines and paragraphs, direction marks, what has no width, lone surrogates."""

_SEPARATORS: Final = re.compile(r"[/\\]")
_MEANT_OTHERWISE: Final = re.compile(r'[:*?"<>|]')
_DEVICES: Final = frozenset(
    {
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
    }
)


def is_possible(name: str) -> bool:
    """Tell whether a text can be a name in a sealed file."""
    return not (
        name in ("", ".", "..") or len(name) > MAX_CHARACTERS or HIDDEN.search(name) or _SEPARATORS.search(name)
    )


def harmless(name: str) -> str:
    """Return a possible name as it is written to a disk: under every system the name of a file and nothing else."""
    name = _MEANT_OTHERWISE.sub("_", name)
    if name[0] in "-.~" or name.isspace():
        name = f"_{name}"
    if name.partition(".")[0].rstrip(" ").casefold() in _DEVICES:
        name = f"_{name}"
    name = name[:-1] + "_" if name[-1] in " ." else name
    return _shortened(name)


def sealable(name: str) -> str:
    """Return the name under which a file is sealed, made of its name on this disk."""
    shown = HIDDEN.sub("_", _SEPARATORS.sub("_", name))
    return harmless(shown or "_")


def shown(text: str) -> str:
    """Return a text with each hidden character written out, for a terminal or a page of plain text."""
    return HIDDEN.sub(lambda found: _written_out(found[0]), text)


def _written_out(character: str) -> str:
    point = ord(character)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _shortened(name: str) -> str:
    """Cut a name that has too many bytes, before its ending."""
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 32:
        stem, ending = name, ""
    room = MAX_BYTES - len((dot + ending).encode()) if ending else MAX_BYTES
    while len(stem.encode()) > room:
        stem = stem[:-1]
    return f"{stem}.{ending}" if ending else stem
