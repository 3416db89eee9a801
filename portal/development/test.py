"""``manage.py test``: the whole suite, with the programs it needs fetched where that is possible."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.runtime.bootstrap import browser_packages, system
from portal.runtime.bootstrap.environment import ROOT, exclusive
from portal.runtime.bootstrap.errors import BootstrapError


@dataclass(frozen=True)
class Helper:
    """A program that some tests need and Python packages do not bring."""

    what_for: str
    names: tuple[str, ...]
    """What the program may be called, the best one first."""
    packages: tuple[str, ...]
    """Packages of which any one brings it, the best one first; the last one is the one that every system has."""

    @property
    def program(self) -> str | None:
        """Where it is on this machine, or None."""
        return next(filter(None, map(shutil.which, self.names)), None)


MOST_PROCESSES = 4
# The same engine without windows loads a page with three fifths of the work of the whole Chromium.
BROWSER = Helper(
    "the page tests",
    ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
    ("chromium-headless-shell", "chromium"),
)
DIRECTORY_SERVER = Helper("the tests of directory servers", ("slapd", "/usr/sbin/slapd"), ("slapd",))
DIRECTORY_TOOLS = Helper("the tests of directory servers", ("ldapmodify",), ("ldap-utils",))
HELPERS = (
    BROWSER,
    Helper("the second implementation of the file format", ("node", "nodejs"), ("nodejs",)),
    DIRECTORY_SERVER,
    DIRECTORY_TOOLS,
)


IDENTITY_PROVIDER = [ROOT / "tests" / "identity_provider" / name for name in ("package.json", "package-lock.json")]
INSTALL = "--install"


def main(arguments: Sequence[str]) -> int:
    """Run pytest with the arguments given and return its exit status.

    Packages of the system are installed with ``--install``, or where ``CI`` says that the machine is thrown away.
    """
    may_install = INSTALL in arguments or os.environ.get("CI", "").lower() in {"true", "1"}
    arguments = [argument for argument in arguments if argument != INSTALL]
    browser_packages.provide(Path(sys.prefix))
    _provide_identity_provider(Path(sys.prefix))
    for helper in HELPERS:
        _provide(helper, may_install=may_install)
    command = [sys.executable, "-m", "pytest", *_shape(arguments), *arguments]
    return subprocess.run(command, cwd=ROOT, env=_with_bytecode(), check=False).returncode


def _provide_identity_provider(venv: Path) -> None:
    """Install the identity providers that single sign-on is tested against, or say what will be skipped."""
    folder = venv / "identity_provider"
    with exclusive(venv.parent) as guard:
        if browser_packages.have_installed(IDENTITY_PROVIDER, folder):
            return
        try:
            browser_packages.install_locked(IDENTITY_PROVIDER, folder, venv, guard)
        except (BootstrapError, OSError) as error:
            print(
                f"oidc-provider and samlify could not be installed, so single sign-on will not be tested.\n  {error}",
                file=sys.stderr,
                flush=True,
            )


def _with_bytecode() -> dict[str, str]:
    """Return our own environment, in which Python keeps what it has compiled.

    Many container images switch that off. The suite starts hundreds of interpreters, and each would compile the whole
    product again: a twelfth of the suite's time on the processors.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _shape(arguments: Sequence[str]) -> list[str]:
    """Return how to spread the tests: a whole run over the processors, a chosen few in one process.

    There is one process more than processors, since journeys often wait for the programs they start. The tests of one
    file stay together, since they may share a running product; ``tests/conftest.py`` says which file starts first.
    """
    together = ["--dist", "loadscope", "--no-loadscope-reorder"]
    if any(argument.startswith(("-n", "--numprocesses")) for argument in arguments):
        return together
    if any(not argument.startswith("-") for argument in arguments):
        return []
    return ["-n", str(min(MOST_PROCESSES, (os.cpu_count() or 1) + 1)), *together]


def _provide(helper: Helper, *, may_install: bool) -> None:
    """Install a missing program, or say what will be skipped and how to have it."""
    if helper.program:
        return
    name = helper.packages[-1]
    if may_install:
        print(f"Installing {' or '.join(helper.packages)} for {helper.what_for} …", flush=True)
        if any(system.install([package]) for package in helper.packages):
            return
        reason = f"{name} could not be installed"
    else:
        reason = f"{name} is missing"
    line = system.line_to_type([name])
    print(
        f"{reason}, so {helper.what_for} will be skipped. To have them:  {line}\n"
        f"On a machine where this command may do that itself:  python3 manage.py test {INSTALL}",
        flush=True,
    )
