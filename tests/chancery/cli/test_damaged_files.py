"""Files somebody changed: every one refused with exit code 3, and nothing left on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chancery.cli.exit_codes import exit_code
from chancery.errors import ChanceryError
from chancery.sealing import layout
from tests.cast import Cast
from tests.protection.steps import RITA, protect

LEAF = 64 * 16_400
FOOTER = 4 + 8 + 8


@pytest.fixture(scope="module")
def cast(empty_cast: Cast) -> Cast:
    empty_cast.found("contoso", "olga")
    empty_cast.found("fabrikam", "rita")
    return empty_cast


@pytest.fixture(scope="module")
def genuine(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a sealed file of three leaves of which Rita may take a copy."""
    source = tmp_path_factory.mktemp("plan") / "plan.bin"
    source.write_bytes(bytes(range(256)) * 4096 * 2 + b"the end")
    return protect(cast.olga, source, f"{RITA}:VIEW,EXPORT", offline_days=7).path.read_bytes()


def body_of(data: bytes) -> tuple[int, int]:
    """Return where the body's chunks begin and end, read off the footer."""
    seal, length, _ = (
        int.from_bytes(data[-20:-16], "big"),
        int.from_bytes(data[-16:-8], "big"),
        data[-8:],
    )
    leaves = -(-length // LEAF) or 1
    end = len(data) - FOOTER - seal - 32 * leaves
    return end - length, end


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0x40
    return bytes(changed)


def swapped_leaves(data: bytes) -> bytes:
    start, _ = body_of(data)
    return data[:start] + data[start + LEAF : start + 2 * LEAF] + data[start : start + LEAF] + data[start + 2 * LEAF :]


def swapped_with_hashes(data: bytes) -> bytes:
    """Swap two leaves together with their hashes, so that each still matches the list."""
    _, end = body_of(data)
    data = swapped_leaves(data)
    return data[:end] + data[end + 32 : end + 64] + data[end : end + 32] + data[end + 64 :]


def without_last_leaf(data: bytes) -> bytes:
    start, end = body_of(data)
    last = (end - start) % LEAF
    return data[: end - last] + data[end : end + 64] + data[end + 96 :]


def region(name: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        start, end = body_of(data)
        notice = int.from_bytes(data[8:12], "big")
        license_ = 12 + notice
        return flipped(
            data,
            {
                "magic": 3,
                "notice length": 11,
                "notice": 20,
                "license length": license_ + 3,
                "license": license_ + 100,
                "license signature": license_ + 4 + int.from_bytes(data[license_ : license_ + 4], "big") - 10,
                "metadata": start - 56 - 10,
                "salt": start - 50,
                "commitment": start - 5,
                "first chunk": start,
                "first tag": start + 16_399,
                "second leaf": start + LEAF + 7,
                "last byte of the body": end - 1,
                "first hash": end,
                "last hash": end + 95,
                "body seal": end + 96 + 200,
                "seal length": len(data) - 17,
                "body length": len(data) - 9,
                "end": len(data) - 1,
            }[name],
        )

    return change


REGIONS = [
    "magic", "notice length", "notice", "license length", "license", "license signature", "metadata", "salt",
    "commitment", "first chunk", "first tag", "second leaf", "last byte of the body", "first hash", "last hash",
    "body seal", "seal length", "body length", "end",
]  # fmt: skip
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    **{f"one bit of the {name}": region(name) for name in REGIONS},
    "nothing at all": lambda data: b"",
    "the magic alone": lambda data: data[:8],
    "half": lambda data: data[: len(data) // 2],
    "all but one byte": lambda data: data[:-1],
    "all but the first byte": lambda data: data[1:],
    "one byte more at the end": lambda data: data + b"\0",
    "one byte more in front": lambda data: b"\0" + data,
    "itself twice": lambda data: data + data,
    "leaves in another order": swapped_leaves,
    "leaves in another order with their hashes": swapped_with_hashes,
    "one leaf less with its hash": without_last_leaf,
    "something else": lambda data: b"%PDF-1.7\n" * 1000,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_refused_and_leaves_nothing(cast: Cast, genuine: bytes, tmp_path: Path, change: str) -> None:
    path = tmp_path / "plan.bin.sealed"
    path.write_bytes(CHANGES[change](genuine))
    with pytest.raises(ChanceryError) as error:
        cast.rita.session.open_file(path, tmp_path / "out")
    assert exit_code(error.value) == 3, error.value.message
    assert {entry.name for entry in tmp_path.iterdir()} == {path.name}


def test_the_genuine_file_opens(cast: Cast, genuine: bytes, tmp_path: Path) -> None:
    path = tmp_path / "plan.bin.sealed"
    path.write_bytes(genuine)
    cast.rita.session.open_file(path, tmp_path / "out")
    assert (tmp_path / "out").stat().st_size == 256 * 4096 * 2 + 7
    assert path.suffix == layout.SUFFIX
