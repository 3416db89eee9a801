"""Locks, version, documents: what must agree with each other and name no place."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from portal.__main__ import COMMANDS
from portal.development import lock
from portal.runtime.bootstrap.environment import BOOTSTRAP_LOCK, DEVELOP_LOCK, ROOT, RUN_LOCK
from portal.version import VERSION, read

LOCKS = (RUN_LOCK, DEVELOP_LOCK, BOOTSTRAP_LOCK)
TEXT = {".py", ".md", ".toml", ".lock", ".html", ".css", ".js", ".sql", ".json", ".txt", ""}


def pins(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([a-z0-9-]+)==(\S+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def tracked_files() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is not a clone")
    return [path for path in map(ROOT.joinpath, done.stdout.splitlines()) if path.is_file()]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_lock_names_no_place(path: Path) -> None:
    """A host would send everybody to one index, a path would work on one machine."""
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"(^|\s)(/|file:|--(extra-)?index|--find-links)", text, re.MULTILINE)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_hashes(path: Path) -> None:
    blocks = re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip())[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_locks_are_made_from_the_present_dependencies() -> None:
    assert lock.stale() == []


def test_developing_contains_running() -> None:
    """``up`` accepts an environment made for ``test``, so the one must contain the other with the same versions."""
    assert pins(RUN_LOCK).items() <= pins(DEVELOP_LOCK).items()


def test_oauthlib_stays_where_the_device_grant_works() -> None:
    assert pins(RUN_LOCK)["oauthlib"] == "4.0.0"


def test_clients_of_the_embedded_servers_are_left_out() -> None:
    assert not {"valkey", "fasteners"} & set(pins(DEVELOP_LOCK))


def test_version_is_written_once() -> None:
    """Packaging reads it from the changelog with the same pattern as the running service."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    source = project["tool"]["hatch"]["version"]
    found = re.search(source["pattern"], (ROOT / source["path"]).read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    assert found["version"] == VERSION


def test_unreleased_changes_do_not_change_the_version(tmp_path: Path) -> None:
    changelog = tmp_path / "changelog.md"
    changelog.write_text("# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2030-01-01\n\n## [1.2.2]\n", encoding="utf-8")
    assert read(changelog) == "1.2.3"


def test_commands_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"python3 manage\.py (\w+)", text))
    assert {"up", "test"} <= named
    operators = {path.stem for path in (ROOT / "portal" / "management" / "commands").glob("[a-z]*.py")}
    assert named <= set(COMMANDS) | operators | {"help"}


def test_every_own_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"manage.py {name}" not in text] == []


def test_files_name_no_folder_of_a_developer() -> None:
    """A path from one machine in a committed file works nowhere else and says whose it was."""
    private = re.compile(r"/(?:home|Users)/[a-z][\w.-]*/|/root/[.\w]")
    found = []
    for path in tracked_files():
        if path.suffix in TEXT and path != Path(__file__):
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in private.finditer(text)]
    assert found == []


def test_command_of_the_client_exists() -> None:
    """The entry point is text until somebody installs the package, so a wrong one would show only there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, name = project["project"]["scripts"]["chancery"].partition(":")
    done = subprocess.run(
        [sys.executable, "-c", f"from {module} import {name}; {name}(['--help'])"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
