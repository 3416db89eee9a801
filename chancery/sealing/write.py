"""Sealing: from a stream of plaintext to a sealed file, in constant memory and all or nothing.

The seal is made last, by a function of the caller, because only the caller has the device key; it is put into the
trailer, so that nothing has to be written twice.  Then the caller may show it to the service: the file gets its name
only when that did not fail.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from chancery.crypto.content import LEAF, encryptor_for
from chancery.crypto.labels import BODY
from chancery.errors import InvalidFile
from chancery.ledger import merkle
from chancery.objects.body import BodyFacts, BodySeal, SealFacts
from chancery.objects.publishing import PublishingLicense
from chancery.sealing.atomic import SteadyFile, creating, replacing
from chancery.sealing.layout import Header, trailer
from chancery.sealing.metadata import Metadata
from chancery.sealing.pipeline import Leaf, each_leaf
from chancery.sealing.read import SealedFile
from chancery.sealing.streams import read_full, remaining, write_all
from chancery.texts import message

Progress: TypeAlias = Callable[[int, int | None], None]
"""Called with the bytes done and the bytes in total, if that is known."""
MakeSeal: TypeAlias = Callable[[SealFacts], str]
"""Signs the facts with the device key and returns the compact body seal."""
Accept: TypeAlias = Callable[[SealedFile], None]
"""Called with the file as a reader finds it, when everything is on disk and nothing has its name yet; what it raises
leaves things as they were."""

_CHANGED: Final = message("Close the program that writes to the file, and try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edition:
    """What differs between a first sealing and a later edition."""

    license: PublishingLicense
    notice: str
    n: int
    prev: bytes | None


def seal_file(
    source: BinaryIO | Path,
    target: Path,
    *,
    content_key: bytes,
    license: PublishingLicense,
    metadata: Metadata,
    make_seal: MakeSeal,
    accept: Accept | None = None,
    notice: str = "",
    progress: Progress | None = None,
    instead: bool = False,
    part: Path | None = None,
) -> BodySeal:
    """Seal ``source`` into ``target`` as the first edition of a publishing license.

    Raises FileExistsError when there is such a file, unless the new one is to be there ``instead``: then it takes
    its place and its permissions.  ``part`` is the name under which it is before that.
    """
    edition = _Edition(license=license, notice=notice, n=1, prev=None)
    with (replacing if instead else creating)(target, part=part) as sink:
        return _seal(source, sink, target.parent, edition, content_key, metadata, make_seal, accept, progress)


def seal_edition(
    previous: SealedFile,
    source: BinaryIO | Path,
    target: Path,
    *,
    content_key: bytes,
    metadata: Metadata,
    make_seal: MakeSeal,
    accept: Accept | None = None,
    progress: Progress | None = None,
    part: Path | None = None,
    n: int | None = None,
) -> BodySeal:
    """Seal a new edition of a sealed file: notice and publishing license stay byte for byte, the rest is new.

    ``target`` may be the file that ``previous`` was read from; ``part`` is the name of the new one before that.  ``n``
    is the edition's number where it is not the next one (docs/protocol.md P3).
    """
    edition = _Edition(
        license=previous.publishing_license,
        notice=previous.notice,
        n=previous.body_seal.facts.n + 1 if n is None else n,
        prev=previous.body_seal.digest,
    )
    with replacing(target, part=part) as sink:
        return _seal(source, sink, target.parent, edition, content_key, metadata, make_seal, accept, progress)


def _seal(
    source: BinaryIO | Path,
    sink: SteadyFile,
    folder: Path,
    edition: _Edition,
    content_key: bytes,
    metadata: Metadata,
    make_seal: MakeSeal,
    accept: Accept | None,
    progress: Progress | None,
) -> BodySeal:
    with ExitStack() as stack:
        stream = stack.enter_context(open(source, "rb", buffering=0)) if isinstance(source, Path) else source
        size = remaining(stream)
        body = _Body(content_key, edition.license.digest)
        if size is None:
            # Name and size come before the body, so a stream of unknown length is kept as ciphertext meanwhile.
            spool = stack.enter_context(tempfile.TemporaryFile(dir=folder))
            body.write(stream, spool, None, progress)
            hdr = _write_header(sink, edition, content_key, replace(metadata, size=body.plain), body.prefix)
            spool.seek(0)
            shutil.copyfileobj(spool, sink, LEAF)
        else:
            hdr = _write_header(sink, edition, content_key, replace(metadata, size=size), body.prefix)
            body.write(stream, sink, size, progress)
    seal = _write_trailer(sink, edition, body, hdr, make_seal)
    if accept is not None:
        sink.settle()
        accept(SealedFile(sink))
        if edition.n > 1:
            # Others build on this edition from now on, and its text may be nowhere else.
            sink.keep()
    return seal


class _Body:
    """The body while it is written: encrypts, hashes and counts."""

    def __init__(self, content_key: bytes, pl_digest: bytes) -> None:
        self._encryptor = encryptor_for(content_key, BODY + pl_digest)
        self.prefix = self._encryptor.update(b"")
        self.hashes = bytearray()
        self.length = 0
        self.plain = 0

    def write(self, source: BinaryIO, sink: BinaryIO, size: int | None, progress: Progress | None) -> None:
        """Encrypt the whole source into the sink, and check that it had the announced size."""

        def fill(leaf: Leaf) -> bool:
            leaf.plain_size = read_full(source, leaf.plain)
            leaf.sealed_size = self._encryptor.update_into(leaf.plain_view(), leaf.sealed)
            if leaf.plain_size == LEAF:
                return True
            end = self._encryptor.finalize()
            leaf.sealed[leaf.sealed_size : leaf.sealed_size + len(end)] = end
            leaf.sealed_size += len(end)
            return False

        def append(leaf: Leaf, hash_: bytes) -> None:
            self.hashes += hash_
            write_all(sink, leaf.sealed_view())
            self.length += leaf.sealed_size
            self.plain += leaf.plain_size
            if progress is not None:
                progress(self.plain, size)

        each_leaf(fill, append)
        if size is not None and self.plain != size:
            raise InvalidFile(message("The file changed while it was being read."), remedy=_CHANGED)


def _write_header(sink: BinaryIO, edition: _Edition, content_key: bytes, metadata: Metadata, prefix: bytes) -> bytes:
    header = Header(
        notice=edition.notice,
        license=edition.license.token,
        meta=metadata.seal(content_key, edition.license.digest),
        prefix=prefix,
    ).encode()
    write_all(sink, header)
    return hashlib.sha256(header).digest()


def _write_trailer(sink: BinaryIO, edition: _Edition, body: _Body, hdr: bytes, make_seal: MakeSeal) -> BodySeal:
    hashes = bytes(body.hashes)
    root = merkle.root_of(hashes[start : start + 32] for start in range(0, len(hashes), 32))
    facts = SealFacts(
        org=edition.license.org,
        cid=edition.license.cid,
        pl=edition.license.digest,
        body=BodyFacts(hdr=hdr, length=body.length, root=root),
        n=edition.n,
        prev=edition.prev,
    )
    seal = BodySeal.parse(make_seal(facts))
    if seal.facts != facts:
        raise InvalidFile(message("The seal was made for other bytes."))
    write_all(sink, trailer(hashes, seal.token, body.length))
    return seal
