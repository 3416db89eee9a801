"""A sealed file inside a web page that a double click opens (docs/format.md, section 9).

The page hands its bytes to the page of the service that opens files, in the same browser.  It proves nothing: readers
take the sealed file out of it and ignore everything else.
"""

import base64
import binascii
import hashlib
import html
import io
import os
from functools import cache
from pathlib import Path
from string import Template
from typing import BinaryIO, Final

from chancery.errors import InvalidFile
from chancery.texts import message

SUFFIX: Final = ".html"
MAGIC: Final = b"<!doctype html><!-- chancery-sealed-html-1 -->\n"
MARK: Final = b'<script type="application/vnd.chancery.sealed" id="sealed">\n'
END: Final = b"</script>\n</body>\n</html>\n"
MAX_HEAD: Final = 64 * 1024
MAX_SEALED: Final = 12 * 1024 * 1024
"""A mail with such a page has 23 MB, since its content is encoded twice; large providers take 25 MB at most."""
MAX_CONTENT: Final = MAX_SEALED - 512 * 1024
"""What certainly fits, with the longest policy."""

_LINE: Final = 57
"""Bytes in a line of 76 letters."""
_MAX_PAYLOAD: Final = -(-MAX_SEALED // _LINE) * 77


def head(*, address: str, sender: str, organization: str) -> bytes:
    """Return everything before the payload: who sent it, and ``address``, the page that opens files.

    The name of the file is not in it: whoever renames the file hides the name.
    """
    values = {"address": address, "sender": sender, "organization": organization}
    return _template().substitute({name: html.escape(value) for name, value in values.items()}).encode("utf-8")


def wrap(sealed: BinaryIO, sink: BinaryIO, head: bytes) -> None:
    """Write the page that carries a sealed file.  Raises InvalidFile for one that is too large."""
    data = sealed.read(MAX_SEALED + 1)
    if len(data) > MAX_SEALED:
        raise _too_large()
    sink.write(head)
    sink.write(base64.encodebytes(data))
    sink.write(END)


def is_html_form(source: BinaryIO) -> bool:
    """Tell by its first bytes whether a page carries a sealed file; it may be damaged all the same."""
    source.seek(0)
    return source.read(len(MAGIC)) == MAGIC


def unwrapped(source: BinaryIO) -> BinaryIO:
    """Return the sealed file that a page carries.  Raises InvalidFile for another layout than the one there is."""
    if source.seek(0, os.SEEK_END) > MAX_HEAD + _MAX_PAYLOAD + len(END):
        raise _too_large()
    source.seek(0)
    page = source.read()
    start = page.find(MARK, 0, MAX_HEAD) + len(MARK)
    if start < len(MARK) or not page.endswith(END):
        raise InvalidFile(message("This page carries no protected document, or was changed."))
    payload = page[start : len(page) - len(END)]
    try:
        sealed = binascii.a2b_base64(payload)
    except binascii.Error:
        sealed = b""
    # Other spellings of the same bytes are refused: one content has one layout.
    if base64.encodebytes(sealed) != payload:
        raise InvalidFile(message("This page carries no protected document, or was changed."))
    return io.BytesIO(sealed)


def _too_large() -> InvalidFile:
    return InvalidFile(message("A page carries at most {limit} MiB.", limit=MAX_SEALED // 1024**2))


@cache
def _template() -> Template:
    """Return the page up to its payload, with the hashes that let its style and script, and nothing else, act."""
    text = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    hashes = {f"{name}_hash": _hash_between(text, f"<{name}>", f"</{name}>") for name in ("script", "style")}
    return Template(Template(text).safe_substitute(hashes))


def _hash_between(text: str, start: str, end: str) -> str:
    inside = text.split(start, 1)[1].split(end, 1)[0]
    return f"sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}"
