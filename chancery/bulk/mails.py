"""Mails (``.eml``) and files of many mails (``.mbox``): reading their attachments, and changing some of them.

A mail is cut at its boundaries (RFC 2046) and put together again: headers, text and attachments that stay keep their
bytes.  In a signed mail nothing is changed, since its signature would be wrong.
"""

import base64
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import BinaryIO, Final, TypeAlias

from chancery.bulk.unfit import Unfit
from chancery.sealing.streams import write_all
from chancery.texts import message

File: TypeAlias = Callable[[str, BinaryIO], tuple[str, bytes] | None]

MOST: Final = 256 * 1024 * 1024
"""Bytes of one mail, which is worked on in memory."""
_DEEPEST: Final = 50
_SIGNED: Final = frozenset({"multipart/signed", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_LINE: Final = 57
_HEAD: Final = re.compile(rb"\A(?:[^\r\n]+\r?\n)*\r?\n")
"""Header fields and the empty line behind them."""
_FIELD: Final = re.compile(rb"[^\r\n]+\r?\n(?:[ \t][^\r\n]*\r?\n)*")
_ENCODING: Final = "content-transfer-encoding"


def files(source: BinaryIO, *, many: bool) -> Iterator[tuple[str, BinaryIO]]:
    """Yield name and content of each attachment, of one mail or of each one in a file of many."""
    for _, mail in _mails(source, many=many):
        found: list[tuple[str, BinaryIO]] = []

        def note(name: str, content: BinaryIO, found: list[tuple[str, BinaryIO]] = found) -> None:
            found.append((name, content))

        _part(mail, note)
        yield from found


def rewrite(source: BinaryIO, sink: BinaryIO, file: File, *, many: bool) -> None:
    """Write mails anew; ``file`` returns the new name and content of an attachment, or None for one that stays.

    The result is read once more.
    """
    written = []
    for begins, mail in _mails(source, many=many):
        made = begins + _checked(mail, file)
        written.append(hashlib.sha256(made).digest())
        write_all(sink, made)
    if [hashlib.sha256(begins + mail).digest() for begins, mail in _mails(sink, many=many)] != written:
        raise _faulty()


def _checked(mail: bytes, file: File) -> bytes:
    """Return one mail with its attachments changed, after reading them in the result."""
    expected: list[bytes] = []

    def changed(name: str, content: BinaryIO) -> tuple[str, bytes] | None:
        found = file(name, content)
        content.seek(0)
        expected.append(hashlib.sha256(content.read() if found is None else found[1]).digest())
        return found

    made = _part(mail, changed)
    if [hashlib.sha256(content.read()).digest() for _, content in files(io.BytesIO(made), many=False)] != expected:
        raise _faulty()
    return made


def _part(
    data: bytes, file: Callable[[str, BinaryIO], tuple[str, bytes] | None], *, signed: bool = False, depth: int = 0
) -> bytes:
    """Return a mail, or a part of one, with its attachments changed."""
    if depth > _DEEPEST:
        raise Unfit(message("Containers are nested too deeply."))
    found = _HEAD.match(data)
    head = found.group() if found else b""
    body = data[len(head) :]
    parsed = BytesParser(policy=policy.compat32).parsebytes(head, headersonly=True)
    kind = parsed.get_content_type()
    signed = signed or kind in _SIGNED
    boundary = parsed.get_boundary()
    if kind.startswith("multipart/") and boundary:
        pieces = _cut(body, b"--" + boundary.encode("utf-8", "surrogateescape"))
        parts = (_part(piece, file, signed=signed, depth=depth + 1) if inner else piece for inner, piece in pieces)
        return head + b"".join(parts)
    if kind == "message/rfc822" and parsed.get(_ENCODING, "").strip().lower() not in {"base64", "quoted-printable"}:
        return head + _part(body, file, signed=signed, depth=depth + 1)
    parsed.set_payload(body.decode("ascii", "surrogateescape"))
    content = parsed.get_payload(decode=True)
    changed = file(parsed.get_filename() or "", io.BytesIO(content if isinstance(content, bytes) else b""))
    if changed is None:
        return data
    if signed:
        raise Unfit(message("The mail is signed; with another attachment its signature would be wrong."))
    return _attachment(head, parsed, *changed)


def _cut(body: bytes, boundary: bytes) -> Iterator[tuple[bool, bytes]]:
    """Cut a body at its boundary; yields every byte of it, and whether a piece is a part.

    The end of the line before a boundary belongs to the boundary.
    """
    piece, inside, ended = list[bytes](), False, False
    for line in io.BytesIO(body):
        mark = line.rstrip(b" \t\r\n")
        if ended or mark not in {boundary, boundary + b"--"}:
            piece.append(line)
            continue
        whole = b"".join(piece)
        end = 2 if whole.endswith(b"\r\n") else 1 if whole.endswith(b"\n") else 0
        yield inside, whole[: len(whole) - end]
        piece, inside, ended = [], mark == boundary, mark != boundary
        yield False, whole[len(whole) - end :] + line
    yield inside, b"".join(piece)


def _attachment(head: bytes, parsed: Message, name: str, content: bytes) -> bytes:
    """Return an attachment with another name and content; header fields that say nothing of them keep their bytes."""
    for header, member in (("Content-Type", "name"), ("Content-Disposition", "filename")):
        if parsed.get_param(member, header=header) is not None:
            parsed.set_param(member, name, header=header, charset=None if name.isascii() else "utf-8", replace=True)
    end = b"\r\n" if b"\r\n" in head else b"\n"
    made = b""
    for field in _FIELD.findall(head):
        title = field.partition(b":")[0].decode("ascii", "replace").strip()
        if title.lower() in {"content-type", "content-disposition"}:
            made += f"{title}: {parsed[title]}".replace("\r", "").replace("\n", "").encode("ascii", "replace") + end
        elif title.lower() not in {_ENCODING, "content-length", "content-md5"}:
            made += field
    made += b"Content-Transfer-Encoding: base64" + end + end
    lines = (base64.b64encode(content[at : at + _LINE]) for at in range(0, len(content), _LINE))
    return made + end.join(lines)


def _mails(source: BinaryIO, *, many: bool) -> Iterator[tuple[bytes, bytes]]:
    """Yield each mail with the line before it by which files of many mails tell them apart."""
    source.seek(0)
    if not many:
        yield b"", _bounded(source.read(MOST + 1))
        return
    begins, lines, size, blank = b"", list[bytes](), 0, True
    for line in source:
        if blank and line.startswith(b"From "):
            if begins:
                yield begins, b"".join(lines)
            begins, lines, size = line, [], 0
        else:
            lines.append(line)
            size += len(line)
            if size > MOST:
                raise _too_large()
        blank = line in {b"\n", b"\r\n"}
    yield begins, b"".join(lines)


def _bounded(data: bytes) -> bytes:
    if len(data) > MOST:
        raise _too_large()
    return data


def _too_large() -> Unfit:
    return Unfit(message("A mail is larger than what is worked on in one piece."))


def _faulty() -> Unfit:
    return Unfit(message("The mail could not be written anew without a fault."))
