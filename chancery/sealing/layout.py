"""The byte layout of a sealed file, and its strict parser; ``docs/format.md`` is the specification.

    magic(8)
    u32 ‖ notice            UTF-8, for people without a client; unauthenticated until the seal is verified
    u32 ‖ publishing license
    u32 ‖ metadata          Cobblestone-256 message of its own
    prefix(56)              salt and key commitment of the body            … ``hdr`` hashes everything up to here
    chunks                  ``len`` bytes
    leaf hashes             32 × n, n = ⌈len / 1,049,600⌉
    body seal               compact JWS
    u32 seal length ‖ u64 len ‖ end magic(8)

Numbers are big-endian.  Every length is bounded before anything of that length is read, the lengths add up to the size
of the file exactly, and nothing may be before or after; so one content has one layout, and a file that was cut or
extended is refused before any decryption.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from chancery.crypto.content import PREFIX, SEALED_LEAF, plain_length
from chancery.errors import InvalidFile
from chancery.ledger import merkle
from chancery.objects import limits
from chancery.objects.body import BodyFacts
from chancery.texts import message

MAGIC: Final = b"\x93CHNCR\x01\n"
"""Not text in any encoding, carries the version, and breaks visibly when line ends are converted."""
END_MAGIC: Final = b"\x93CHEND\x01\n"
SUFFIX: Final = ".sealed"

NOTICE: Final = (
    "This file is protected. To open it, use Chancery and sign in with the address it was sent to.\n"
    "Diese Datei ist geschützt. Öffnen Sie sie mit Chancery unter der Adresse, an die sie gesendet wurde.\n"
)
"""What people read who look into a sealed file without a client."""

MAX_NOTICE: Final = 16 * 1024
MAX_META: Final = 64 * 1024
MAX_LEAVES: Final = 2**20
"""1 TiB of plaintext: the leaf hashes of a larger file would not fit into the memory a reader is promised to need."""

_LENGTH: Final = struct.Struct(">I")
_FOOTER: Final = struct.Struct(">IQ8s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Everything before the first chunk."""

    notice: str
    license: str
    meta: bytes
    prefix: bytes

    def encode(self) -> bytes:
        """Write the header, refusing what a reader would refuse."""
        parts = [MAGIC]
        for part, limit in (
            (self.notice.encode("utf-8"), MAX_NOTICE),
            (self.license.encode("ascii"), limits.PUBLISHING_LICENSE),
            (self.meta, MAX_META),
        ):
            if len(part) > limit:
                raise InvalidFile(message("A part of the header has more than {limit} bytes.", limit=limit))
            parts += [_LENGTH.pack(len(part)), part]
        return b"".join((*parts, self.prefix))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A parsed sealed file: all of it but the body, which stays where it is."""

    header: Header
    hdr: bytes
    body_offset: int
    length: int
    leaves: bytes
    """The leaf hashes, one after the other."""
    seal: str

    @property
    def plain_length(self) -> int:
        """How many bytes the body has when it is opened."""
        return plain_length(self.length)

    @property
    def leaf_count(self) -> int:
        """How many leaves the body has."""
        return leaf_count(self.length)

    def leaf_hash(self, number: int) -> bytes:
        """Return the hash that a leaf must have."""
        return self.leaves[32 * number : 32 * number + 32]

    def leaf_length(self, number: int) -> int:
        """Return how many sealed bytes a leaf has; only the last one is short."""
        return min(SEALED_LEAF, self.length - number * SEALED_LEAF)

    def facts(self) -> BodyFacts:
        """Return what a body seal has to state about these bytes."""
        return BodyFacts(hdr=self.hdr, length=self.length, root=merkle.root_of(_split(self.leaves)))


def trailer(leaves: bytes, seal: str, length: int) -> bytes:
    """Write everything after the last chunk."""
    if len(seal) > limits.OBJECT or len(leaves) != 32 * leaf_count(length):
        raise InvalidFile(message("The trailer does not fit the body."))
    return leaves + seal.encode("ascii") + _FOOTER.pack(len(seal), length, END_MAGIC)


def leaf_count(length: int) -> int:
    """Return ⌈length / leaf⌉."""
    return -(-length // SEALED_LEAF)


def parse(source: BinaryIO, size: int) -> Layout:
    """Parse a seekable file of ``size`` bytes, or raise ``InvalidFile``; the body is not read."""
    source.seek(0)
    if source.read(len(MAGIC)) != MAGIC:
        raise InvalidFile(
            message("This is not a sealed file, or it was made by another version of the format."),
            remedy=message(
                "Sealed files end in {suffix}; if this one does, ask its sender for it again.", suffix=SUFFIX
            ),
        )
    seal_length, length = _footer(source, size)
    source.seek(len(MAGIC))
    header, header_length, hdr = _header(source, size)
    count = leaf_count(length)
    if header_length + length + 32 * count + seal_length + _FOOTER.size != size:
        raise InvalidFile(message("The parts of the file do not add up to its size; it was cut or extended."))
    source.seek(header_length + length)
    leaves = _read(source, 32 * count, size)
    seal = _ascii(_read(source, seal_length, size))
    return Layout(header=header, hdr=hdr, body_offset=header_length, length=length, leaves=leaves, seal=seal)


def is_sealed(source: BinaryIO) -> bool:
    """Tell by its first bytes whether a file was sealed, whatever its name; it may be damaged all the same."""
    return source.read(len(MAGIC)) == MAGIC


def _footer(source: BinaryIO, size: int) -> tuple[int, int]:
    if size < len(MAGIC) + _FOOTER.size:
        raise InvalidFile(message("The file is too short to be a sealed file."))
    source.seek(size - _FOOTER.size)
    seal_length, length, magic = _FOOTER.unpack(_read(source, _FOOTER.size, size))
    if magic != END_MAGIC:
        raise InvalidFile(message("The file does not end where a sealed file ends; it was cut or extended."))
    if seal_length > limits.OBJECT or leaf_count(length) > MAX_LEAVES or length > size:
        raise InvalidFile(message("The file claims a size beyond the limits of the format."))
    plain_length(length)
    return seal_length, length


def _header(source: BinaryIO, size: int) -> tuple[Header, int, bytes]:
    hasher = hashlib.sha256(MAGIC)
    total = len(MAGIC)
    parts: list[bytes] = []
    for limit in (MAX_NOTICE, limits.PUBLISHING_LICENSE, MAX_META):
        raw = _read(source, _LENGTH.size, size)
        (length,) = _LENGTH.unpack(raw)
        if length > limit:
            raise InvalidFile(message("A part of the header is longer than the format allows."))
        part = _read(source, length, size)
        hasher.update(raw + part)
        total += len(raw) + length
        parts.append(part)
    prefix = _read(source, PREFIX, size)
    hasher.update(prefix)
    try:
        notice = parts[0].decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidFile(message("The notice is not UTF-8.")) from None
    header = Header(notice=notice, license=_ascii(parts[1]), meta=parts[2], prefix=prefix)
    return header, total + PREFIX, hasher.digest()


def _read(source: BinaryIO, length: int, size: int) -> bytes:
    if length > size:
        raise InvalidFile(message("The file is shorter than one of its parts."))
    data = source.read(length)
    if len(data) != length:
        raise InvalidFile(message("The file is shorter than one of its parts."))
    return data


def _ascii(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidFile(message("A signed object in the file is not ASCII.")) from None


def _split(leaves: bytes) -> Iterator[bytes]:
    return (leaves[start : start + 32] for start in range(0, len(leaves), 32))
