"""``manage.py messages``: finds what is to be translated and compiles the catalogs.

It runs as a program of its own, since what finds the messages is installed for developers only.
"""

import subprocess
import sys
from collections.abc import Sequence

from portal.runtime.bootstrap.environment import ROOT


def main(arguments: Sequence[str]) -> int:
    """Bring the catalogs up to date, or with ``--check`` tell whether they are; return the exit status."""
    command = [sys.executable, "-m", "portal.development.catalogs", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode
