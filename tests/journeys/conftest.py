"""The real product on data of its own, and people at its command line; started once for all journeys."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.people import Stack
from tests.running import free_port, up, walkable_folder


@pytest.fixture(scope="package")
def stack(data_of_a_first_start: Path) -> Iterator[Stack]:
    """Return a running installation with Contoso and Fabrikam; folders and processes are gone afterwards."""
    with walkable_folder("journeys") as folder:
        subprocess.run(["cp", "-a", data_of_a_first_start, folder / "var"], check=True)
        with up(folder / "var", free_port()) as running:
            made = Stack(running, folder / "homes")
            made.settle()
            yield made
