"""The command line against the running product, as people use it: every command, every exit code."""

import secrets
import signal
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.journeys.people import Person, Stack

KIB, MIB = 1 << 10, 1 << 20
RITA = "rita@fabrikam.example"
PNG = b"\x89PNG\r\n\x1a\n" + secrets.token_bytes(900)
DOCX = b"PK\x03\x04" + secrets.token_bytes(900)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + secrets.token_bytes(900)
FILES = {
    "empty.txt": b"",
    "one byte.bin": b"x",
    "just below a chunk.bin": secrets.token_bytes(16 * KIB - 1),
    "a chunk.bin": secrets.token_bytes(16 * KIB),
    "just above a chunk.bin": secrets.token_bytes(16 * KIB + 1),
    "just below a leaf.bin": secrets.token_bytes(MIB - 1),
    "just above a leaf.bin": secrets.token_bytes(MIB + 1),
    "Vertrag – Übersicht.pdf": PDF,
    "計画.docx": DOCX,
    "-dash.png": PNG,
}


def written(folder: Path, name: str = "plan.txt", data: bytes = b"the plan") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def sealed_by(person: Person, path: Path, *grants: str, days: int = 0) -> Path:
    chosen = [text for grant in grants for text in ("--grant", grant)]
    person.run("protect", path, *chosen, "--offline-days", str(days))
    return path.with_name(path.name + ".sealed")


