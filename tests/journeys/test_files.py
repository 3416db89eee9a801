"""Real files of every size and name through the real command line: what comes back, and what an accident leaves."""

import filecmp
import os
import resource
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.development.bench.machine import peak_memory
from tests.journeys import real_files
from tests.journeys.people import SECONDS, Person, Stack

KIB, MIB = 1 << 10, 1 << 20
RITA = "rita@fabrikam.example"
FILES = {
    "empty.txt": b"",
    "one byte.bin": b"x",
    "just below a chunk.bin": secrets.token_bytes(16 * KIB - 1),
    "a chunk.bin": secrets.token_bytes(16 * KIB),
    "just above a chunk.bin": secrets.token_bytes(16 * KIB + 1),
    "just below a leaf.bin": secrets.token_bytes(MIB - 1),
    "a leaf.bin": secrets.token_bytes(MIB),
    "just above a leaf.bin": secrets.token_bytes(MIB + 1),
    "Vertrag – Übersicht.pdf": real_files.pdf(),
    "計画.docx": real_files.docx(),
    "-dash.png": real_files.png(),
}
MEMORY = 96 * MIB
LARGE = 256 * MIB


def test_files_of_every_size_and_name_come_back_byte_for_byte(stack: Stack, tmp_path: Path):
    folder, out = tmp_path / "a folder", tmp_path / "out"
    (folder / "inner").mkdir(parents=True)
    out.mkdir()
    for name, data in FILES.items():
        (folder / "inner" / name if name.startswith("one") else folder / name).write_bytes(data)
    stack.olga.run("protect", "--recursive", folder, "--grant", f"{RITA}:VIEW,EXPORT")
    assert len(list(folder.rglob("*.sealed"))) == len(FILES)
    stack.rita.run("open", "--recursive", folder, "-o", out)
    opened = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert opened == {f"_{name}" if name.startswith("-") else name: data for name, data in FILES.items()}
    assert (out / "inner" / "one byte.bin").exists(), "folders keep their shape"
    assert all((folder / name).read_bytes() == data for name, data in FILES.items() if not name.startswith("one"))


def measured(person: Person, *arguments: str | Path) -> int:
    """Run the program and return how many bytes of memory it had at most."""
    with person.start(*arguments) as process:
        peak = peak_memory(process.pid)
    assert process.returncode == 0
    assert peak > 0
    return peak * KIB


def test_a_large_file_needs_little_memory(stack: Stack, tmp_path: Path):
    source, sealed, opened = (tmp_path / name for name in ("large", "large.sealed", "opened"))
    block = secrets.token_bytes(MIB)
    with source.open("wb") as file:
        for number in range(LARGE // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])
    assert measured(stack.olga, "protect", source, "--grant", f"{RITA}:VIEW,EXPORT") <= MEMORY
    assert measured(stack.rita, "open", sealed, "-o", opened) <= MEMORY
    assert filecmp.cmp(source, opened, shallow=False)


def test_times_and_permissions(stack: Stack, tmp_path: Path):
    """The plaintext is as old as the original and nobody else's; the sealed file is as readable as the original."""
    source, opened = tmp_path / "plan.sh", tmp_path / "opened"
    source.write_bytes(b"echo the plan")
    os.utime(source, (1_700_000_000, 1_700_000_000))
    for mode, sealed_mode, opened_mode in ((0o755, 0o644, 0o600), (0o640, 0o640, 0o600), (0o400, 0o400, 0o400)):
        source.chmod(mode)
        sealed = tmp_path / "plan.sh.sealed"
        stack.olga.run("protect", source)
        assert (sealed.stat().st_mode & 0o777, source.stat().st_mode & 0o777) == (sealed_mode, mode)
        stack.olga.run("open", sealed, "-o", opened)
        assert (opened.stat().st_mode & 0o777, opened.stat().st_mtime) == (opened_mode, 1_700_000_000)
        sealed.unlink()
        opened.unlink()


def interrupted(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)


def killed(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)


def out_of_room(process: "subprocess.Popen[str]") -> None:
    """Let the system refuse to make files longer, as a full disk does."""
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (MIB, MIB))


@pytest.mark.parametrize(
    ("accident", "code"),
    [(interrupted, 130), (killed, -signal.SIGKILL), (out_of_room, 5)],
    ids=["interrupted", "killed", "out of room"],
)
@pytest.mark.parametrize("verb", ["protect", "open"])
def test_an_accident_leaves_what_there_was(
    stack: Stack, tmp_path: Path, verb: str, accident: Callable[["subprocess.Popen[str]"], None], code: int
):
    source = tmp_path / "large.bin"
    with source.open("wb") as file:
        file.truncate(LARGE)
    if verb == "open":
        stack.olga.run("protect", source)
        source.unlink()
        source = tmp_path / "large.bin.sealed"
    before = (source.stat().st_size, source.stat().st_mtime_ns)
    with stack.olga.start(verb, source) as process:
        wait_until_it_writes(process, tmp_path)
        accident(process)
        said = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == code, said
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
    assert (source.stat().st_size, source.stat().st_mtime_ns) == before


