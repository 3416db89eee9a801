"""The environment of a running installation, kept in a file so that single commands find the same database."""

import os
from collections.abc import Mapping
from pathlib import Path

from portal.runtime.supervisor import private

SECRETS_FROM_OUTSIDE = ("CHANCERY_SECRET_KEY", "CHANCERY_ROOT_KEY", "DATABASE_URL", "REDIS_URL")


def combined(variables: Mapping[str, str]) -> dict[str, str]:
    """Return our own surroundings with ``variables`` on top, and without what would contradict them.

    A person who has the variables of a production installation in the shell must not have them mixed with the
    embedded ones.
    """
    contradicting = {name for secret in SECRETS_FROM_OUTSIDE for name in (secret, f"{secret}_FILE")}
    kept = {name: value for name, value in os.environ.items() if name not in contradicting}
    return {**kept, **variables}


def write(path: Path, variables: Mapping[str, str]) -> None:
    """Write the variables, one in a line, readable by their owner alone."""
    private.write(path, "".join(f"{name}={value}\n" for name, value in sorted(variables.items())))


def read(path: Path) -> dict[str, str]:
    """Read what :func:`write` wrote; an absent file is empty."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
