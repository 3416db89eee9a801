"""No file and no function of the product is longer than a reader keeps in mind."""

import ast

from portal.runtime.bootstrap.environment import ROOT
from tests.architecture.test_contracts import PACKAGES

LINES_OF_A_FILE, LINES_OF_A_FUNCTION = 400, 50


def test_files_and_functions_are_short() -> None:
    long = []
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        name, source = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        if "/migrations/" in name:
            continue
        if source.count("\n") > LINES_OF_A_FILE:
            long.append(name)
        functions = (
            node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (node.end_lineno or 0) - node.lineno >= LINES_OF_A_FUNCTION
        )
        long += [f"{name}: {function.name}" for function in functions]
    assert long == []
