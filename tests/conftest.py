"""What every test gets."""

from collections.abc import Iterator

import pytest

from portal.supervisor.embedded import Services, throw_away_services


@pytest.fixture
def crash_services() -> Iterator[Services]:
    """Return a PostgreSQL and a Valkey of one's own, with full durability, to be killed at will."""
    with throw_away_services(hasty=False) as services:
        yield services
