"""``chancery bulk`` and ``kill -9``: folders of real files, killed at work again and again, lose nothing."""

import hashlib
import time
from pathlib import Path

from tests.journeys.people import SECONDS, Stack

FILES = 24
KILLS = 3


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def steps(home: Path) -> int:
    """Return how many steps the runs of this device have noted."""
    return sum(file.read_bytes().count(b"\n") for file in home.glob("bulk/*/steps.ndjson"))


def killed_and_resumed(stack: Stack, *words: str | Path) -> None:
    """Run, and kill, resume and kill, some steps further each time; then let it come to its end."""
    home = stack.olga.home
    for number in range(KILLS):
        begun, deadline = steps(home), time.monotonic() + SECONDS
        with stack.olga.start("bulk", *(words if number == 0 else ("resume",))) as process:
            while steps(home) < begun + 7 + 5 * number and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            assert process.poll() is None, "it was done too soon"
            process.kill()
    stack.olga.run("bulk", "resume")


def test_a_folder_is_protected_and_unprotected_again_however_often_it_is_killed(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    for number in range(FILES):
        path = folder / f"folder {number % 5}" / f"file {number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * (number * 1_000))
    before = contents(folder)
    killed_and_resumed(stack, "protect", folder, "--yes")
    assert sorted(contents(folder)) == sorted(f"{name}.sealed" for name in before)
    killed_and_resumed(stack, "unprotect", folder, "--yes")
    assert contents(folder) == before
