"""The cast on a real database, with the lane's own connections: made once for a module, gone at its end.

Tests of one module share the people and their organizations, and each protects documents of its own.  A test that
changes an organization itself founds one for that.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from portal.api import throttle
from tests.cast import Cast
from tests.protection.stage import stage


@pytest.fixture(scope="module")
def cast(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cast]:
    """Return the whole cast, everybody signed in."""
    with django_db_blocker.unblock(), stage(tmp_path_factory.mktemp("stage")) as made:
        made.found("contoso", "ada")
        made.join("olga", "contoso")
        made.join("max", "contoso")
        made.found("fabrikam", "rita")
        made.found("hostile", "mallory")
        yield made


@pytest.fixture(autouse=True)
def _quiet_before() -> None:
    """Let each test begin with whole limits: everybody here comes from one address."""
    throttle.forget()


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Return a file to protect."""
    path = tmp_path / "plan.txt"
    path.write_bytes(b"the plan" * 1000)
    return path
