"""The folder in which a text is edited: for this account alone, and gone however the program ends."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chancery.cli.private_folder import private_folder

PROGRAM = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # A test run in the background hands down that it is ignored.
from chancery.cli.editing import edited
from chancery.cli.private_folder import private_folder
os.environ["VISUAL"] = "sh -c 'touch \\"$1.swp\\"; echo $PPID; exec sleep 600' sh"
with private_folder() as folder:
    text = folder.path / "plan.txt"
    text.write_text("secret")
    print(folder.path, flush=True)
    edited(text)
"""
"""An editor that has put a file of its own beside the text, and waits."""


def test_the_folder_is_private_and_wiped() -> None:
    with private_folder() as folder:
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        text = folder.path / "plan.txt"
        text.write_text("secret")
        os.link(text, linked := Path(f"{folder.path}-linked"))
    try:
        assert not folder.path.exists()
        assert linked.read_bytes() == bytes(6), "what was written is overwritten, not only unnamed"
    finally:
        linked.unlink()


def test_what_an_editor_has_linked_is_not_overwritten(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("not ours")
    with private_folder() as folder:
        (folder.path / "link").symlink_to(elsewhere)
    assert elsewhere.read_text() == "not ours"


def test_what_would_be_lost_is_kept() -> None:
    with private_folder() as folder:
        (folder.path / "plan.txt").write_text("edited")
        folder.keep()
    try:
        assert (folder.path / "plan.txt").read_text() == "edited"
    finally:
        (folder.path / "plan.txt").unlink()
        folder.path.rmdir()


def test_without_memory_that_is_a_disk_the_system_s_folder_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("chancery.cli.private_folder._IN_MEMORY", tmp_path / "missing")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with private_folder() as folder:
        assert folder.path.parent == tmp_path
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    with private_folder() as folder:
        assert folder.path.is_dir()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_editor_and_wipes_the_folder(number: signal.Signals) -> None:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        folder = Path(running.stdout.readline().strip())
        assert int(running.stdout.readline()) == running.pid, "the editor runs"
        running.send_signal(number)
        running.stdout.read()  # Ends when the editor, which has the same output, has ended too.
    assert running.returncode != 0
    assert not folder.exists()
