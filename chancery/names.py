"""Mail addresses, mail domains and hosts in their one normal form, names and free texts (docs/licensing.md §11).

The directory, policies, deny entries, revocations, sign-in, mail and the client compare the forms that this module
returns, and nothing else.  If two of them used different rules, a deny entry could miss the person it names, and a
grant could open for somebody else.

- A **domain** is written as IDNA 2008 A-labels (RFC 5891, UTS 46 non-transitional), in lower case: ``straße.example``
  and ``strasse.example`` are two domains.
- A **local part** is a dot-atom (RFC 5322 §3.2.3, RFC 6531 §3.3) in Unicode's composed form, each character mapped to
  lower case.  It is not case-folded: ``groß`` and ``gross`` are two people.  Dots and plus signs are kept, since only
  the domain's own server knows whether they matter.  Beyond ASCII the characters are allowed that IDNA 2008 allows in
  a label (PVALID, RFC 5892), so that nothing invisible and no second form of a letter gets in, but not the dotless
  i, which comparisons in upper case take for an ``i``.
"""

import functools
import re
import unicodedata
from typing import Final

import idna
from idna.idnadata import codepoint_classes
from idna.intranges import intranges_contain

MAX_ADDRESS: Final = 254
"""Octets of a whole address (RFC 5321 §4.5.3.1.3, erratum 1690)."""
MAX_LOCAL: Final = 64
"""Octets of a local part in UTF-8 (RFC 5321 §4.5.3.1.1)."""

MAX_LINE: Final = 200
"""Characters of a name of a person, group, device, application or organization."""
MAX_TEXT: Final = 500
"""Characters of a reason, a note, a message or a description."""

_ATOM: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~")
_BREAKING: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REORDERING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_OVERRIDING: Final = _REORDERING - frozenset("\u061c\u200e\u200f")
_DOTLESS_I: Final = "\N{LATIN SMALL LETTER DOTLESS I}"
_VALID: Final = codepoint_classes["PVALID"]
_NUMBERS_ONLY: Final = re.compile(r"\d+|0x[0-9a-f]*")


class NameRefused(ValueError):
    """The text is not a name of the expected kind; the message is for the person who typed it.

    This package does not know the reader's language: the error keeps its ``message`` and the ``values`` put into it, so
    that an interface can translate it.  The catalogs find messages by the name of this class.
    """

    def __init__(self, message: str, /, **values: str) -> None:
        super().__init__(message.format_map(values))
        self.message, self.values = message, values


@functools.lru_cache(maxsize=4_096)
def host(text: str) -> str:
    """Return the normal form of a host name: A-labels in lower case, without port and final dot.

    Requests ask several times with the same text and IDNA is slow; a cached answer cannot become wrong.
    """
    bare = text.strip().lower()
    name, colon, port = bare.rpartition(":")
    if colon and port.isascii() and port.isdigit() and ":" not in name:
        bare = name
    return _labels(bare.removesuffix("."))


@functools.lru_cache(maxsize=4_096)
def mail_domain(text: str) -> str:
    """Return the normal form of the part after the @: A-labels in lower case, at least two of them, no IP address."""
    normal = _labels(text.strip().removesuffix("."))
    if "." not in normal or _NUMBERS_ONLY.fullmatch(normal.rpartition(".")[2]):
        raise NameRefused("{text} is not a mail domain.", text=text.strip())
    return normal


@functools.lru_cache(maxsize=16_384)
def address(text: str) -> str:
    """Return the normal form of a mail address, or raise NameRefused.

    The answers are kept as those of ``host`` are: a policy of a thousand entries is read at every opening.
    """
    local, at, domain = text.strip().rpartition("@")
    normal = _lowered(local)
    if not at or not all(_is_atom(atom) for atom in normal.split(".")):
        raise NameRefused("{text!r} is not a mail address that can be used here.", text=text.strip())
    if len(normal.encode()) > MAX_LOCAL:
        raise NameRefused("The part of {text} before the @ is longer than 64 characters.", text=text.strip())
    try:
        whole = f"{normal}@{mail_domain(domain)}"
    except NameRefused as error:
        raise NameRefused(
            "{text!r} is not a mail address that can be used here: {domain!r} is not a mail domain.",
            text=text.strip(),
            domain=domain,
        ) from error
    if len(whole.encode()) > MAX_ADDRESS:
        raise NameRefused("{text} is longer than the 254 characters of a mail address.", text=text.strip())
    return whole


def domain_of(normal_address: str) -> str:
    """Return the mail domain of an address that is already in its normal form."""
    return normal_address.rpartition("@")[2]


def is_one_line(text: str) -> bool:
    """Return whether a text can be shown as part of one line without changing how the rest of it reads.

    Refused are control characters of both sets (a terminal obeys them), line and paragraph separators, halves of
    surrogate pairs, and the marks that reorder text (Unicode UAX 9), which make ``exe.txt`` read as ``txt.exe``.
    Titles, names of people, groups, devices, templates and files follow this rule.
    """
    # What Python calls printable holds none of these, and is found out a hundred times sooner.
    return text.isprintable() or not any(_is_breaking(character) or character in _REORDERING for character in text)


def one_line(text: str, *, most: int = MAX_LINE) -> str:
    """Return a name or title trimmed, or raise NameRefused when it is too long or changes the text around it."""
    bare = text.strip()
    if len(bare) > most:
        raise NameRefused("A name has at most {most} characters.", most=str(most))
    if not is_one_line(bare):
        raise NameRefused("A name is one line without control characters and without marks that reorder text.")
    return bare


def free_text(text: str, *, most: int = MAX_TEXT) -> str:
    """Return a text of several lines trimmed, each line ended by a line feed alone, or raise NameRefused.

    Reasons, notes, messages and descriptions may hold line feeds and tabs.  Refused is what ``is_one_line`` refuses
    beside these, but not the marks that only say in which direction their neighbors are read: Hebrew and Arabic use
    them, and they reach no further than the letters beside them.
    """
    bare = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(bare) > most:
        raise NameRefused("A text has at most {most} characters.", most=str(most))
    if any(_is_breaking(character) or character in _OVERRIDING for character in bare if character not in "\n\t"):
        raise NameRefused(
            "A text may hold line breaks and tabs, but no other control characters and no marks that reorder text."
        )
    return bare


def _is_breaking(character: str) -> bool:
    return unicodedata.category(character) in _BREAKING


def _lowered(local: str) -> str:
    """Map each character to lower case by itself: the mapping of a whole text would make sigma depend on its place."""
    composed = unicodedata.normalize("NFC", local)
    return unicodedata.normalize("NFC", "".join(character.lower() for character in composed))


def _is_atom(text: str) -> bool:
    return bool(text) and not unicodedata.category(text[0]).startswith("M") and all(map(_is_allowed, text))


def _is_allowed(character: str) -> bool:
    if character.isascii():
        return character in _ATOM
    return character != _DOTLESS_I and intranges_contain(ord(character), _VALID)


def _labels(text: str) -> str:
    try:
        encoded = idna.encode(text, uts46=True, std3_rules=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise NameRefused("{text!r} is not a host or domain name.", text=text) from error
    if any(not label or "_" in label for label in encoded.split(".")):
        raise NameRefused("{text!r} is not a host or domain name.", text=text)
    return encoded
