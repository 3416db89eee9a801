"""Reading any part of a sealed file as if it were the plaintext.

A leaf is hashed as a whole before anything of it is released; then only the chunks that were asked for are decrypted.
The last verified leaf is kept, so reading forward costs one hash for each MiB.
"""

import io
import os
from typing import TYPE_CHECKING

from chancery.crypto.content import CHUNK, LEAF_CHUNKS, SEALED_CHUNK, SEALED_LEAF
from chancery.ledger import merkle
from chancery.sealing.read import UnlockedFile, check_leaf
from chancery.sealing.streams import read_exactly

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class PlaintextReader(io.RawIOBase):
    """A seekable, read-only stream over the content; wrap it in ``io.BufferedReader`` for small reads."""

    def __init__(self, file: UnlockedFile) -> None:
        """Read from an unlocked file, which stays open and is not read from elsewhere meanwhile."""
        super().__init__()
        self._file = file
        self._size = file.layout.plain_length
        self._position = 0
        self._leaf_number = -1
        self._leaf = memoryview(b"")

    def readable(self) -> bool:
        """Say that this stream can be read."""
        return True

    def seekable(self) -> bool:
        """Say that this stream can seek."""
        return True

    def tell(self) -> int:
        """Return the position in the plaintext."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position in the plaintext; beyond the end nothing can be read."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("The position would be before the beginning.")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer with at most the rest of one chunk."""
        view = memoryview(buffer).cast("B")
        if self._position >= self._size or not view:
            return 0
        chunk, start = divmod(self._position, CHUNK)
        piece = self._open_chunk(chunk)[start : start + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _open_chunk(self, number: int) -> bytes:
        leaf, place = divmod(number, LEAF_CHUNKS)
        self._load(leaf)
        return self._file.cipher.open(number, self._leaf[place * SEALED_CHUNK : (place + 1) * SEALED_CHUNK])

    def _load(self, number: int) -> None:
        if number == self._leaf_number:
            return
        layout = self._file.layout
        buffer = memoryview(bytearray(layout.leaf_length(number)))
        self._file.stream.seek(layout.body_offset + number * SEALED_LEAF)
        read_exactly(self._file.stream, buffer)
        check_leaf(layout, number, merkle.leaf_hash(buffer))
        self._leaf_number, self._leaf = number, buffer
