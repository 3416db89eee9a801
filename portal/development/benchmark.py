"""``manage.py bench``: in a process of its own, so that starting the service imports nothing of it."""

import subprocess
import sys
from collections.abc import Sequence

from portal.runtime.bootstrap.environment import ROOT


def main(arguments: Sequence[str]) -> int:
    """Run the measurements and return the exit status."""
    command = [sys.executable, "-m", "portal.development.bench.command", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode
