"""The rooms of the house: what the import contracts cannot see."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from portal.bootstrap.environment import ROOT

HOUSES = ("portal", "protection", "tenants", "audit", "chancery")
PURE_ROOMS = (
    "protection.crypto",
    "protection.formats",
    "protection.licensing",
    "protection.sealing",
    "protection.client",
    "protection.errors",
    "protection.events",
    "protection.version",
    "audit.tree",
    "tenants.naming",
)
FRAMEWORKS = ("django", "rest_framework", "django_tenants", "allauth", "celery", "psycopg", "redis")

LOOK = """
import importlib, pkgutil, sys
for room in sys.argv[1].split(","):
    module = importlib.import_module(room)
    for inner in pkgutil.walk_packages(getattr(module, "__path__", []), f"{room}."):
        importlib.import_module(inner.name)
print(",".join(name for name in sys.argv[2].split(",") if name in sys.modules))
"""


def package_files() -> list[Path]:
    return sorted(path for house in HOUSES for path in (ROOT / house).rglob("__init__.py"))


def test_there_are_packages_to_look_at() -> None:
    assert len(package_files()) > 10


@pytest.mark.parametrize("path", package_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_package_file_is_empty(path: Path) -> None:
    """A package that imports something makes every room in it depend on that, unseen by the contracts.

    Django wants to find all tables in the package ``models``, so that one may list its own.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.parent.name == "models":
        own = ".".join(path.parent.relative_to(ROOT).parts)
        sources = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert [source for source in sources if not source.startswith(own)] == []
        assert [node for node in ast.walk(tree) if isinstance(node, ast.Import)] == []
    else:
        assert tree.body == []


def test_pure_rooms_leave_the_frameworks_alone() -> None:
    """In a fresh interpreter, with every module in them imported; a star or a string import would show here."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOOK, ",".join(PURE_ROOMS), ",".join(FRAMEWORKS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_bootstrap_needs_the_standard_library_alone() -> None:
    """``-S`` hides all installed packages, as on a machine where nothing has been installed yet."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import portal.bootstrap.environment, sys; print(len(sys.path))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_client_stands_in_what_its_package_holds(tmp_path: Path) -> None:
    """Copied to where nothing else is, each module of the client can be imported."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for name in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    only_there = f"import sys; sys.path = [{str(tmp_path)!r}, *(p for p in sys.path if p not in ('', {str(ROOT)!r}))]"
    outside = ",".join((*FRAMEWORKS, "portal", "tenants"))
    done = subprocess.run(
        [sys.executable, "-c", f"{only_there}\n{LOOK}", "protection.client", outside],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_no_room_is_called_after_nothing() -> None:
    """A file named for being useful collects whatever has no home."""
    nameless = {"utils", "util", "helpers", "helper", "misc", "common"}
    found = [path for house in HOUSES for path in (ROOT / house).rglob("*") if path.stem in nameless]
    assert found == []
