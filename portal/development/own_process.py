"""Commands for developers that run in a process of their own, so that starting the service imports nothing of them."""

import subprocess
import sys
from collections.abc import Callable, Sequence

from portal.runtime.bootstrap.environment import ROOT


def in_own_process(module: str) -> Callable[[Sequence[str]], int]:
    """Return a command that runs a module and returns its exit status."""

    def main(arguments: Sequence[str]) -> int:
        return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode

    return main
