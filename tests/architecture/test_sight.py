"""No interface reads what readers did past the rule of what the caller may know (promise C90)."""

import ast
from pathlib import Path

import pytest

from portal.runtime.bootstrap.environment import ROOT

INTERFACES = [path for name in ("web", "api", "fastpath", "words") for path in (ROOT / "portal" / name).rglob("*.py")]
PAST_THE_RULE = {"audit.selectors.events": {"events", "event"}, "protection.selectors.attempts": {"attempts_of"}}
"""What has no sight of its own; use cases bring one."""


def imported(path: Path) -> set[str]:
    """Return what a module takes from those that know no readers."""
    found = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom))
    return {name.name for node in found for name in node.names if name.name in PAST_THE_RULE.get(node.module or "", ())}


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.name)
def test_interfaces_read_what_readers_did_through_a_use_case(path: Path) -> None:
    assert imported(path) == set()


def test_the_rule_would_be_found_broken(tmp_path: Path) -> None:
    broken = tmp_path / "page.py"
    broken.write_text("from audit.selectors.events import Filter, events\n")
    assert imported(broken) == {"events"}
