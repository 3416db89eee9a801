"""A file for each process that says when it last ran, so that the supervisor can end one that does not run any more.

A process that was stopped or hangs ends by itself never; its siblings go on answering and hide it.
"""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

BEAT_SECONDS: Final = 2.0
FOLDER: Final = "CHANCERY_HEARTBEATS"


def beat(part: str) -> None:
    """Touch the file of this process; nothing where no supervisor asked for it."""
    folder = os.environ.get(FOLDER)
    if folder:
        # A full disk must not end the process; an empty file that exists can be touched all the same.
        with suppress(OSError):
            Path(folder, f"{part}-{os.getpid()}").touch()


def keep_beating(part: str) -> None:
    """Go on in a thread of its own, for programs without an event loop of ours."""

    def run() -> None:
        while True:
            beat(part)
            time.sleep(BEAT_SECONDS)

    threading.Thread(target=run, name="heartbeat", daemon=True).start()
