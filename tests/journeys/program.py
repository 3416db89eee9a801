"""``chancery`` as a process of its own, forked from one that has imported it: starting Python anew costs 0.25 s of
processor time each time, and journeys run the program hundreds of times.

What is about starting itself (signals, kills, the walk of the README) starts the program from nothing.
"""

import io
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chancery.cli.main import main

SECONDS: Final = 120
FORKS: Final = multiprocessing.get_context("forkserver")
# Importing the commands imports nearly all of the program; what is missing here is imported by the test that needs it.
FORKS.set_forkserver_preload(
    [f"chancery.cli.{name}" for name in ("account", "audit", "documents", "files", "progress", "templates", "why")]
)


def run(arguments: Sequence[str], variables: Mapping[str, str], folder: Path | None) -> tuple[int, str, str]:
    """Run the program and return its exit code and what it wrote to standard output and standard error."""
    with TemporaryDirectory(prefix="chancery-program-") as place:
        out, err = Path(place, "out"), Path(place, "err")
        process = FORKS.Process(target=_program, args=(list(arguments), dict(variables), folder, out, err))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(arguments)
        return process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")


def _program(arguments: Sequence[str], variables: Mapping[str, str], folder: Path | None, out: Path, err: Path) -> None:
    """Become what the shell would have started: its words, its surroundings, its folder, its standard streams."""
    sys.argv = ["chancery", *arguments]
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    if folder is not None:
        os.chdir(folder)
    _redirect(0, os.devnull, os.O_RDONLY)
    _redirect(1, out, os.O_WRONLY | os.O_CREAT)
    _redirect(2, err, os.O_WRONLY | os.O_CREAT)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)), "utf-8")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w")), "utf-8")
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(io.FileIO(2, "w")), "utf-8", "backslashreplace", write_through=True)
    main()


def _redirect(number: int, target: str | Path, flags: int) -> None:
    opened = os.open(target, flags, 0o600)
    os.dup2(opened, number)
    os.close(opened)
