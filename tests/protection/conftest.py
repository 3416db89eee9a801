"""The cast on a real database, with the fast path's own connections: made once for a module, gone at its end.

Tests of one module share the people and their organizations, and each protects documents of its own.  A test that
changes an organization itself founds one for that.
"""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from audit.services import hourly_count
from chancery.cli.main import main
from chancery.sdk import clock as client_clock
from chancery.sdk import organization, trust
from chancery.sdk.session import Session
from portal import throttle
from tests.cast import Cast, Player
from tests.protection.steps import Later


@pytest.fixture(scope="module")
def cast(empty_cast: Cast) -> Cast:
    """Return the whole cast, everybody signed in."""
    empty_cast.found("contoso", "ada")
    empty_cast.join("olga", "contoso")
    empty_cast.join("max", "contoso")
    empty_cast.found("fabrikam", "rita")
    empty_cast.awaits("hostile", "mallory")
    return empty_cast


@pytest.fixture(autouse=True)
def _quiet_before() -> None:
    """Let each test begin with whole limits: everybody here comes from one address."""
    throttle.forget()
    hourly_count.forget()


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Return a file to protect."""
    path = tmp_path / "plan.txt"
    path.write_bytes(b"the plan" * 1000)
    return path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Later:
    later = Later()
    for module in (client_clock, organization, trust):
        monkeypatch.setattr(module, "time", later)
    return later


@pytest.fixture
def chancery(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the command as Olga, or as another player."""

    def run(*words: object, who: Player | None = None, given: bytes = b"") -> Result:
        session = (who or cast.olga).session
        monkeypatch.setattr(Session, "open", lambda **_: nullcontext(session))
        return CliRunner().invoke(main, [str(word) for word in words], input=given)

    return run
