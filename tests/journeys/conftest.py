"""The real product on data of its own, and people at its command line; started once for all journeys."""

from collections.abc import Iterator

import pytest

from tests.journeys.people import Stack
from tests.running import free_port, up, walkable_folder


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Return a running installation with Contoso and Fabrikam; folders and processes are gone afterwards."""
    with walkable_folder("journeys") as folder, up(folder / "var", free_port()) as running:
        made = Stack(running, folder / "homes")
        made.settle()
        yield made
