"""Reading the members of a signed object one by one, each with its type and limit.

The reader is asked for every member the object may have and then ``done``, which refuses what nobody asked for: a
member that a version does not know may be a restriction it cannot keep.  Only ``ext`` may hold what is unknown;
whatever is there is ignored by a reader that does not know it, so nothing that restricts belongs there.
"""

from collections.abc import Mapping
from typing import Final, overload
from uuid import UUID

from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import VerifyKey
from chancery.errors import InvalidObject
from chancery.names import is_one_line
from chancery.objects.jws import b64, unb64
from chancery.objects.strict_json import JSON, MAX_INTEGER
from chancery.policy.days import LAST_MOMENT
from chancery.texts import message

VERSION: Final = 1
HASH: Final = 32
LARGEST_COUNT: Final = 2**31 - 1
"""The largest edition, revision or version number, which databases keep in four bytes."""


class Claims:
    """The members of one JSON object, read once each."""

    __slots__ = ("_members", "_outer", "_read", "_what")

    def __init__(
        self, members: Mapping[str, JSON], what: str, *, versioned: bool = True, outer: "Claims | None" = None
    ) -> None:
        """Wrap an object; a signed object states its version ``v``, an object inside of it does not."""
        self._members = members
        self._what = what
        self._outer = outer
        self._read = {"ext", "v"} if versioned else set()
        if versioned:
            self._check_version()

    def _check_version(self) -> None:
        version = self._members.get("v")
        if type(version) is not int or version != VERSION:
            raise InvalidObject(message("The {what} has a version that this program does not know.", what=self.named()))
        if not isinstance(self._members.get("ext", {}), dict):
            raise InvalidObject(message("'ext' of the {what} is not an object.", what=self.named()))

    def has(self, name: str) -> bool:
        """Tell whether an optional member is present; absent and null are not the same."""
        self._read.add(name)
        return name in self._members

    def is_null(self, name: str) -> bool:
        """Tell whether a member that must be present is null."""
        return self._take(name) is None

    def text(self, name: str, limit: int = 1024) -> str:
        """Return a text of at most ``limit`` characters."""
        value = self._take(name)
        if not isinstance(value, str) or len(value) > limit or "\0" in value:
            raise self._wrong(name, message("a text of at most {limit} characters", limit=limit))
        return value

    def line(self, name: str, limit: int) -> str:
        """Return a text of at most ``limit`` characters that can be shown as part of one line."""
        value = self.text(name, limit)
        if not is_one_line(value):
            raise self._wrong(name, message("a text without control characters and line breaks"))
        return value

    def texts(self, name: str, *, items: int = 64, limit: int = 1024) -> tuple[str, ...]:
        """Return a list of texts without repetitions."""
        value = self._list(name, items)
        found = tuple(item for item in value if isinstance(item, str) and len(item) <= limit)
        if len(found) != len(value) or len(set(found)) != len(found):
            raise self._wrong(name, message("a list of different texts"))
        return found

    def integer(self, name: str, *, minimum: int = 0, maximum: int = MAX_INTEGER) -> int:
        """Return an integer between the bounds."""
        value = self._take(name)
        if type(value) is not int or not minimum <= value <= maximum:
            raise self._wrong(name, message("an integer from {minimum} to {maximum}", minimum=minimum, maximum=maximum))
        return value

    def moment(self, name: str) -> int:
        """Return a time in whole seconds since 1970, up to the year 9999."""
        return self.integer(name, maximum=LAST_MOMENT)

    def count(self, name: str, *, minimum: int = 0) -> int:
        """Return the number of an edition, a revision or a version."""
        return self.integer(name, minimum=minimum, maximum=LARGEST_COUNT)

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise self._wrong(name, message("true or false"))
        return value

    def uuid(self, name: str) -> UUID:
        """Return a UUID written in its one usual form."""
        value = self._take(name)
        try:
            parsed = UUID(value if isinstance(value, str) else "")
        except ValueError:
            raise self._wrong(name, message("a UUID")) from None
        if str(parsed) != value:
            raise self._wrong(name, message("a UUID in lower case with hyphens"))
        return parsed

    @overload
    def blob(self, name: str, *, size: int) -> bytes: ...
    @overload
    def blob(self, name: str, *, limit: int) -> bytes: ...
    def blob(self, name: str, *, size: int | None = None, limit: int = 0) -> bytes:
        """Return bytes written as base64url, of exactly ``size`` or at most ``limit`` bytes."""
        data = unb64(self.text(name, 4 * (size or limit) // 3 + 4))
        if (size is not None and len(data) != size) or (size is None and not 0 < len(data) <= limit):
            raise self._wrong(
                name,
                message("{size} bytes", size=size) if size is not None else message("1 to {limit} bytes", limit=limit),
            )
        return data

    def blobs(self, name: str, *, size: int, items: int = 64) -> tuple[bytes, ...]:
        """Return a list of different byte strings of one size."""
        data = tuple(unb64(text) for text in self.texts(name, items=items))
        if any(len(item) != size for item in data):
            raise self._wrong(name, message("a list of {size}-byte values", size=size))
        return data

    def mapping(self, name: str) -> dict[str, JSON]:
        """Return an object whose content another module knows."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise self._wrong(name, message("an object"))
        return value

    def inner(self, name: str) -> "Claims":
        """Return a reader for an object inside of this one."""
        return Claims(self.mapping(name), name, versioned=False, outer=self)

    def inners(self, name: str, *, items: int) -> "list[Claims]":
        """Return readers for a list of objects inside of this one."""
        return [Claims(item, name, versioned=False, outer=self) for item in self._objects(name, items)]

    def verify_key(self, name: str) -> VerifyKey:
        """Return a public signing key, written as ``{"alg", "public"}``."""
        inner = self.inner(name)
        key = VerifyKey.named(inner.text("alg", 32), inner.blob("public", limit=4096))
        inner.done()
        return key

    def encryption_key(self, name: str) -> EncryptionPublicKey:
        """Return a public encryption key, written as ``{"kem", "public"}``."""
        inner = self.inner(name)
        key = EncryptionPublicKey.named(inner.text("kem", 32), inner.blob("public", limit=4096))
        inner.done()
        return key

    def done(self) -> None:
        """Refuse every member that was not asked for."""
        unknown = self._members.keys() - self._read
        if unknown:
            raise InvalidObject(
                message(
                    "The {what} has a member that this program does not know: {unknown!r}",
                    what=self.named(),
                    unknown=min(unknown)[:40],
                )
            )

    def named(self) -> str:
        """Return what this is called in an error; made only for one, since an object may hold thousands."""
        if self._outer is None:
            return self._what
        return message("{member} of the {what}", member=self._what, what=self._outer.named())

    def _take(self, name: str) -> JSON:
        self._read.add(name)
        if name not in self._members:
            raise InvalidObject(message("The {what} lacks {name!r}.", what=self.named(), name=name))
        return self._members[name]

    def _list(self, name: str, items: int) -> list[JSON]:
        value = self._take(name)
        if not isinstance(value, list) or len(value) > items:
            raise self._wrong(name, message("a list of at most {items} items", items=items))
        return value

    def _objects(self, name: str, items: int) -> list[dict[str, JSON]]:
        value = self._list(name, items)
        found = [item for item in value if isinstance(item, dict)]
        if len(found) != len(value):
            raise self._wrong(name, message("a list of objects"))
        return found

    def _wrong(self, name: str, expected: str) -> InvalidObject:
        return InvalidObject(
            message("{name!r} of the {what} is not {expected}.", name=name, what=self.named(), expected=expected)
        )


def write_verify_key(key: VerifyKey) -> dict[str, JSON]:
    """Write a public signing key as certificates carry it."""
    return {"alg": key.algorithm.name, "public": b64(key.raw)}


def write_encryption_key(key: EncryptionPublicKey) -> dict[str, JSON]:
    """Write a public encryption key as certificates carry it."""
    return {"kem": key.kem.name, "public": b64(key.raw)}
