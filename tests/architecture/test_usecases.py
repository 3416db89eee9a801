"""No interface can forget a rule that belongs to a use case: what a use case wraps, no interface imports."""

import ast
import importlib
import inspect
import typing
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from portal.runtime.bootstrap.environment import ROOT
from portal.usecases.caller import Caller
from portal.usecases.effects import Effect

INTERFACES = ("web", "api", "fastpath", "management")
GUARDS = ("self_granted_access", "roles", "consequences", "losses")
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


def names_of_use_cases(folder: Path) -> set[str]:
    """Return the names of the public functions of ``portal.usecases``: a service of that name is for them alone."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (folder / "usecases").rglob("*.py"))
    functions = (node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef))
    return {node.name for node in functions if not node.name.startswith("_")}


def trespasses(folder: Path) -> list[str]:
    """Return each import of an interface that goes around a use case or takes a guard of one."""
    forbidden, names = wrapped(folder), names_of_use_cases(folder)
    return [
        f"{path.relative_to(folder)}: {module}.{name}"
        for interface in INTERFACES
        for path, (module, name) in imports(sorted((folder / interface).rglob("*.py")))
        if (module, name) in forbidden
        or (".services." in module and name in names)
        or (module.removeprefix("portal.usecases.") in GUARDS and (module, name) not in NO_GUARDS)
    ]


def test_interfaces_go_around_no_use_case() -> None:
    assert len(wrapped(ROOT / "portal")) > 30
    assert trespasses(ROOT / "portal") == []


@pytest.mark.parametrize(
    "line",
    [
        "from protection.services.revoke import revoke",
        "from protection.services.save_label import create_label",
        "from portal.usecases.self_granted_access import guarding_self_granted_access",
    ],
)
def test_a_trespass_is_noticed(tmp_path: Path, line: str) -> None:
    for name, text in (
        ("usecases/documents.py", "from protection.services.revoke import revoke"),
        ("usecases/labels.py", "def create_label(): ..."),
        ("web/documents.py", line),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert trespasses(tmp_path) == [f"web/documents.py: {line.split()[1]}.{line.split()[3]}"]


HELPERS = {
    "caller.caller_at", "effects.effect", "effects.effect_answer", "effects.together",
    "embedded_sign_in.person_named", "embedded_sign_in.require_embedded",
    "operators.installed", "operators.operator_here", "previews.drafts.template_of_change", "previews.save.has_moved",
    "recipients.who_took",
}  # fmt: skip
"""What interfaces import beside use cases: who asks, and what renders or reads what use cases return."""
NOTHING_TO_SAY = {
    "organizations.erase_organization",
    "personal_data.personal_data_read",
    "refused_calls.call_refused",
    "refused_calls.protecting_refused",
    "revocations.suspend_organization",
}


@cache
def use_cases() -> dict[str, Any]:
    """Return the functions of ``portal.usecases`` that interfaces import, but helpers, by module and name."""
    paths = [path for name in INTERFACES for path in sorted((ROOT / "portal" / name).rglob("*.py"))]
    named = {found for _, found in imports(paths) if found[0].startswith("portal.usecases.")}
    functions = {
        f"{module.removeprefix('portal.usecases.')}.{name}": getattr(importlib.import_module(module), name)  # noqa: TID251  # every one there is
        for module, name in sorted(named)
    }
    return {
        name: inspect.unwrap(one)
        for name, one in functions.items()
        if inspect.isfunction(one) and not name.startswith(("confirmation.", "permissions.")) and name not in HELPERS
    }


def flaws(use_case: Any) -> list[str]:
    """Return how a function is no use case: by its parameters, and by what it returns."""
    parameters, found = inspect.signature(use_case).parameters, []
    if {one.kind for one in parameters.values()} != {inspect.Parameter.KEYWORD_ONLY}:
        found.append("takes members by place")
    # Where nobody speaks to an organization, at the base domain and in commands, there is no Caller.
    if not {"caller", "actor"} & set(parameters):
        found.append("does not say for whom it acts")
    returned = typing.get_type_hints(use_case)["return"]
    made = getattr(returned, "__dataclass_params__", None)
    if made is None or not made.frozen:
        found.append(f"returns {returned}")
    return found


@pytest.mark.parametrize("name", use_cases())
def test_a_use_case_names_its_caller_and_returns_a_frozen_dataclass(name: str) -> None:
    nothing = ["returns <class 'NoneType'>"] if name in NOTHING_TO_SAY else []
    assert flaws(use_cases()[name]) == nothing


def test_other_functions_are_noticed() -> None:
    def by_place(caller: Caller) -> Effect:
        raise NotImplementedError

    def unnamed(*, cid: UUID) -> Effect:
        raise NotImplementedError

    def pair(*, caller: Caller) -> tuple[Effect, UUID]:
        raise NotImplementedError

    assert flaws(by_place) == ["takes members by place"]
    assert flaws(unnamed) == ["does not say for whom it acts"]
    assert flaws(pair) == [f"returns {tuple[Effect, UUID]}"]


def test_no_helper_is_listed_in_vain() -> None:
    """A name that no interface imports any more would let a new function of that name pass."""
    named = {
        f"{module.removeprefix('portal.usecases.')}.{name}"
        for interface in INTERFACES
        for _, (module, name) in imports(sorted((ROOT / "portal" / interface).rglob("*.py")))
    }
    assert named >= HELPERS | NOTHING_TO_SAY
