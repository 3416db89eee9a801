"""No interface can forget a rule that belongs to a use case: what a use case wraps, no interface imports."""

import ast
import importlib
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.runtime.bootstrap.environment import ROOT

INTERFACES = ("web", "api", "fastpath", "management")
GUARDS = ("self_granted_access", "roles", "dangers", "losses")
"""Modules of ``portal.usecases`` that guard use cases: an interface that had to call one could forget it."""
NO_GUARDS = {("portal.usecases.roles", "NO_ROLE")}

Import = tuple[str, str]


def imports(paths: Iterable[Path]) -> Iterator[tuple[Path, Import]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    yield path, (node.module, name.name)


def is_verb(found: Import) -> bool:
    """Tell whether an import is a function of a service: a module of its own in a package ``services``."""
    module, name = found
    return ".services." in module and name[0].islower() and name in module.rpartition(".")[2] + "s"


def wrapped(folder: Path) -> set[Import]:
    """Return the verbs that use cases wrap."""
    return {found for _, found in imports((folder / "usecases").rglob("*.py")) if is_verb(found)}


def trespasses(folder: Path) -> list[str]:
    """Return each import of an interface that goes around a use case or takes a guard of one."""
    forbidden = wrapped(folder)
    return [
        f"{path.relative_to(folder)}: {module}.{name}"
        for interface in INTERFACES
        for path, (module, name) in imports(sorted((folder / interface).rglob("*.py")))
        if (module, name) in forbidden
        or (module.removeprefix("portal.usecases.") in GUARDS and (module, name) not in NO_GUARDS)
    ]


def test_interfaces_go_around_no_use_case() -> None:
    assert len(wrapped(ROOT / "portal")) > 30
    assert trespasses(ROOT / "portal") == []


@pytest.mark.parametrize(
    "line",
    [
        "from protection.services.revoke import revoke",
        "from portal.usecases.self_granted_access import guarding_self_granted_access",
    ],
)
def test_a_trespass_is_noticed(tmp_path: Path, line: str) -> None:
    for name, text in (
        ("usecases/documents.py", "from protection.services.revoke import revoke"),
        ("web/documents.py", line),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    assert trespasses(tmp_path) == [f"web/documents.py: {line.split()[1]}.{line.split()[3]}"]


def use_cases() -> list[tuple[str, Any]]:
    """Return the functions of ``portal.usecases`` that interfaces import and that say for whom they act."""
    paths = [path for name in INTERFACES for path in sorted((ROOT / "portal" / name).rglob("*.py"))]
    named = {found for _, found in imports(paths) if found[0].startswith("portal.usecases.")}
    found = (
        (f"{module}.{name}", getattr(importlib.import_module(module), name))  # noqa: TID251  # every one there is
        for module, name in sorted(named)
    )
    return [
        (name, one) for name, one in found if inspect.isfunction(one) and "caller" in inspect.signature(one).parameters
    ]


@pytest.mark.parametrize("use_case", [one for _, one in use_cases()], ids=[name for name, _ in use_cases()])
def test_a_use_case_takes_its_members_by_name(use_case: Any) -> None:
    kinds = {member.kind for member in inspect.signature(use_case).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}
