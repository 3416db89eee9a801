"""The real product on data of its own, and people at its command line; started once for all journeys."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_up import free_port, up
from tests.journeys.people import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Return a running installation with Contoso and Fabrikam; folders and processes are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="chancery-journeys-"))
    folder.chmod(0o711)
    try:
        with up(folder / "var", free_port()) as running:
            made = Stack(running, folder / "homes")
            made.settle()
            yield made
    finally:
        shutil.rmtree(folder)
