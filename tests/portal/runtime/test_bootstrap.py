"""The way from a bare Python to a running command, on copies of the checkout."""

import hashlib
import http.server
import json
import os
import platform
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from portal.runtime.bootstrap import index, installers
from portal.runtime.bootstrap.environment import BOOTSTRAP_LOCK, ROOT, RUN_LOCK
from portal.runtime.bootstrap.errors import BootstrapError
from portal.runtime.bootstrap.index import Sources, configured_sources, fetch_program

NEEDED = (
    "manage.py",
    "package.json",
    "package-lock.json",
    "portal",
    "docs/changelog.md",
    "pyproject.toml",
    *(path.name for path in ROOT.glob("*.lock")),
)
# Starts nothing, but imports what it would start with: the environment exists and is filled.
COMMAND = ("manage.py", "up", "--help")
IMPORTED = ("asgiref", "django", "psycopg", "psycopg-binary", "sqlparse", "typing-extensions")
SECONDS = 240


def locked(*names: str) -> str:
    """Return a lock of these packages alone, with the versions and hashes of the whole one."""
    blocks = re.split(r"\n(?=\S)", RUN_LOCK.read_text(encoding="utf-8").rstrip())
    found = [block for block in blocks if re.split(r"[=\[ ]", block)[0] in names]
    assert len(found) == len(names), names
    return "\n".join(found) + "\n"


def copy_checkout(target: Path) -> Path:
    """Copy what the first steps of any command need."""
    for name in NEEDED:
        source = ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / name)
    return target


def copy_small_checkout(target: Path) -> Path:
    """Copy the same with a lock of what ``COMMAND`` imports, which takes a sixth of the time to install."""
    copy_checkout(target)
    (target / RUN_LOCK.name).write_text(locked(*IMPORTED), encoding="utf-8")
    return target


