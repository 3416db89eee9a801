"""Opening: from a sealed file to its plaintext, nothing released that was not verified.

The types carry the state, so that steps cannot be left out:

- ``open_sealed(source)`` gives a ``SealedFile``: its structure, header hash and leaf root agree with its seal, but
  nobody vouches for the seal yet.  Good for showing what the file is and for asking for a license.
- ``SealedFile.verify(chain)`` gives an ``AuthenticFile``: the seal's signer is proven.
- ``AuthenticFile.unlock(content_key)`` gives an ``UnlockedFile``: the key is the one the body commits to, and name and
  size are known.  Only this one has plaintext.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeAlias

from cryptography.exceptions import InvalidTag

from chancery.crypto.content import LEAF, ChunkCipher, decryptor_for
from chancery.crypto.labels import BODY
from chancery.errors import InvalidFile
from chancery.objects.body import BodySeal, VerifiedSeal
from chancery.objects.publishing import PublishingLicense
from chancery.objects.trust import Chain
from chancery.sealing.atomic import Ready, creating
from chancery.sealing.html_form import is_html_form, unwrapped
from chancery.sealing.layout import Layout, parse
from chancery.sealing.metadata import Metadata
from chancery.sealing.pipeline import Leaf, each_leaf
from chancery.sealing.streams import read_exactly, read_full, write_all
from chancery.texts import message

Progress: TypeAlias = Callable[[int, int | None], None]
"""Called with the bytes done and the bytes in total, if that is known."""


class SealedFile:
    """A sealed file whose parts agree with each other; nobody vouches for them yet."""

    def __init__(self, stream: BinaryIO) -> None:
        """Parse and compare; use ``open_sealed``."""
        self._resources = ExitStack()
        self.in_page = is_html_form(stream)
        self.stream = unwrapped(stream) if self.in_page else stream
        self.size = self.stream.seek(0, os.SEEK_END)
        self.layout = parse(self.stream, self.size)
        self.publishing_license = PublishingLicense.parse(self.layout.header.license)
        self.body_seal = BodySeal.parse(self.layout.seal)
        self.body_seal.check_body(self.layout.facts())
        if self.body_seal.facts.pl != self.publishing_license.digest:
            raise InvalidFile(message("The body was sealed for another publishing license."))

    @property
    def notice(self) -> str:
        """The text for people without a client; written by anybody, so clients never show it."""
        return self.layout.header.notice

    @property
    def plain_length(self) -> int:
        """How many bytes the content has."""
        return self.layout.plain_length

    def verify(self, chain: Chain) -> "AuthenticFile":
        """Prove who sealed this body; ``chain`` comes from the organization's statement."""
        return AuthenticFile(self, self.body_seal.verify(license=self.publishing_license, chain=chain))

    def each_leaf(self, use: Callable[[Leaf], None]) -> None:
        """Read the body and use each leaf, only after its hash turned out to be the one in the seal."""
        self.stream.seek(self.layout.body_offset)

        def fill(leaf: Leaf) -> bool:
            leaf.sealed_size = self.layout.leaf_length(leaf.number)
            read_exactly(self.stream, leaf.sealed_view())
            return leaf.number + 1 < self.layout.leaf_count

        def check_and_use(leaf: Leaf, found: bytes) -> None:
            check_leaf(self.layout, leaf.number, found)
            use(leaf)

        each_leaf(fill, check_and_use)

    def keep_open(self, resources: ExitStack) -> None:
        """Take over what has to be closed together with this file."""
        self._resources = resources

    def close(self) -> None:
        """Close what ``open_sealed`` opened."""
        self._resources.close()

    def __enter__(self) -> Self:
        """Use the file in a ``with`` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close at the end of the block."""
        self.close()


