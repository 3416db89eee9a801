"""What tests with the cast need beside it: files to protect, another time of day, whole limits.

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
