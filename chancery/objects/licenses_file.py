"""The licenses file: use licenses that were issued ahead and are carried beside sealed files.

``docs/format.md`` is the specification.  Each license is sealed to one device and can be found only by that device, so
a file that falls into other hands names nobody: neither people nor devices nor what they may do.

    magic(8)
    u16 count, then for each organization, in ascending order:
        organization(16) ‖ u32 ‖ organization statement
    u32 count, then for each license, in ascending order of its nonce:
        nonce(16) ‖ tag(16) ‖ u32 ‖ sealed license

Numbers are big-endian.  Every length is bounded before anything of that length is read, and nothing follows.
"""

import hashlib
import secrets
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeVar
from uuid import UUID

from chancery.crypto import bindings, labels
from chancery.crypto.envelope import seal, unseal
from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.store import KeyStore
from chancery.errors import InvalidObject
from chancery.objects import limits
from chancery.texts import message

_Ordered = TypeVar("_Ordered", UUID, bytes)

MAGIC: Final = b"\x93CHLIC\x01\n"
"""Not text in any encoding, carries the version, and breaks visibly when line ends are converted."""
SUFFIX: Final = ".licenses"
"""What follows the name of the sealed file, or of nothing, beside which the file lies."""

ID: Final = 16
"""Bytes of a nonce, and of a tag."""
PADDED_TO: Final = 1024
"""A sealed license has a multiple of so many bytes, so that its length hardly says what it gives."""
MAX_ORGANIZATIONS: Final = 64
MAX_LICENSES: Final = 20_000

_LINE: Final = b"\n"
_COUNT: Final = struct.Struct(">H")
_LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class CarriedLicense:
    """A use license as the device reads it, not verified yet, with the delegation behind its signature."""

    token: str = field(repr=False)
    delegation: str = field(repr=False)


@dataclass(frozen=True, slots=True, order=True)
class SealedLicense:
    """One license as it lies in the file: ``tag`` tells nobody but its device for whom it is."""

    nonce: bytes
    tag: bytes
    sealed: bytes = field(repr=False)

    @classmethod
    def make(cls, license_: CarriedLicense, public: EncryptionPublicKey, *, org: UUID, pl: bytes) -> "SealedLicense":
        """Seal a license to a device, for the document of a publishing license with this digest."""
        nonce = secrets.token_bytes(ID)
        plain = license_.token.encode("ascii") + _LINE + license_.delegation.encode("ascii") + _LINE
        padded = plain + bytes(-len(plain) % PADDED_TO)
        sealed = seal(public, padded, bindings.carried_license(org=org, pl=pl, nonce=nonce))
        return cls(nonce, _tag(nonce, public.key_id, pl), sealed)

    @classmethod
    def decode(cls, blob: bytes) -> "SealedLicense":
        """Read what ``encode`` wrote."""
        if not 2 * ID < len(blob) <= 2 * ID + limits.CARRIED_LICENSE:
            raise InvalidObject(message("A license that was sent ahead has an impossible length."))
        return cls(blob[:ID], blob[ID : 2 * ID], blob[2 * ID :])

    def encode(self) -> bytes:
        """Return the license for the API: nonce, tag, and the sealed license to the end."""
        return self.nonce + self.tag + self.sealed

    def is_for(self, key_id: bytes, pl: bytes) -> bool:
        """Tell whether the license is sealed to this device key, and for this document."""
        return self.tag == _tag(self.nonce, key_id, pl)

    def open(self, store: KeyStore, key_id: bytes, *, org: UUID, pl: bytes) -> CarriedLicense:
        """Unseal the license with the device key.  Raises CannotUnseal, and InvalidObject for what is no license."""
        plain = unseal(store, key_id, self.sealed, bindings.carried_license(org=org, pl=pl, nonce=self.nonce))
        token, first, rest = plain.partition(_LINE)
        delegation, second, padding = rest.partition(_LINE)
        shortest = len(token) + len(delegation) + 2
        canonical = first and second and len(plain) == shortest + -shortest % PADDED_TO and not padding.strip(b"\0")
        if not canonical or not (token.isascii() and delegation.isascii()):
            raise InvalidObject(message("A license that was sent ahead is not in its one form."))
        return CarriedLicense(token.decode("ascii"), delegation.decode("ascii"))


