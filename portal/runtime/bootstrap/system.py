"""Packages of the operating system, installed where that is allowed and asked for where it is not.

Chancery itself needs none. A browser for the page tests, or the ``venv`` module on a distribution that
splits it out of Python, do; both are worth fetching by themselves on a throw-away machine.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence


def line_to_type(packages: Sequence[str]) -> str:
    """Return the command a person would type to install ``packages`` on this machine."""
    names = " ".join(packages)
    for tool, command in (
        ("apt-get", f"apt-get install -y {names}"),
        ("dnf", f"dnf install -y {names}"),
        ("apk", f"apk add {names}"),
        ("brew", f"brew install {names}"),
    ):
        if shutil.which(tool):
            return command if tool == "brew" or os.geteuid() == 0 else f"sudo {command}"
    return f"install these packages of your system: {names}"


def install(packages: Sequence[str]) -> bool:
    """Install ``packages`` with apt when this process may, and say whether that worked.

    The package lists are refreshed only when the first attempt fails: most machines have them, and refreshing
    takes longer than installing.
    """
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [apt, "install", "-y", "-q", "--no-install-recommends", *packages]
    for refresh in (False, True):
        if refresh:
            subprocess.run([apt, "update", "-q"], env=environment, capture_output=True, check=False)
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode == 0:
            return True
    return False
