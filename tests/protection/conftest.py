"""The cast on a real database, with the fast path's own connections: made once for a module, gone at its end.

Tests of one module share the people and their organizations, and each protects documents of its own.  A test that
changes an organization itself founds one for that.
"""

from pathlib import Path

import pytest

from audit.services import hourly_count
from chancery.sdk import clock as client_clock
from chancery.sdk import organization, trust
from portal import throttle
from tests.cast import Cast
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
