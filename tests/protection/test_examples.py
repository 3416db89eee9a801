"""The examples of docstrings run as they are written."""

import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import chancery
from chancery.sdk import session
from tests.cast import Cast
from tests.protection.steps import rights


def example(module: ModuleType) -> str:
    """Return the indented lines of a module's docstring."""
    assert module.__doc__ is not None
    lines = [line for line in module.__doc__.splitlines() if not line or line.startswith("    ")]
    return textwrap.dedent("\n".join(lines)).strip() + "\n"


@pytest.mark.parametrize("module", [chancery, session], ids=lambda module: module.__name__)
def test_the_example_runs(module: ModuleType, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Olga is signed in on this device; ``Session.open`` would look for her sign-in in the home folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.7 the plan")
    olga = cast.olga.session
    monkeypatch.setattr(session.Session, "open", lambda: session.Session(olga.home, olga.account, cast.olga.http))
    names: dict[str, Any] = {}
    code = example(module)
    assert "from chancery import ProtectOptions, Session" in code
    exec(compile(code, module.__name__, "exec"), names)  # this is what the test is about
    assert "VIEW" in rights(cast.rita, tmp_path / "plan.pdf.sealed")
    if (tmp_path / "copy.pdf").exists():
        assert (tmp_path / "copy.pdf").read_bytes() == b"%PDF-1.7 the plan"