def wait_until_it_writes(process: "subprocess.Popen[str]", folder: Path) -> None:
    """Return when the program has written to a file in the folder that has no name yet."""
    deadline = time.monotonic() + SECONDS
    while True:
        assert process.poll() is None, "it was done too soon"
        assert time.monotonic() < deadline
        for entry in Path(f"/proc/{process.pid}/fd").iterdir():
            try:
                if str(entry.readlink()).startswith(f"{folder}/#") and entry.stat().st_size > 2 * MIB:
                    return
            except FileNotFoundError:
                continue
        time.sleep(0.001)


def test_a_file_at_the_target_is_never_overwritten(stack: Stack, tmp_path: Path):
    path, taken = tmp_path / "plan.txt", tmp_path / "plan.txt.sealed"
    path.write_bytes(b"the plan")
    taken.write_bytes(b"something else")
    stack.olga.run("protect", path, code=2)
    assert taken.read_bytes() == b"something else"
    taken.unlink()
    stack.olga.run("protect", path)
    stack.olga.run("open", taken, code=2)
    assert path.read_bytes() == b"the plan"


def test_of_two_who_protect_the_same_file_one_wins(stack: Stack, tmp_path: Path):
    """Both begin when nothing is at the target; the one that comes later gets an error."""
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
    both = [stack.olga.start("protect", path) for _ in range(2)]
    codes = []
    for process in both:
        with process:
            process.communicate(timeout=SECONDS)
        codes.append(process.returncode)
    assert sorted(codes) == [0, 2]
    assert stack.olga.json("verify", tmp_path / "large.bin.sealed")["intact"]


def test_an_edition_made_without_the_network_is_registered_at_the_next_contact(stack: Stack, tmp_path: Path):
    plan, better = tmp_path / "plan.txt", tmp_path / "better.txt"
    plan.write_bytes(b"the plan")
    better.write_bytes(b"the better plan")
    sealed = tmp_path / "plan.txt.sealed"
    stack.olga.run("protect", plan, "--grant", f"{RITA}:VIEW,EDIT,EXPORT", "--offline-days", "7")
    stack.rita.run("open", sealed, "-o", tmp_path / "first")
    assert not stack.rita.json("save", "--offline", sealed, better)["registered"]
    plan.write_bytes(b"another plan")
    stack.rita.run("open", sealed, "-o", tmp_path / "second")
    opened = stack.olga.json("open", sealed, "-o", tmp_path / "third")
    assert (opened["edition"], opened["status"]) == (2, "current")
    assert (tmp_path / "third").read_bytes() == b"the better plan"
    kinds = [row["kind"].partition(".")[2] for row in stack.olga.json("track", sealed)["results"]]
    assert kinds.count("edited") == 1


def test_a_refused_edition_leaves_file_and_text_as_they_were(stack: Stack, tmp_path: Path):
    """Rita's device still believes that she may edit when the service already knows better."""
    plan, better = tmp_path / "plan.txt", tmp_path / "better.txt"
    plan.write_bytes(b"the plan")
    better.write_bytes(b"the better plan")
    sealed = tmp_path / "plan.txt.sealed"
    stack.olga.run("protect", plan, "--grant", f"{RITA}:VIEW,EDIT,EXPORT", "--offline-days", "7")
    stack.rita.run("open", sealed, "-o", tmp_path / "first")
    stack.olga.run("change", sealed, "--grant", f"{RITA}:VIEW")
    before = sealed.read_bytes()
    said = stack.rita.run("save", sealed, better, code=1)
    assert f"{sealed} is as it was; your text is still in {better}." in said
    assert sealed.read_bytes() == before
    assert better.read_bytes() == b"the better plan"


def test_of_two_who_change_the_same_edition_one_wins(stack: Stack, tmp_path: Path):
    plan, better = tmp_path / "plan.txt", tmp_path / "better.txt"
    plan.write_bytes(b"the plan")
    better.write_bytes(b"the better plan")
    sealed, copy = tmp_path / "plan.txt.sealed", tmp_path / "copy.sealed"
    stack.olga.run("protect", plan, "--grant", f"{RITA}:VIEW,EDIT")
    before = sealed.read_bytes()
    copy.write_bytes(before)
    stack.rita.run("save", sealed, better)
    assert "Get the newest edition" in stack.olga.run("save", copy, better, code=1)
    assert copy.read_bytes() == before
    assert stack.olga.json("open", sealed, "-o", tmp_path / "opened")["edition"] == 2
