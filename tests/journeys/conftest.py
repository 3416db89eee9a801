"""The real product on data of its own, and people at its command line; started once for all journeys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import copied
from tests.journeys.people import Stack
from tests.running import free_port, up


@pytest.fixture(scope="package")
def stack(data_of_a_first_start: Path) -> Iterator[Stack]:
    """Return a running installation with Contoso and Fabrikam; folders and processes are gone afterwards."""
    with copied(data_of_a_first_start) as data, up(data, free_port()) as running:
        made = Stack(running, data.parent / "homes")
        made.settle()
        yield made
