"""Each import contract catches what it is there for: a contract that cannot fail protects nothing."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.bootstrap.environment import ROOT

HOUSES = ("portal", "protection", "tenants", "audit", "chancery")

# Violations, each with the line it adds to a module and the words the report must contain.
VIOLATIONS = {
    "chancery/upward.py": ("import audit.tree", "chancery.upward -> audit.tree"),
    "audit/statement_violation.py": ("import protection.errors", "audit.statement_violation -> protection.errors"),
    "tenants/sideways.py": ("import protection.errors", "tenants.sideways -> protection.errors"),
    "protection/services/sideways.py": (
        "import tenants.naming",
        "protection.services.sideways -> tenants.naming",
    ),
    "protection/services/upward.py": ("import portal.version", "protection.services.upward -> portal.version"),
    "protection/keys/upward.py": ("import protection.services", "protection.keys.upward -> protection.services"),
    "protection/models/neighbor.py": ("import protection.client", "protection.models.neighbor -> protection.client"),
    "protection/crypto/neighbor.py": (
        "from protection.licensing import *",
        "protection.crypto.neighbor -> protection.licensing",
    ),
    "protection/licensing/subject.py": (
        "import protection.crypto",
        "protection.licensing.subject -> protection.crypto",
    ),
    "protection/crypto/upward.py": ("import protection.formats", "protection.crypto.upward -> protection.formats"),
    "protection/crypto/framework.py": ("import django", "protection.crypto.framework -> django"),
    "audit/tree/framework.py": (
        "import audit.tree.second",
        "audit.tree.second -> psycopg",
    ),
    "audit/tree/second.py": ("import psycopg", "audit.tree.second -> psycopg"),
    "protection/client/audits.py": ("import audit.models", "protection.client.audits -> audit.models"),
    "protection/attic/__init__.py": ("", "attic"),
    "portal/pages/door.py": ("import protection.models", "portal.pages.door -> protection.models"),
    "portal/api/hidden.py": (
        "def f():\n    import portal.console",
        "portal.api.hidden -> portal.console",
    ),
    "portal/supervisor/inward.py": ("import portal.settings", "portal.supervisor.inward -> portal.settings"),
}  # fmt: skip
CONTRACTS = (
    "Imports go down: portal, then protection beside tenants, then audit, then chancery",
    "Inside protection, top to bottom",
    "The decision knows policies and people, not keys",
    "Pure rooms import no framework, database or queue, not even indirectly",
    "The client is installable without the service",
    "Doors call services and selectors, never models",
    "One door does not open another",
    "What starts the service imports none of it, so that it also starts a broken one",
)


def contracts_of(tree: Path) -> str:
    """Return the report of the import contracts over ``tree``, on one line for each import."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the report over one copy of the house that holds every violation at once."""
    tree = tmp_path_factory.mktemp("house")
    ignore: Callable[[str, list[str]], set[str]] = shutil.ignore_patterns("__pycache__")
    for house in HOUSES:
        shutil.copytree(ROOT / house, tree / house, ignore=ignore)
    for name, (line, _) in VIOLATIONS.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    return re.sub(r"[ \t]+", " ", contracts_of(tree))


def test_the_house_as_it_is_keeps_its_contracts() -> None:
    report = contracts_of(ROOT)
    assert f"{len(CONTRACTS)} kept, 0 broken" in report, report


@pytest.mark.parametrize("name", CONTRACTS)
def test_contract_can_be_broken(report: str, name: str) -> None:
    assert f"{name} BROKEN" in report, report


@pytest.mark.parametrize("path", VIOLATIONS)
def test_violation_is_named(report: str, path: str) -> None:
    assert VIOLATIONS[path][1] in report, report


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import importlib\n\nimportlib.import_module('portal')\n", "TID251"),
        ("from django.apps import apps\n\napps.get_model('protection', 'Document')\n", "TID251"),
        ("def f() -> None:\n    import json\n\n    json.dumps(1)\n", "PLC0415"),
    ],
)
def test_imports_the_contracts_cannot_see_are_refused(code: str, rule: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "--stdin-filename", "portal/x.py", "-"],
        cwd=ROOT,
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert rule in done.stdout
