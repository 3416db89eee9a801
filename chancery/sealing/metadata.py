"""The encrypted metadata block: what the file was called and how large it is.

The name is written by the person who sealed the file and used to create a file on the reader's disk, so it is checked
here, where it is read: it can only ever be the name of a file in one folder (``chancery.sealing.file_names``).
"""

from dataclasses import dataclass
from typing import Final

from chancery.crypto import content
from chancery.crypto.labels import META
from chancery.errors import InvalidFile, InvalidObject
from chancery.objects import strict_json
from chancery.objects.claims import VERSION, Claims
from chancery.objects.strict_json import JSON
from chancery.sealing.file_names import MAX_CHARACTERS, is_possible
from chancery.texts import message

MAX_TYPE: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Name, media type, size and time of the plaintext; ``size`` None means that sealing has to count it."""

    name: str
    type: str = "application/octet-stream"
    size: int | None = None
    mtime: int | None = None
    """Whole seconds since 1970; None if it is not known."""

    def seal(self, key: bytes, pl_digest: bytes) -> bytes:
        """Encrypt the block under the content key, bound to the publishing license."""
        return content.encrypt_small(key, META + pl_digest, self.encode())

    def encode(self) -> bytes:
        """Write the block's plaintext."""
        check_name(self.name)
        if self.size is None:
            raise InvalidObject(message("The metadata of a sealed file states its size."))
        members: dict[str, JSON] = {
            "v": VERSION,
            "name": self.name,
            "type": self.type,
            "size": self.size,
            "mtime": self.mtime,
        }
        return strict_json.encode(members)

    @classmethod
    def unseal(cls, key: bytes, pl_digest: bytes, sealed: bytes) -> "Metadata":
        """Decrypt and read the block."""
        return cls.decode(content.decrypt_small(key, META + pl_digest, sealed))

    @classmethod
    def decode(cls, data: bytes) -> "Metadata":
        """Read the block's plaintext."""
        try:
            claims = Claims(strict_json.decode(data), message("metadata"))
            metadata = cls(
                name=claims.text("name", MAX_CHARACTERS),
                type=claims.text("type", MAX_TYPE),
                size=claims.integer("size"),
                mtime=None if claims.is_null("mtime") else claims.integer("mtime", minimum=-(2**53) + 1),
            )
            claims.done()
        except InvalidObject as error:
            raise InvalidFile(error.message) from None
        check_name(metadata.name)
        return metadata


def check_name(name: str) -> None:
    """Raise unless the text can be nothing but the name of a file."""
    if not is_possible(name):
        raise InvalidFile(message("The metadata holds a file name that is not safe to use."))
