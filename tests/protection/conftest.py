"""What tests with the cast need beside it: files to protect, another time of day, whole limits.

Tests of one module share the people and their organizations, and each protects documents of its own.  A test that
changes an organization itself founds one for that.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.core import mail

from audit.services import hourly_count
from chancery.cli.main import main
from chancery.sdk import clock as client_clock
from chancery.sdk import organization, trust
from chancery.sdk.session import Session
from portal import throttle
from tests.cast import Cast, Player
from tests.protection.glass import SETTINGS
from tests.protection.steps import Later, confirmed


@pytest.fixture(autouse=True)
def _quiet_before() -> None:
    """Let each test begin with whole limits: everybody here comes from one address."""
    throttle.forget()
    hourly_count.forget()


@pytest.fixture(scope="module")
def glass(cast: Cast) -> Iterator[Cast]:
    """Return the cast with an organization of two administrators, an auditor, two members and a super user."""
    cast.found("glass", "gwen")
    cast.join("hugo", "glass", role="global_administrator")
    cast.join("iris", "glass", role="auditor")
    for name in ("paul", "quin", "sue"):
        cast.join(name, "glass")
    yield cast
    mail.outbox.clear()


@pytest.fixture(scope="module")
def on(glass: Cast) -> Cast:
    """Return the same with super users switched on, and one who may ask."""
    assert confirmed(glass.gwen, "glass", "PATCH", SETTINGS, {"on": True}).status_code == 200
    assert (
        confirmed(glass.gwen, "glass", "POST", f"{SETTINGS}/people", {"address": glass.sue.address}).status_code == 200
    )
    return glass


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
