"""What a file is to work in bulk, judged by its content: sealed, an archive, a mail, several mails, or plain."""

from enum import StrEnum
from pathlib import PurePath
from typing import BinaryIO, Final

from chancery.sealing import html_form, layout

HEAD: Final = max(len(html_form.MAGIC), len(layout.MAGIC), 4)
"""How many of the first bytes tell the kind."""


class Kind(StrEnum):
    """What is worked on, and what is looked into."""

    SEALED = "sealed"
    ZIP = "zip"
    MAIL = "mail"
    MAILBOX = "mailbox"
    PLAIN = "plain"


CONTAINERS: Final = frozenset({Kind.ZIP, Kind.MAIL, Kind.MAILBOX})

_ENDINGS: Final = {".zip": Kind.ZIP, ".eml": Kind.MAIL, ".mbox": Kind.MAILBOX}
_ARCHIVE: Final = (b"PK\x03\x04", b"PK\x05\x06")


def kind_of(name: str, head: bytes) -> Kind:
    """Return the kind of a file by its name and its first bytes.

    What is sealed is known by the bytes alone.  An archive needs its ending, too: documents of offices are archives
    whose parts are nobody's files.
    """
    if head.startswith((layout.MAGIC, html_form.MAGIC)):
        return Kind.SEALED
    kind = _ENDINGS.get(PurePath(name).suffix.casefold(), Kind.PLAIN)
    if kind is Kind.ZIP and not head.startswith(_ARCHIVE):
        return Kind.PLAIN
    if kind is Kind.MAILBOX and not head.startswith(b"From"):
        return Kind.PLAIN
    return kind


def kind_of_stream(name: str, stream: BinaryIO) -> Kind:
    """Return the kind of a stream that can seek, and leave it at its beginning."""
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(0)
    return kind_of(name, head)