def python_for(user: int) -> str:
    """Return an interpreter outside any environment that ``user`` can start."""
    candidates = [installers.base_python(), "/usr/bin/python3", "/usr/local/bin/python3"]
    for candidate in candidates:
        question = [candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(question, user=user, cwd="/", capture_output=True, check=False).returncode == 0:
                return candidate
        except OSError:
            continue
    pytest.skip("no Python 3.11 here can be started by an ordinary user")


def run(checkout: Path, **changes: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [installers.base_python(), *COMMAND],
        cwd=checkout,
        env={**os.environ, **changes},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared checkout in a folder with spaces in its name."""
    folder = copy_checkout(tmp_path_factory.mktemp("first start") / "my chancery")
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert "Preparing the Python environment from requirements.lock" in done.stderr
    return folder


def test_first_start_makes_the_environment(checkout: Path) -> None:
    assert (checkout / ".venv/bin/python").exists()
    assert not list(checkout.glob(".venv/lib/python*/site-packages/pip"))


def test_second_start_prepares_nothing_and_is_quick(checkout: Path) -> None:
    began = time.monotonic()
    done = run(checkout)
    assert done.stderr == ""
    assert time.monotonic() - began < 5


def test_client_is_at_hand(checkout: Path, tmp_path: Path) -> None:
    """It runs from anywhere; here it ends at the code that this copy leaves out."""
    done = subprocess.run(
        [checkout / ".venv/bin/chancery", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "No module named 'chancery'" in done.stderr


def test_start_from_another_folder(checkout: Path, tmp_path: Path) -> None:
    command = [installers.base_python(), str(checkout / "manage.py"), *COMMAND[1:]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def test_environment_for_tests_also_runs() -> None:
    """Everybody who runs this suite has the development environment; ``up`` would not install anything."""
    if not (ROOT / ".venv" / "chancery-stamp.json").exists():
        pytest.skip("this environment was not made by manage.py")
    command = [installers.base_python(), *COMMAND]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_killed_preparation_is_repeated(tmp_path: Path) -> None:
    """The killed parent leaves an installer at work; the next start waits for it and then builds its own."""
    folder = copy_small_checkout(tmp_path / "killed")
    started = subprocess.Popen(
        [installers.base_python(), *COMMAND],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + SECONDS
    while not list(folder.glob(".venv/lib/python*/site-packages/*.dist-info")) and time.monotonic() < deadline:
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    started.wait()
    done = run(folder)
    assert done.returncode == 0, done.stderr


def test_ordinary_user_with_a_read_only_checkout_and_no_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The environment then goes among the temporary files, closed to others."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    user = pwd.getpwnam("nobody").pw_uid
    python = python_for(user)
    folder = Path("/var/tmp") / f"chancery-checkout-{os.getpid()}"
    private = Path("/var/tmp") / f"chancery-private-{os.getpid()}"
    private.mkdir()
    os.chown(private, user, -1)
    try:
        copy_small_checkout(folder)
        kept = {name: value for name, value in os.environ.items() if name not in {"HOME", "XDG_CACHE_HOME"}}
        done = subprocess.run(
            [python, *COMMAND],
            cwd=folder,
            env={**kept, "HOME": "/nonexistent", "TMPDIR": str(private), "PATH": "/usr/bin:/bin"},
            user=user,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not (folder / ".venv").exists()
        assert [path for path in private.glob("chancery-*") if path.stat().st_mode & 0o077] == []
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(private, ignore_errors=True)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can hide a module from a Python")
@pytest.mark.parametrize("hidden", ["ensurepip", "venv"])
def test_python_without_its_environment_modules(hidden: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder of its own name space hides the module, for an ordinary user: nobody installs anything for them."""
    user = pwd.getpwnam("nobody")
    python = Path(python_for(user.pw_uid))
    library = subprocess.run(
        [python, "-c", "import os; print(os.path.dirname(os.__file__))"], capture_output=True, text=True, check=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="chancery-checkout-", dir="/var/tmp") as name:
        folder, empty = copy_small_checkout(Path(name) / "checkout"), Path(name) / "empty"
        empty.mkdir()
        for path in [Path(name), *Path(name).rglob("*")]:
            os.chown(path, user.pw_uid, user.pw_gid)
        script = (
            f"mount --bind {empty} {library}/{hidden} || exit 77; cd {folder};"
            f" exec setpriv --reuid={user.pw_uid} --regid={user.pw_gid} --clear-groups {python} {' '.join(COMMAND)}"
        )
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script],
            env={**os.environ, "HOME": name, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    if done.returncode == 77:
        pytest.skip("this container may not mount anything")
    if hidden == "ensurepip":
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 1
        assert "lacks the module venv. Type:  " in done.stderr
        assert "Traceback" not in done.stderr


# What fills the environment


@pytest.fixture
def small(tmp_path: Path) -> Iterator[installers.Target]:
    """Return an empty environment and a lock of one small package."""
    lock = tmp_path / "small.lock"
    lock.write_text(locked("asgiref"), encoding="utf-8")
    subprocess.run([installers.base_python(), "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    guard = os.open(tmp_path, os.O_RDONLY)
    yield installers.Target(tmp_path / "venv", lock, guard)
    os.close(guard)


def refuse(*_arguments: object) -> str:
    raise BootstrapError("not here")


def has_asgiref(target: installers.Target) -> bool:
    return bool(list(target.venv.glob("lib/python*/site-packages/asgiref")))


def test_pip_serves_where_uv_cannot_be_had(small: installers.Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "uv_on_path", lambda: None)
    monkeypatch.setattr(installers, "fetched_uv", refuse)
    installers.fill(small, BOOTSTRAP_LOCK, rebuild=lambda: None)
    assert has_asgiref(small)


def test_wrong_hash_installs_nothing(small: installers.Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "fetched_uv", refuse)
    name = small.lock.read_text(encoding="utf-8").split()[0]
    small.lock.write_text(f"{name} --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(BootstrapError, match="could not be installed"):
        installers.fill(small, BOOTSTRAP_LOCK, rebuild=lambda: None)
    assert not has_asgiref(small)


def test_nothing_at_hand_ends_in_a_line_to_type(small: installers.Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "uv_on_path", lambda: None)
    monkeypatch.setattr(installers, "fetched_uv", refuse)
    monkeypatch.setattr(installers, "_pip_install", refuse)
    with pytest.raises(BootstrapError, match="apt-get install -y python3"):
        installers.fill(small, BOOTSTRAP_LOCK, rebuild=lambda: None)


# Where packages come from


def wheel_name() -> str:
    machine = platform.machine()
    if sys.platform == "darwin":
        return f"uv-0.1-py3-none-macosx_11_0_{machine}.whl"
    family = "manylinux_2_17" if platform.libc_ver()[0] == "glibc" else "musllinux_1_1"
    return f"uv-0.1-py3-none-{family}_{machine}.whl"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Return a wheel that holds a program called uv."""
    path = tmp_path / "files" / wheel_name()
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("uv-0.1.data/scripts/uv", "#!/bin/sh\necho uv 0.1\n")
    return path


def lock_for(wheel: Path) -> Path:
    path = wheel.parent.parent / "bootstrap.lock"
    path.write_text(f"uv==0.1 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n", encoding="utf-8")
    return path


def json_page(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    other = {"filename": "uv-0.1.tar.gz", "url": "x", "hashes": {}}
    file = {"filename": wheel.name, "url": f"../../files/{wheel.name}", "hashes": {"sha256": digest}}
    return json.dumps({"files": [other, file]})


def html_page(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f'<html><a href="../../files/{wheel.name}#sha256={digest}">{wheel.name}</a></html>'


@pytest.mark.parametrize("page", [json_page, html_page])
def test_program_comes_from_an_index(wheel: Path, tmp_path: Path, page: "type[str]") -> None:
    folder = tmp_path / "simple" / "uv"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(page(wheel), encoding="utf-8")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            sources = Sources(f"http://127.0.0.1:{server.server_port}/simple/", (), ())
            fetch_program(lock_for(wheel), "uv", tmp_path / "bin" / "uv", sources)
        finally:
            server.shutdown()
            thread.join()
    assert os.access(tmp_path / "bin" / "uv", os.X_OK)


@pytest.mark.parametrize("form", ["folder", "index"])
def test_program_comes_from_a_folder(wheel: Path, tmp_path: Path, form: str) -> None:
    folder = tmp_path / "simple" / "uv"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(html_page(wheel), encoding="utf-8")
    sources = Sources(None, (), (str(wheel.parent),))
    if form == "index":
        sources = Sources((tmp_path / "simple").as_uri(), (), ())
    fetch_program(lock_for(wheel), "uv", tmp_path / "bin" / "uv", sources)
    assert (tmp_path / "bin" / "uv").read_text(encoding="utf-8").startswith("#!/bin/sh")


def test_program_with_another_content_is_refused(wheel: Path, tmp_path: Path) -> None:
    lock = lock_for(wheel)
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(BootstrapError, match="does not have the content"):
        fetch_program(lock, "uv", tmp_path / "bin" / "uv", Sources(None, (), (str(wheel.parent),)))
    assert not (tmp_path / "bin" / "uv").exists()


def test_missing_program_says_where_it_was_looked_for(tmp_path: Path) -> None:
    lock = tmp_path / "bootstrap.lock"
    lock.write_text("uv==0.1\n", encoding="utf-8")
    with pytest.raises(BootstrapError, match="no wheel of uv"):
        fetch_program(lock, "uv", tmp_path / "uv", Sources("http://user:secret@127.0.0.1:9/simple", (), ()))


def test_password_of_an_index_stays_out_of_messages(tmp_path: Path) -> None:
    lock = tmp_path / "bootstrap.lock"
    lock.write_text("uv==0.1\n", encoding="utf-8")
    with pytest.raises(BootstrapError) as caught:
        fetch_program(lock, "uv", tmp_path / "uv", Sources("http://user:secret@127.0.0.1:9/simple", (), ()))
    assert "secret" not in str(caught.value)


def test_sources_of_the_environment_win_over_files(tmp_path: Path) -> None:
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "pip.conf").write_text(
        "[global]\nindex-url = http://file/simple\nfind-links = /wheels\n    /more\n", encoding="utf-8"
    )
    files = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "none")}
    assert configured_sources(files).index == "http://file/simple"
    assert configured_sources(files).find_links == ("/wheels", "/more")
    both = {**files, "PIP_INDEX_URL": "http://variable/simple"}
    assert configured_sources(both).index == "http://variable/simple"
    assert configured_sources({**both, "UV_DEFAULT_INDEX": "http://uv/simple"}).index == "http://uv/simple"


def test_default_index_is_asked_of_pip() -> None:
    wheel = index.bundled_pip()
    if wheel is None:
        pytest.skip("this Python carries no pip")
    answer = index.default_index(installers.base_python(), wheel)
    assert answer is not None
    assert answer.startswith("https://")