@dataclass(frozen=True, slots=True)
class LicensesFile:
    """Licenses of any number of documents, and the statements of the organizations that protect these."""

    statements: Mapping[UUID, str]
    licenses: tuple[SealedLicense, ...]

    @classmethod
    def of(cls, statements: Mapping[UUID, str], licenses: Iterable[SealedLicense]) -> "LicensesFile":
        """Return the file with these licenses, in the one order that it can have."""
        return cls(dict(sorted(statements.items())), tuple(sorted(licenses)))

    def with_more(self, other: "LicensesFile") -> "LicensesFile":
        """Return a file that holds the licenses of both; of an organization it keeps the statement of ``other``."""
        return LicensesFile.of({**self.statements, **other.statements}, {*self.licenses, *other.licenses})

    def licenses_for(self, key_id: bytes, pl: bytes) -> Iterator[SealedLicense]:
        """Yield the licenses for one document that are sealed to one device key."""
        return (license_ for license_ in self.licenses if license_.is_for(key_id, pl))

    def encode(self) -> bytes:
        """Return the bytes of the file, refusing what a reader would refuse."""
        parts = [MAGIC, _COUNT.pack(len(self.statements))]
        for org, statement in self.statements.items():
            parts += [org.bytes, _LENGTH.pack(len(statement)), statement.encode("ascii")]
        parts.append(_LENGTH.pack(len(self.licenses)))
        for license_ in self.licenses:
            parts += [license_.nonce, license_.tag, _LENGTH.pack(len(license_.sealed)), license_.sealed]
        encoded = b"".join(parts)
        LicensesFile.decode(encoded)
        return encoded

    @classmethod
    def decode(cls, data: bytes) -> "LicensesFile":
        """Read a file strictly: one content has one encoding, and no byte is left over.  Raises InvalidObject."""
        reader = _Reader(data)
        if len(data) > limits.LICENSES_FILE or reader.take(len(MAGIC)) != MAGIC:
            raise InvalidObject(message("This is no licenses file of a version that this program knows."))
        statements = [
            (UUID(bytes=reader.take(ID)), reader.text(limits.STATEMENT))
            for _ in range(reader.count(_COUNT, MAX_ORGANIZATIONS))
        ]
        licenses = tuple(
            SealedLicense(reader.take(ID), reader.take(ID), reader.part(limits.CARRIED_LICENSE))
            for _ in range(reader.count(_LENGTH, MAX_LICENSES))
        )
        organizations, nonces = [org for org, _ in statements], [license_.nonce for license_ in licenses]
        if not (reader.at_end and _ascends(organizations) and _ascends(nonces)):
            raise InvalidObject(message("The licenses file is not in its one form."))
        return cls(dict(statements), licenses)


class _Reader:
    """Takes parts of bounded length off the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

    def take(self, size: int) -> bytes:
        part = self._data[self._at : self._at + size]
        if len(part) != size:
            raise InvalidObject(message("The licenses file is cut off."))
        self._at += size
        return part

    def count(self, form: struct.Struct, most: int) -> int:
        (number,) = form.unpack(self.take(form.size))
        if number > most:
            raise InvalidObject(message("The licenses file holds more than it may."))
        return int(number)

    def part(self, limit: int) -> bytes:
        size = self.count(_LENGTH, limit)
        if not size:
            raise InvalidObject(message("A part of the licenses file is empty."))
        return self.take(size)

    def text(self, limit: int) -> str:
        part = self.part(limit)
        if not part.isascii():
            raise InvalidObject(message("A statement in the licenses file is no text of ASCII characters."))
        return part.decode("ascii")


def _tag(nonce: bytes, key_id: bytes, pl: bytes) -> bytes:
    """Return how a device finds its license: a hash that nobody computes who does not know the device's public key."""
    return hashlib.sha256(labels.CARRIED_TAG + nonce + key_id + pl).digest()[:ID]


def _ascends(values: Sequence[_Ordered]) -> bool:
    return all(one < two for one, two in pairwise(values))
