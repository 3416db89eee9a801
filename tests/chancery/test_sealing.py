"""Sealed files written and read by the real code."""

import io
import os
import random
import resource
import secrets
import signal
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chancery.crypto.suites import HYBRID, P256_SUITE
from chancery.errors import CannotUnseal, ChanceryError, InvalidFile
from chancery.objects.body import SealFacts
from chancery.sealing.atomic import creating, replacing
from chancery.sealing.layout import END_MAGIC, MAGIC
from chancery.sealing.metadata import Metadata
from chancery.sealing.random_access import PlaintextReader
from chancery.sealing.read import SealedFile, UnlockedFile, open_sealed
from chancery.sealing.streams import write_all
from chancery.sealing.write import seal_edition, seal_file
from tests.chancery.cast import Organization

KIB, MIB = 1024, 1 << 20
SIZES = [0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 12_345]
METADATA = Metadata(name="plan.txt", type="text/plain", mtime=-1)


@pytest.fixture(scope="module")
def contoso() -> Organization:
    return Organization(P256_SUITE)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "plan.txt.sealed"
    assert not list(tmp_path.glob(".chancery-*")), "a temporary file was left behind"


def protect(contoso: Organization, target: Path, source: BinaryIO | Path) -> None:
    seal_file(
        source,
        target,
        content_key=contoso.content_key,
        license=contoso.license,
        metadata=METADATA,
        notice="Protected – ask Olga.",
        make_seal=contoso.seal,
    )


def unlock(contoso: Organization, target: Path) -> UnlockedFile:
    return open_sealed(io.BytesIO(target.read_bytes())).verify(contoso.trust).unlock(contoso.content_key)


