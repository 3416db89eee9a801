"""JSON with exactly one encoding for each content.

Signed objects, envelopes and metadata are read by programs in many languages, whose parsers disagree about duplicate
members, white space, escapes, large numbers and ``NaN``.  So the text itself must be what a compact encoder writes for
the parsed value (members in the order found, no white space, only the escapes that are necessary); one comparison
refuses every disagreement, and in JavaScript it is ``JSON.stringify(JSON.parse(text)) === text``.

Numbers are integers of at most 53 bits, because a program that reads them as floating point must see the same value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NoReturn, TypeAlias

from chancery.errors import InvalidObject
from chancery.texts import message

JSON: TypeAlias = "bool | int | str | list[JSON] | dict[str, JSON] | None"
"""A value of the profile; floating-point numbers do not exist."""

MAX_INTEGER: Final = 2**53 - 1
MAX_LEVELS: Final = 8
_PLAIN: Final = frozenset({str, bool, type(None)})


def encode(members: Mapping[str, JSON]) -> bytes:
    """Write an object in its one form, in the order of its members."""
    plain = dict(members)
    _check(plain, 1)
    try:
        return _ENCODER.encode(plain).encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidObject(message("A text holds half of a surrogate pair.")) from None


def decode(data: bytes) -> dict[str, JSON]:
    """Read an object, or raise ``InvalidObject`` if it is not in its one form."""
    try:
        text = data.decode("utf-8")
        value: JSON = _DECODER.decode(text)
        canonical = _ENCODER.encode(value)
    except UnicodeDecodeError:
        raise InvalidObject(message("The object is not UTF-8.")) from None
    except (ValueError, RecursionError):
        raise InvalidObject(message("The object is not JSON of this profile.")) from None
    if canonical != text:
        raise InvalidObject(message("The JSON is not in its one form (white space, escapes or duplicate members)."))
    if not isinstance(value, dict):
        raise InvalidObject(message("The JSON is not an object."))
    _check(value, 1)
    return value


def _check(value: JSON, level: int) -> None:
    """Bound nesting and integers, and refuse member names that some languages reorder."""
    if type(value) in _PLAIN or isinstance(value, str):  # A text that can still be translated is one, too.
        return
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise InvalidObject(message("An integer has more than 53 bits."))
        return
    if level > MAX_LEVELS:
        raise InvalidObject(message("The JSON is nested deeper than {most} levels.", most=MAX_LEVELS))
    if isinstance(value, dict):
        for name, member in value.items():
            if name.isdigit() and name.isascii():
                raise InvalidObject(message("A member name must not look like a number."))
            _check(member, level + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, level + 1)
    else:
        raise InvalidObject(message("A value is neither text, integer, truth value, list nor object."))


def _refuse_number(text: str) -> NoReturn:
    raise InvalidObject(message("A number is not an integer: {text}", text=text[:20]))


def _bounded_integer(text: str) -> int:
    if len(text) > 17 or text == "-0":
        raise InvalidObject(message("An integer has more than 53 bits or is minus zero."))
    return int(text)


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_DECODER: Final = json.JSONDecoder(
    parse_float=_refuse_number, parse_constant=_refuse_number, parse_int=_bounded_integer
)
