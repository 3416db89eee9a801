"""Each import contract catches what it is there for: a contract that cannot fail protects nothing."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.runtime.bootstrap.environment import ROOT

PACKAGES = ("portal", "protection", "tenants", "audit", "chancery")

# Violations, each with the line it adds to a module and the words the report must contain.
VIOLATIONS = {
    "chancery/ledger/upward.py": ("import audit.statements", "chancery.ledger.upward -> audit.statements"),
    "audit/upward.py": ("import protection.actor", "audit.upward -> protection.actor"),
    "tenants/sideways.py": ("import protection.actor", "tenants.sideways -> protection.actor"),
    "protection/services/sideways.py": (
        "import tenants.naming",
        "protection.services.sideways -> tenants.naming",
    ),
    "protection/services/upward.py": ("import portal.version", "protection.services.upward -> portal.version"),
    "protection/keys/upward.py": ("import protection.services", "protection.keys.upward -> protection.services"),
    "protection/models/client.py": ("import chancery.sdk", "protection.models.client -> chancery.sdk"),
    "chancery/crypto/upward.py": ("from chancery.policy import *", "chancery.crypto.upward -> chancery.policy"),
    "chancery/policy/subject.py": ("import chancery.crypto", "chancery.policy.subject -> chancery.crypto"),
    "chancery/objects/upward.py": ("import chancery.sealing", "chancery.objects.upward -> chancery.sealing"),
    "chancery/crypto/framework.py": ("import django", "chancery.crypto.framework -> django"),
    "chancery/ledger/indirect.py": ("import chancery.ledger.second", "chancery.ledger.second -> psycopg"),
    "chancery/ledger/second.py": ("import psycopg", "chancery.ledger.second -> psycopg"),
    "chancery/sdk/audits.py": ("import audit.models", "chancery.sdk.audits -> audit.models"),
    "chancery/attic/__init__.py": ("", "attic"),
    "protection/attic/__init__.py": ("", "attic"),
    "portal/web/models.py": ("import protection.models", "portal.web.models -> protection.models"),
    "portal/ldap/framework.py": ("import tenants.naming", "portal.ldap.framework -> tenants.naming"),
    "portal/api/hidden.py": ("def f():\n    import portal.web", "portal.api.hidden -> portal.web"),
    "portal/runtime/supervisor/inward.py": (
        "import portal.settings",
        "portal.runtime.supervisor.inward -> portal.settings",
    ),
}
CONTRACTS = tuple(
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
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
    """Return the report over one copy of the product that holds every violation at once."""
    tree = tmp_path_factory.mktemp("tree")
    ignore: Callable[[str, list[str]], set[str]] = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=ignore)
    for name, (line, _) in VIOLATIONS.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    return re.sub(r"[ \t]+", " ", contracts_of(tree))


def test_the_product_keeps_its_contracts() -> None:
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
