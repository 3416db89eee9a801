"""Ways to fill a virtual environment from a lock with hashes, tried from the fastest to the plainest."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from portal.runtime.bootstrap.errors import BootstrapError
from portal.runtime.bootstrap.index import bundled_pip, configured_sources, default_index, fetch_program

TAIL_LINES = 12


@dataclass(frozen=True)
class Target:
    """What to fill, an environment or a folder for its Python, from which lock, and the descriptor that guards it."""

    venv: Path
    lock: Path
    guard: int
    folder: Path | None = None

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def into_folder(self) -> tuple[str, ...]:
        """The words by which uv and pip fill the folder instead of the environment."""
        return () if self.folder is None else ("--target", str(self.folder))


def base_python() -> str:
    """Return the interpreter that a virtual environment uses, also when called inside one."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def uv_on_path() -> str | None:
    """Return a working ``uv`` of this machine: a stub of a version manager is found but does not run."""
    found = shutil.which("uv")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return found
    return None


def fetched_uv(folder: Path, bootstrap_lock: Path) -> str:
    """Return the pinned ``uv`` kept in ``folder``, fetching it the first time."""
    program = folder / "uv"
    if not os.access(program, os.X_OK):
        sources = configured_sources()
        if sources.index is None:
            sources = replace(sources, index=default_index(base_python(), bundled_pip()))
        fetch_program(bootstrap_lock, "uv", program, sources)
    return str(program)


def fill(target: Target, bootstrap_lock: Path, rebuild: Callable[[], None]) -> None:
    """Install exactly what the lock names, by the first way that works on this machine."""
    problems: list[str] = []
    for name, attempt in _ways(target, bootstrap_lock, rebuild):
        try:
            attempt()
        except (BootstrapError, OSError) as error:
            problems.append(f"  {name}: {error}")
        else:
            return
    raise BootstrapError(
        "The Python packages could not be installed.\n"
        + "\n".join(problems)
        + "\nCheck the network and the configured package index, then repeat the command. On a bare system this"
        "\nusually helps first:  apt-get install -y python3 python3-pip ca-certificates"
    )


def _ways(
    target: Target, bootstrap_lock: Path, rebuild: Callable[[], None]
) -> Iterator[tuple[str, Callable[[], None]]]:
    on_path = uv_on_path()
    if on_path:
        yield "uv found on PATH", lambda: _uv_sync(on_path, target)
    yield "uv fetched by its hash", lambda: _uv_sync(fetched_uv(target.venv / "tools", bootstrap_lock), target)

    def with_pip() -> None:
        rebuild()
        _pip_install(target)

    yield "pip", with_pip


def _uv_sync(uv: str, target: Target) -> None:
    """Let uv make the environment equal to the lock; a warm cache also serves when the network is away."""
    sources = configured_sources()
    command = [
        uv,
        *("pip", "sync", "--no-config", "--require-hashes", "--only-binary", ":all:", "--compile-bytecode"),
        *("--quiet", "--index-strategy", "unsafe-best-match"),
        *("--python", str(target.python)),
        *target.into_folder,
        *(["--default-index", sources.index] if sources.index else []),
        *(word for url in sources.extra_indexes for word in ("--index", url)),
        *(word for place in _existing(sources.find_links) for word in ("--find-links", place)),
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    environment |= {name: os.environ[name] for name in ("UV_CACHE_DIR",) if name in os.environ}
    if "SSL_CERT_FILE" not in environment and "PIP_CERT" in environment:
        environment["SSL_CERT_FILE"] = environment["PIP_CERT"]
    if not _cache_writable(environment):
        command.append("--no-cache")
    try:
        _run([*command, str(target.lock)], target, environment)
    except BootstrapError:
        if "--no-cache" in command:
            raise
        _run([*command, "--offline", str(target.lock)], target, environment)


def _pip_install(target: Target) -> None:
    """Let a pip outside the environment fill it; pip understands the same lock and the same hashes."""
    environment = dict(os.environ)
    arguments = ["-m", "pip", "--python", str(target.python), "install", "--no-deps", "--require-hashes"]
    arguments += ["--only-binary=:all:", "--no-input", "--quiet", *target.into_folder, "-r", str(target.lock)]
    probe = [base_python(), "-m", "pip", "--version"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        wheel = bundled_pip()
        if wheel is None:
            message = "this Python has neither pip nor ensurepip"
            raise BootstrapError(message)
        environment["PYTHONPATH"] = str(wheel)
    _run([base_python(), *arguments], target, environment)


def _run(command: list[str], target: Target, environment: dict[str, str]) -> None:
    """Run one installer to its end, with the guard handed down.

    The child inherits the lock on the folder: should this process be killed, the next start waits until the
    orphan has stopped writing instead of clearing the folder under it.
    """
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        pass_fds=(target.guard,),
        check=False,
    )
    if done.returncode != 0:
        tail = (done.stderr.strip() or done.stdout.strip()).splitlines()[-TAIL_LINES:]
        raise BootstrapError("\n    ".join(tail) or f"ended with status {done.returncode}")


def _existing(places: tuple[str, ...]) -> Iterator[str]:
    """Leave out folders that are configured but absent: pip ignores them, uv would fail on them."""
    for place in places:
        path = urlsplit(place).path if place.startswith("file:") else place
        if "://" in place.removeprefix("file://") or Path(path).exists():
            yield place


def _cache_writable(environment: dict[str, str]) -> bool:
    """Say whether uv can keep a cache where it would: a service account often has no usable home folder."""
    home = environment.get("HOME")
    chosen = environment.get("UV_CACHE_DIR") or environment.get("XDG_CACHE_HOME")
    if not chosen and not home:
        return False
    folder = Path(chosen or Path(home or "") / ".cache")
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)
