"""Programs whose standard output is a terminal."""

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def on_terminal(command: Sequence[str], variables: Mapping[str, str], folder: Path | None = None) -> tuple[int, str]:
    """Run a program to its end; return its exit code and what the terminal got, with errors in it."""
    reader, terminal = pty.openpty()
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**variables, "PAGER": "cat", "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    ) as running:
        os.close(terminal)
        shown = b"".join(_parts(reader))
    os.close(reader)
    return running.returncode, shown.decode().replace("\r\n", "\n")


def _parts(reader: int) -> "list[bytes]":
    """Return what is written until the last program has closed the terminal, which the system reports as an error."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(reader, 65_536)
        except OSError:
            return parts
        if not part:
            return parts
        parts.append(part)