class AuthenticFile:
    """A sealed file whose seal was verified."""

    def __init__(self, file: SealedFile, seal: VerifiedSeal) -> None:
        """Keep both; use ``SealedFile.verify``."""
        self.file = file
        self.seal = seal

    def unlock(self, content_key: bytes) -> "UnlockedFile":
        """Check that the body commits to this key and read name and size."""
        return UnlockedFile(self, content_key)

    def check_body(self) -> None:
        """Hash every leaf of the body against the seal, without a key; raise ``InvalidFile`` at one that differs."""
        self.file.each_leaf(lambda leaf: None)


class UnlockedFile:
    """A sealed file with its content key; every leaf is hashed and decrypted before any byte of it is released."""

    def __init__(self, authentic: AuthenticFile, content_key: bytes) -> None:
        """Check commitment, then metadata; use ``AuthenticFile.unlock``."""
        self._file = authentic.file
        self._key = content_key
        self.layout = authentic.file.layout
        digest = authentic.file.publishing_license.digest
        self._context = BODY + digest
        self.cipher = ChunkCipher.for_prefix(content_key, self._context, self.layout.header.prefix)
        self.metadata = Metadata.unseal(content_key, digest, self.layout.header.meta)
        if self.metadata.size != self.layout.plain_length:
            raise InvalidFile(message("The metadata states another size than the body has."))

    @property
    def stream(self) -> BinaryIO:
        """The ciphertext."""
        return self._file.stream

    def decrypt_to(
        self,
        target: Path,
        *,
        progress: Progress | None = None,
        part: Path | None = None,
        ready: Ready | None = None,
    ) -> Metadata:
        """Write the content to ``target``, which exists completely afterwards or not at all.

        ``part`` and ``ready`` are those of ``creating``.  Raises FileExistsError when there is such a file: it is never
        overwritten.
        """
        with creating(target, part=part, ready=ready) as sink:
            self.copy_to(sink, progress=progress)
        return self.metadata

    def copy_to(self, sink: BinaryIO, *, progress: Progress | None = None) -> None:
        """Write the content to a stream, leaf by leaf; for pipes, where nothing can be taken back later."""
        decryptor = decryptor_for(self._key, self._context)
        decryptor.update(self.layout.header.prefix)
        done = 0

        def release(leaf: Leaf) -> None:
            nonlocal done
            try:
                leaf.plain_size = decryptor.update_into(leaf.sealed_view(), leaf.plain)
                end = decryptor.finalize() if leaf.number + 1 == self.layout.leaf_count else b""
            except InvalidTag:
                raise InvalidFile(message("A part of the body does not decrypt.")) from None
            write_all(sink, leaf.plain_view())
            write_all(sink, end)
            done += leaf.plain_size + len(end)
            if progress is not None:
                progress(done, self.metadata.size)

        self._file.each_leaf(release)
        if done != self.metadata.size:
            raise InvalidFile(message("The content has another size than its metadata states."))


def check_leaf(layout: Layout, number: int, found: bytes) -> None:
    """Raise unless the hash that was found is that of the leaf the seal covers."""
    if found != layout.leaf_hash(number):
        raise InvalidFile(message("A part of the body is not the one that was sealed."))


def open_sealed(source: BinaryIO | Path) -> SealedFile:
    """Open a sealed file, or the page that carries one, and check everything that needs neither key nor trust.

    Close it after use.

    A stream that cannot seek (a pipe) is first kept on disk as it is, that is, as ciphertext.
    """
    with ExitStack() as resources:
        stream = _seekable(source, resources)
        file = SealedFile(stream)
        file.keep_open(resources.pop_all())
    return file


def _seekable(source: BinaryIO | Path, resources: ExitStack) -> BinaryIO:
    if isinstance(source, Path):
        return resources.enter_context(open(source, "rb"))
    return source if source.seekable() else resources.enter_context(_spooled(source))


def _spooled(source: BinaryIO) -> BinaryIO:
    spool = tempfile.TemporaryFile()  # noqa: SIM115  # closed together with the sealed file that is read from it
    buffer = memoryview(bytearray(LEAF))
    while count := read_full(source, buffer):
        write_all(spool, buffer[:count])
    return spool