def test_files_of_every_size_and_name_come_back_byte_for_byte(stack: Stack, tmp_path: Path):
    folder, out = tmp_path / "a folder", tmp_path / "out"
    (folder / "inner").mkdir(parents=True)
    out.mkdir()
    for name, data in FILES.items():
        written(folder / "inner" if name.startswith("one") else folder, name, data)
    stack.olga.run("protect", "--recursive", folder, "--grant", f"{RITA}:VIEW")
    assert len(list(folder.rglob("*.sealed"))) == len(FILES)
    stack.rita.run("open", "--recursive", folder, "-o", out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == FILES
    assert all((folder / name).read_bytes() == data for name, data in FILES.items() if not name.startswith("one"))


def test_the_life_of_a_document(stack: Stack, tmp_path: Path):
    assert stack.olga.json("whoami")["email"] == "olga@contoso.example"
    assert stack.olga.json("templates")["results"]
    sealed = sealed_by(stack.olga, written(tmp_path), f"{RITA}:VIEW,EDIT")
    cid = stack.olga.json("info", sealed)["cid"]
    assert stack.rita.json("verify", sealed)["intact"]
    opened = stack.rita.json("open", sealed, "-o", tmp_path / "one")
    assert (opened["cid"], set(opened["rights"])) == (cid, {"VIEW", "EDIT"})
    stack.rita.run("save", sealed, written(tmp_path, "changed.txt", b"the better plan"))
    stack.olga.run("open", sealed, "-o", tmp_path / "two")
    assert (tmp_path / "two").read_bytes() == b"the better plan"
    assert cid in {row["cid"] for row in stack.olga.json("documents")["results"]}
    stack.olga.run("revoke", sealed, "--yes", "--reason", "a mistake")
    refused = stack.rita.json("open", sealed, "-o", tmp_path / "three", code=1)
    assert (refused["reason"], refused["contact"]) == ("revoked", "olga@contoso.example")
    assert refused["message"] == "Access to this document has been withdrawn."
    stack.olga.run("restore", sealed)
    stack.olga.run("change", sealed, "--grant", f"{RITA}:VIEW", "--grant", "max@contoso.example:VIEW")
    assert stack.rita.json("open", sealed, "-o", tmp_path / "four")["rights"] == ["VIEW"]
    stack.max.run("open", sealed, "-o", tmp_path / "five")
    stack.olga.run("change", cid, "--remove", "max@contoso.example")
    stack.max.run("open", sealed, "-o", tmp_path / "six", code=1)
    kinds = [row["what"] for row in stack.olga.json("track", sealed)["results"]]
    assert {"registered", "opened", "edited", "revoked", "restored", "changed"} <= set(kinds)
    assert not (tmp_path / "three").exists()
    assert not (tmp_path / "six").exists()


def test_protect_and_open_without_the_network(stack: Stack, tmp_path: Path):
    kept = sealed_by(stack.olga, written(tmp_path), f"{RITA}:VIEW", days=7)
    stack.rita.run("open", kept, "-o", tmp_path / "online")
    assert stack.rita.json("open", "--offline", kept, "-o", tmp_path / "offline")["source"] == "kept"
    path = written(tmp_path, "in the air.txt")
    assert not stack.olga.json("protect", "--offline", path)["registered"]
    sealed = path.with_name(path.name + ".sealed")
    assert stack.olga.json("open", "--offline", sealed, "-o", tmp_path / "mine")["source"] == "own"
    stack.rita.run("open", "--offline", sealed, "-o", tmp_path / "never", code=4)
    assert not (tmp_path / "never").exists()


def test_every_exit_code(stack: Stack, tmp_path: Path):
    sealed = sealed_by(stack.olga, written(tmp_path), f"{RITA}:VIEW")
    out = tmp_path / "out"
    stack.max.run("open", sealed, "-o", out, code=1)
    stack.olga.run("protect", tmp_path / "no such file", code=2)
    stack.olga.run("protect", written(tmp_path, "b.txt"), "--grant", f"{RITA}:FLY", code=2)
    damaged = bytearray(sealed.read_bytes())
    damaged[-200] ^= 1
    stack.rita.run("open", written(tmp_path, "damaged.sealed", bytes(damaged)), "-o", out, code=3)
    nowhere = Person(stack.rita.home, "http://localhost:1", RITA)
    Person(tmp_path / "new", "http://localhost:1", RITA).run("login", "--code", "AAAA-BBBB", code=4)
    Person(tmp_path / "newer", stack.host, RITA).run("whoami", code=5)
    nowhere.run("whoami", code=5)
    assert not out.exists()
    assert stack.max.run("open", sealed, "-o", out, code=1).splitlines()[0] == (
        "You do not have access to this document."
    )


def test_an_interrupted_protect_leaves_the_original_and_no_target(stack: Stack, tmp_path: Path):
    source = tmp_path / "large.bin"
    with source.open("wb") as file:
        file.truncate(200 * MIB)
    before = source.stat().st_mtime_ns
    process = stack.olga.start("protect", source)
    with process:
        deadline = time.monotonic() + 60
        while not part_of(tmp_path) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
    assert process.returncode == -signal.SIGKILL
    assert not source.with_name("large.bin.sealed").exists()
    assert (source.stat().st_size, source.stat().st_mtime_ns) == (200 * MIB, before)


SECONDS = 60


def part_of(folder: Path) -> bool:
    """Tell whether the program has begun to write."""
    return any(path.stat().st_size > MIB for path in folder.iterdir() if path.name != "large.bin")


def test_what_stands_at_the_target_is_never_overwritten(stack: Stack, tmp_path: Path):
    path = written(tmp_path)
    taken = written(tmp_path, "plan.txt.sealed", b"something else")
    stack.olga.run("protect", path, code=2)
    assert taken.read_bytes() == b"something else"


def test_an_administrator_proves_the_ledger_from_outside(stack: Stack, tmp_path: Path):
    sealed_by(stack.olga, written(tmp_path))
    deadline = time.monotonic() + 20
    while stack.ada.json("verify-audit")["entries"] < 5:
        assert time.monotonic() < deadline, "the worker seals every second or two"
        time.sleep(0.5)
    assert "nothing was changed or removed" in stack.command("verify_audit", "--organization", "contoso")
    stack.max.run("verify-audit", code=1)


def test_whoever_signs_out_has_nothing_left(stack: Stack, tmp_path: Path):
    guest = f"guest-{uuid4().hex[:6]}@contoso.example"
    stack.command("create_person", guest, "--organization", "contoso")
    person = stack.join(guest)
    sealed = sealed_by(stack.olga, written(tmp_path), f"{guest}:VIEW", days=7)
    person.run("open", sealed, "-o", tmp_path / "one")
    person.run("logout")
    person.run("open", sealed, "-o", tmp_path / "two", code=5)
    person.run("open", "--offline", sealed, "-o", tmp_path / "two", code=5)
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("command", ["login", "protect", "open", "track", "verify-audit"])
def test_every_command_explains_itself(stack: Stack, command: str):
    assert "Usage:" in stack.olga.run(command, "--help")
