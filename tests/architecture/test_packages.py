"""The packages: what the import contracts cannot see."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from portal.runtime.bootstrap.environment import ROOT

PACKAGES = ("portal", "protection", "tenants", "audit", "chancery")
PURE = ("chancery", "protection.actor", "tenants.naming")
FRAMEWORKS = ("django", "rest_framework", "django_tenants", "allauth", "celery", "psycopg", "redis")

LOOK = """
import importlib, pkgutil, sys
for name in sys.argv[1].split(","):
    module = importlib.import_module(name)
    for inner in pkgutil.walk_packages(getattr(module, "__path__", []), f"{name}."):
        importlib.import_module(inner.name)
print(",".join(name for name in sys.argv[2].split(",") if name in sys.modules))
"""


def package_files() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("__init__.py"))


def test_there_are_packages_to_look_at() -> None:
    assert len(package_files()) > 10


@pytest.mark.parametrize("path", package_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_package_file_is_empty(path: Path) -> None:
    """A package that imports something makes every module in it depend on that, unseen by the contracts.

    Django wants to find all tables in the package ``models``, so that one may list its own.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.parent.name == "models":
        own = ".".join(path.parent.relative_to(ROOT).parts)
        sources = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert [source for source in sources if not source.startswith(own)] == []
        assert [node for node in ast.walk(tree) if isinstance(node, ast.Import)] == []
    elif path == ROOT / "chancery" / "__init__.py":
        imported = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
        assert [module for module in imported if module is None or module.startswith("chancery")] == []
    else:
        assert tree.body == []


def test_pure_packages_leave_the_frameworks_alone() -> None:
    """In a fresh interpreter, with every module in them imported; a star or a string import would show here."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOOK, ",".join(PURE), ",".join(FRAMEWORKS)],
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
        [sys.executable, "-S", "-c", "import portal.runtime.bootstrap.environment, sys; print(len(sys.path))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which the library was installed from its wheel, without what it depends on."""
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    build = f"import os, hatchling.build; os.chdir({str(ROOT)!r}); print(hatchling.build.build_wheel({str(wheels)!r}))"
    subprocess.run([sys.executable, "-c", build], check=True, capture_output=True)
    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_the_library_installs_one_package(installed: Path) -> None:
    assert sorted(path.name.partition("-")[0] for path in installed.iterdir()) == ["chancery", "chancery"]
    (metadata,) = installed.glob("*.dist-info")
    assert "chancery = chancery.cli.main:main" in (metadata / "entry_points.txt").read_text(encoding="utf-8")
    assert (installed / "chancery/locale/de/LC_MESSAGES/django.mo").exists()


def test_the_library_needs_nothing_of_the_service(installed: Path, tmp_path: Path) -> None:
    """Where nothing else of the product is, each of its modules can be imported."""
    only_there = f"import sys; sys.path = [{str(installed)!r}, *(p for p in sys.path if p not in ('', {str(ROOT)!r}))]"
    outside = ",".join((*FRAMEWORKS, "portal", "tenants", "protection", "audit"))
    done = subprocess.run(
        [sys.executable, "-c", f"{only_there}\n{LOOK}", "chancery", outside],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_the_service_does_not_load_the_sdk() -> None:
    """``chancery`` imports its public names only when they are asked for."""
    code = "import sys, chancery.objects.use; print('chancery.sdk' in sys.modules); from chancery import Session"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_module_is_named_after_nothing() -> None:
    """A file named for being useful collects whatever has no home."""
    nameless = {"utils", "util", "helpers", "helper", "misc", "common"}
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.stem in nameless]
    assert found == []
