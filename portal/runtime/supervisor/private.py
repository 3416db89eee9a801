"""Files for their owner alone, which appear complete or not at all."""

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` with mode 0600: a half root key would lock everything away."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
