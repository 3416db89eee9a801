"""The virtual environment of this checkout: made once, proved fresh in a millisecond, entered by ``execv``."""

import fcntl
import hashlib
import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING

from portal.runtime.bootstrap import installers, system
from portal.runtime.bootstrap.errors import BootstrapError

if TYPE_CHECKING:
    import venv

ROOT = Path(__file__).resolve().parents[3]
RUN_LOCK = ROOT / "requirements.lock"
DEVELOP_LOCK = ROOT / "requirements-develop.lock"
BOOTSTRAP_LOCK = ROOT / "requirements-bootstrap.lock"
DEVELOPER_COMMANDS = frozenset({"test", "check_all", "messages"})
STAMP = "chancery-stamp.json"
VENV_PACKAGES = ("python3-venv",)


@dataclass(frozen=True)
class Place:
    """Where the environment of this checkout belongs, and whether this process may write there."""

    venv: Path
    writable: bool

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"


def enter(arguments: Sequence[str]) -> None:
    """Return when this process runs inside a fresh environment; otherwise make one and continue there.

    A development environment holds everything that running needs, so it also counts as fresh for running: going
    back and forth between ``up`` and ``test`` installs nothing twice.
    """
    needs_tools = bool(arguments) and arguments[0] in DEVELOPER_COMMANDS
    wanted = DEVELOP_LOCK if needs_tools else RUN_LOCK
    accepted = (DEVELOP_LOCK,) if needs_tools else (RUN_LOCK, DEVELOP_LOCK)
    place = _first_fresh(accepted) or _build(wanted, accepted)
    if Path(sys.prefix) != place.venv:
        command = [str(place.python), str(ROOT / "manage.py"), *arguments]
        sys.stdout.flush()
        os.execv(place.python, command)  # noqa: S606 - the same command again, by the interpreter just made


def places() -> Iterator[Place]:
    """Yield the folders an environment may be in: beside the code, else in the user's cache, else temporary."""
    yield Place(ROOT / ".venv", os.access(ROOT, os.W_OK))
    name = "chancery/" + hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:16]
    home = os.environ.get("HOME", "")
    cache = os.environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else "")
    if cache:
        folder = Path(cache) / name
        yield Place(folder / "venv", _can_make(folder))
    private = Path(tempfile.gettempdir()) / f"chancery-{os.getuid()}"
    yield Place(private / name / "venv", _can_make(private) and _is_ours(private))


def _can_make(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _is_ours(folder: Path) -> bool:
    """Refuse a folder that somebody else prepared in a place where everybody may write."""
    details = folder.lstat()
    return not folder.is_symlink() and details.st_uid == os.getuid() and not details.st_mode & 0o022


def _first_fresh(accepted: Sequence[Path]) -> Place | None:
    keys = {_key(lock) for lock in accepted}
    for place in places():
        if _stamped(place, keys):
            return place
        if place.writable:
            return None
    return None


def _stamped(place: Place, keys: set[str]) -> bool:
    """Say whether ``place`` holds a finished environment, made here, from one of the locks, still on its Python.

    Which Python started this command does not matter: an environment made by another one serves as well, and
    rebuilding it at each change of shell would be a nuisance.
    """
    if not os.access(place.python, os.X_OK):
        return False
    try:
        stamp = json.loads((place.venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return any(stamp == _stamp(place, key) for key in keys)


def _stamp(place: Place, key: str) -> dict[str, str]:
    """Return what is written when all is done: the lock's content, the place, and the interpreter under it.

    The interpreter is known by its file, because an upgrade of the system replaces the file and keeps the path.
    """
    details = place.python.stat()
    return {"key": key, "venv": str(place.venv), "python": f"{details.st_size} {details.st_mtime_ns}"}


def _key(lock: Path) -> str:
    return lock.name + " " + hashlib.sha256(lock.read_bytes()).hexdigest()


def _build(wanted: Path, accepted: Sequence[Path]) -> Place:
    """Make the environment, one process at a time; a process that waited finds it made and only enters it."""
    place = next((place for place in places() if place.writable), None)
    if place is None:
        raise BootstrapError(
            "There is no folder for the Python environment: the checkout, the cache folder and the temporary"
            " folder are all read-only.\nName one:  XDG_CACHE_HOME=<folder> python3 manage.py …"
        )
    with exclusive(place.venv.parent) as guard:
        if _stamped(place, {_key(lock) for lock in accepted}):
            return place
        started = time.monotonic()
        print(f"Preparing the Python environment from {wanted.name} …", file=sys.stderr, flush=True)
        _fill(place, wanted, guard)
        partial = place.venv / (STAMP + ".partial")
        partial.write_text(json.dumps(_stamp(place, _key(wanted))), encoding="utf-8")
        partial.replace(place.venv / STAMP)
        print(f"Ready in {time.monotonic() - started:.1f} s.", file=sys.stderr, flush=True)
    return place


def _fill(place: Place, wanted: Path, guard: int) -> None:
    """Fill an environment in place when there is a usable one, else from nothing."""
    (place.venv / STAMP).unlink(missing_ok=True)
    builder = _builder()

    def rebuild() -> None:
        builder.create(place.venv)

    if not _stands_on_this_python(place):
        rebuild()
    installers.fill(installers.Target(place.venv, wanted, guard), BOOTSTRAP_LOCK, rebuild)
    for packages in place.venv.glob("lib/python*/site-packages"):
        (packages / "chancery-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    _write_client(place)


def _write_client(place: Place) -> None:
    """Put the command ``chancery`` into the environment: the client of this checkout, without installing it."""
    client = place.venv / "bin" / "chancery"
    code = "import sys; sys.argv[0] = 'chancery'; from chancery.cli.main import main; main()"
    client.write_text(f'#!/bin/sh\nexec {shlex.quote(str(place.python))} -c "{code}" "$@"\n', encoding="utf-8")
    client.chmod(0o755)


def _stands_on_this_python(place: Place) -> bool:
    """Say whether the folder holds an environment, at its own path, of the interpreter that runs now."""
    try:
        lines = (place.venv / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    settings = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    here = Path(settings.get("home", "")) == Path(installers.base_python()).parent
    activate = place.venv / "bin" / "activate"
    moved = activate.is_file() and str(place.venv) not in activate.read_text(encoding="utf-8")
    return here and not moved and os.access(place.python, os.X_OK)


def _builder() -> "venv.EnvBuilder":
    """Return the maker of environments; it needs neither ensurepip nor pip, which many systems leave out.

    A system may leave the module ``venv`` out as well; then it is installed where that is allowed, and used at once.
    """
    make = _maker()
    if make is None and system.install(VENV_PACKAGES):
        invalidate_caches()
        make = _maker()
    if make is None:
        line = system.line_to_type(VENV_PACKAGES)
        raise BootstrapError(f"The Python at {sys.executable} lacks the module venv. Type:  {line}")
    return make(with_pip=False, clear=True, symlinks=True)


def _maker() -> "type[venv.EnvBuilder] | None":
    try:
        # Not at the top: the module may be missing, or be there only after this command has had it installed.  And
        # what is left of one that was removed may be an empty folder, which can be imported and holds nothing.
        from venv import EnvBuilder  # noqa: PLC0415
    except ImportError:
        return None
    return EnvBuilder


@contextmanager
def exclusive(folder: Path) -> Iterator[int]:
    """Hold the lock on ``folder`` and give its descriptor, for installers to hold it beyond our own death."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