class Pipe(io.RawIOBase):
    """A stream that cannot seek and gives little at once."""

    def __init__(self, data: bytes) -> None:
        self._source = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._source.read(min(size, 70_001) if size >= 0 else size)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # enough for a test
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_comes_out(contoso: Organization, target: Path, size: int) -> None:
    data = secrets.token_bytes(size)
    seen: list[tuple[int, int | None]] = []
    source = target.with_name("plan.txt")
    source.write_bytes(data)
    seal_file(
        source,
        target,
        content_key=contoso.content_key,
        license=contoso.license,
        metadata=METADATA,
        make_seal=contoso.seal,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (size, size)
    with open_sealed(target) as file:
        assert file.plain_length == size
        unlocked = file.verify(contoso.trust).unlock(contoso.content_key)
        found = unlocked.decrypt_to(target.with_name("out"))
        assert (found.name, found.size, found.mtime) == ("plan.txt", size, -1)
        assert target.with_name("out").read_bytes() == data
        assert target.with_name("out").stat().st_mode & 0o777 == 0o600
        assert io.BufferedReader(PlaintextReader(unlocked)).read() == data


@pytest.mark.parametrize("size", SIZES)
def test_pipes(contoso: Organization, target: Path, size: int) -> None:
    data = secrets.token_bytes(size)
    protect(contoso, target, Pipe(data))  # type: ignore[arg-type]  # a raw stream is a binary stream
    with open_sealed(Pipe(target.read_bytes())) as file:  # type: ignore[arg-type]  # as above
        out = io.BytesIO()
        file.verify(contoso.trust).unlock(contoso.content_key).copy_to(out)
    assert out.getvalue() == data


def test_the_default_suite(target: Path) -> None:
    contoso = Organization(HYBRID)
    protect(contoso, target, io.BytesIO(b"hello"))
    assert unlock(contoso, target).metadata.size == 5


def test_a_second_seal_of_the_same_text_shares_nothing(contoso: Organization, target: Path) -> None:
    bodies = []
    for _ in range(2):
        protect(contoso, target, io.BytesIO(bytes(1000)))
        layout = open_sealed(io.BytesIO(target.read_bytes())).layout
        bodies.append(target.read_bytes()[layout.body_offset : layout.body_offset + layout.length])
        target.unlink()
    assert bodies[0] != bodies[1]


def test_a_new_edition_keeps_notice_and_license(contoso: Organization, target: Path) -> None:
    protect(contoso, target, io.BytesIO(b"first"))
    before = target.read_bytes()
    with open_sealed(target) as previous:
        seal = seal_edition(
            previous,
            io.BytesIO(b"second edition"),
            target,
            content_key=contoso.content_key,
            metadata=METADATA,
            make_seal=contoso.seal_as_editor,
        )
        assert seal.facts.prev == previous.body_seal.digest
        kept = 8 + 4 + len(previous.notice.encode()) + 4 + len(previous.publishing_license.token)
    assert seal.facts.n == 2
    assert target.read_bytes()[:kept] == before[:kept]
    out = io.BytesIO()
    with open_sealed(target) as file:
        authentic = file.verify(contoso.trust)
        assert authentic.seal.sealer.by_edit
        authentic.unlock(contoso.content_key).copy_to(out)
    assert out.getvalue() == b"second edition"


def test_random_access(contoso: Organization, target: Path) -> None:
    data = random.Random(1).randbytes(3 * MIB + 777)
    protect(contoso, target, io.BytesIO(data))
    reader = PlaintextReader(unlock(contoso, target))
    chooser = random.Random(2)
    for _ in range(200):
        at, length = chooser.randrange(len(data) + 10), chooser.randrange(1, 50_000)
        reader.seek(at)
        buffered = io.BufferedReader(reader)
        assert buffered.read(length) == data[at : at + length]
        buffered.detach()
    assert reader.seek(-5, os.SEEK_END) == len(data) - 5
    assert reader.read(100) == data[-5:]
    assert reader.read(1) == b""
    with pytest.raises(ValueError, match="before the beginning"):
        reader.seek(-1)


def test_random_access_checks_the_leaf_it_reads(contoso: Organization, target: Path) -> None:
    protect(contoso, target, io.BytesIO(bytes(2 * MIB + 5)))
    data = bytearray(target.read_bytes())
    layout = open_sealed(io.BytesIO(bytes(data))).layout
    data[layout.body_offset + 1_049_600 + 50_000] ^= 1
    unlocked = open_sealed(io.BytesIO(bytes(data))).verify(contoso.trust).unlock(contoso.content_key)
    reader = PlaintextReader(unlocked)
    assert reader.read(10) == bytes(10)
    reader.seek(MIB)
    with pytest.raises(InvalidFile):
        reader.read(10)


@pytest.fixture(params=["without a name", "under a name of its own"])
def writing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write as Linux does, then as a system does that knows no files without a name."""
    if request.param == "under a name of its own":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


@pytest.mark.usefixtures("writing")
def test_a_file_gets_its_name_at_the_end_or_never(target: Path) -> None:
    with creating(target) as stream:
        stream.write(b"first")
        assert not target.exists()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"first", 0o600)
    target.chmod(0o640)
    with pytest.raises(FileExistsError), creating(target) as stream:
        stream.write(b"never")
    with suppress(KeyboardInterrupt), replacing(target) as stream:
        stream.write(b"never")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"first"
    with replacing(target) as stream:
        stream.write(b"second")
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"second", 0o640)


@pytest.mark.usefixtures("writing")
def test_a_full_disk_leaves_nothing(target: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, before[1]))
    try:
        with pytest.raises(OSError, match="too large"), creating(target) as stream:
            write_all(stream, bytes(MIB + 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(target.parent.iterdir()) == []


@pytest.mark.usefixtures("writing")
def test_an_edition_that_was_accepted_is_never_lost(contoso: Organization, tmp_path: Path) -> None:
    """The service builds on it from then on; here it cannot take its place, since a folder is there."""
    first, target = tmp_path / "first", tmp_path / "folder"
    (target / "inner").mkdir(parents=True)
    protect(contoso, first, io.BytesIO(b"first"))
    settled: list[Path] = []
    with open_sealed(first) as previous, pytest.raises(IsADirectoryError) as failed:
        seal_edition(
            previous,
            io.BytesIO(b"second edition"),
            target,
            content_key=contoso.content_key,
            metadata=METADATA,
            make_seal=contoso.seal_as_editor,
            accept=lambda seal: settled.extend(tmp_path.glob(".chancery-*.part")),
        )
    (kept,) = tmp_path.glob(".chancery-*.part")
    assert settled == [kept], "it was whole and had a name before anybody was told"
    assert str(kept) in failed.value.__notes__[0]
    out = io.BytesIO()
    with open_sealed(kept) as file:
        file.verify(contoso.trust).unlock(contoso.content_key).copy_to(out)
    assert out.getvalue() == b"second edition"


def test_what_the_caller_does_not_accept_gets_no_name(contoso: Organization, target: Path) -> None:
    def refuse(file: SealedFile) -> None:
        assert not target.exists()
        raise CannotUnseal("no")

    with pytest.raises(CannotUnseal):
        seal_file(
            io.BytesIO(b"x"),
            target,
            content_key=contoso.content_key,
            license=contoso.license,
            metadata=METADATA,
            make_seal=contoso.seal,
            accept=refuse,
        )
    assert not target.exists()


def test_damage_in_a_late_leaf_leaves_nothing_on_disk(contoso: Organization, target: Path) -> None:
    protect(contoso, target, io.BytesIO(bytes(5 * MIB)))
    data = bytearray(target.read_bytes())
    layout = open_sealed(io.BytesIO(bytes(data))).layout
    data[layout.body_offset + 4 * 1_049_600 + 1] ^= 1
    target.write_bytes(bytes(data))
    out = target.with_name("out")
    out.write_text("before")
    with open_sealed(target) as file, pytest.raises(InvalidFile):
        file.verify(contoso.trust).unlock(contoso.content_key).decrypt_to(out)
    assert out.read_text() == "before"


def test_every_single_flipped_bit_is_noticed(contoso: Organization, target: Path) -> None:
    protect(contoso, target, io.BytesIO(b"hello"))
    data = target.read_bytes()
    for at in range(len(data)):
        broken = data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :]
        with pytest.raises(ChanceryError):
            open_sealed(io.BytesIO(broken)).verify(contoso.trust).unlock(contoso.content_key).copy_to(io.BytesIO())


def test_every_cut_is_noticed(contoso: Organization, target: Path) -> None:
    protect(contoso, target, io.BytesIO(b"hello"))
    data = target.read_bytes()
    for end in range(len(data)):
        with pytest.raises(InvalidFile):
            open_sealed(io.BytesIO(data[:end]))


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_no_file_makes_the_parser_fail_otherwise(data: st.DataObject) -> None:
    """Whatever the bytes are, the answer is a file or a refusal."""
    original = _shared_file()
    mutated = bytearray(original)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        remove = data.draw(st.integers(0, 40))
        mutated[at : at + remove] = data.draw(st.binary(max_size=40))
    if bytes(mutated) == original:
        return
    with pytest.raises(ChanceryError):
        open_sealed(io.BytesIO(bytes(mutated))).verify(_SHARED.trust)


@given(st.binary(max_size=300))
def test_random_bytes_are_no_sealed_file(data: bytes) -> None:
    for attempt in (data, MAGIC + data + END_MAGIC):
        with pytest.raises(InvalidFile):
            open_sealed(io.BytesIO(attempt))


_SHARED = Organization(P256_SUITE)
_FILES: list[bytes] = []


def _shared_file() -> bytes:
    if not _FILES:
        folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"chancery-{os.getpid()}"
        folder.mkdir(exist_ok=True)
        protect(_SHARED, folder / "x", io.BytesIO(b"hello"))
        _FILES.append((folder / "x").read_bytes())
        (folder / "x").unlink()
        folder.rmdir()
    return _FILES[0]


def test_the_wrong_key_is_noticed_before_anything_is_decrypted(contoso: Organization, target: Path) -> None:
    protect(contoso, target, io.BytesIO(b"hello"))
    with open_sealed(target) as file, pytest.raises(CannotUnseal):
        file.verify(contoso.trust).unlock(secrets.token_bytes(32))


def test_a_source_that_grows_is_refused(contoso: Organization, target: Path) -> None:
    class Growing(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return super().seek(offset, whence) - (3 if whence == os.SEEK_END else 0)

    with pytest.raises(InvalidFile, match="changed"):
        protect(contoso, target, Growing(b"hello world"))
    assert not target.exists()


def test_a_seal_for_other_bytes_is_refused(contoso: Organization, target: Path) -> None:
    def lie(facts: SealFacts) -> str:
        return contoso.seal(replace(facts, pl=bytes(32)))

    with pytest.raises(InvalidFile, match="other bytes"):
        seal_file(
            io.BytesIO(b"x"),
            target,
            content_key=contoso.content_key,
            license=contoso.license,
            metadata=METADATA,
            make_seal=lie,
        )
    assert not target.exists()


def test_an_error_of_the_caller_stops_the_thread(contoso: Organization, target: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        seal_file(
            io.BytesIO(bytes(20 * MIB)),
            target,
            content_key=contoso.content_key,
            license=contoso.license,
            metadata=METADATA,
            make_seal=contoso.seal,
            progress=stop,
        )
    assert threading.active_count() == before
    assert not target.exists()


def test_memory_does_not_grow_with_the_file(contoso: Organization, target: Path) -> None:
    source = target.with_name("large")
    with source.open("wb") as stream:
        stream.truncate(40 * MIB)
    tracemalloc.start()
    protect(contoso, target, source)
    with open_sealed(target) as file:
        file.verify(contoso.trust).unlock(contoso.content_key).decrypt_to(target.with_name("out"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 * MIB


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\x00b", "a\nb", "x" * 256, "fdp\u202eexe.txt"])
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidFile):
        Metadata(name=name, size=1).encode()


@given(st.text(min_size=1, max_size=50))
def test_names_survive_or_are_refused(name: str) -> None:
    metadata = Metadata(name=name, size=1)
    try:
        data = metadata.encode()
    except ChanceryError:
        return
    assert Metadata.decode(data) == metadata
