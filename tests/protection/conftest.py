"""The cast on a real database, with the lane's own connections; whatever was made is gone after each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache

from portal.api import throttle
from portal.api.lane.pool import pool
from portal.identity import proof, tokens
from protection.keys import issuing, wrapping
from tenants.organizations import hosts
from tests.cast import Cast


@pytest.fixture
def cast(transactional_db: None, tmp_path: Path, settings: object) -> Iterator[Cast]:
    """Return the whole cast, everybody signed in."""
    settings.CHANCERY_KEYRING = tmp_path / "keyring"  # type: ignore[attr-defined]
    _forget()
    made = Cast(tmp_path / "homes")
    made.found("contoso", "ada")
    made.join("olga", "contoso")
    made.join("max", "contoso")
    made.found("fabrikam", "rita")
    made.found("hostile", "mallory")
    yield made
    _forget()


def _forget() -> None:
    """Forget what a process keeps for seconds; a test's rows are gone sooner."""
    hosts.forget()
    tokens.forget()
    proof.forget()
    throttle.forget()
    issuing.forget_all()
    wrapping.forget_all()
    cache.clear()
    if pool.cache_info().currsize:
        pool().close()
        pool.cache_clear()
