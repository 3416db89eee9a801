"""One real installation and one Chromium for a module's tests; the installation begins with nothing in it.

They end with the module: while Playwright runs, Django takes the thread for an asynchronous one and refuses to ask the
database in it.  Tests that can share an installation are in a folder of their own, ``contoso``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import FLAGS, MISSING, PROGRAM
from tests.portal.web.visitor import Installation
from tests.running import free_port, up


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a browser, or skip where none is installed."""
    if PROGRAM is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def installation(chromium: Browser, unused_data: Path) -> Iterator[Installation]:
    """Return an installation without any organization."""
    with up(unused_data, free_port()) as running:
        yield Installation(f"http://localhost:{running.port}", chromium, unused_data.parent)
