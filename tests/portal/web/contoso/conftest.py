"""One installation for all tests of this folder: Contoso with Ada and Olga, Fabrikam with Rita.

Each test brings documents, templates and further people of its own, and leaves the accounts of these three as they are.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from chancery.sdk.session import Session
from tests.conftest import copied
from tests.portal.web.conftest import browser
from tests.portal.web.visitor import Installation, Visitor
from tests.running import free_port, up


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="package")
def installation(chromium: Browser, data_of_a_first_start: Path) -> Iterator[Installation]:
    with copied(data_of_a_first_start) as data, up(data, free_port()) as running:
        yield Installation(f"http://localhost:{running.port}", chromium, data.parent)


@pytest.fixture(scope="package")
def contoso(installation: Installation) -> str:
    """Return the address of Contoso's pages."""
    return installation.origin("contoso")


@pytest.fixture(scope="package")
def ada(installation: Installation) -> Visitor:
    """Return Contoso's administrator."""
    return installation.ada


@pytest.fixture(scope="package")
def olga(installation: Installation) -> Visitor:
    """Return Contoso's member, added by its administrator and signed in, without scripts."""
    installation.add_person("olga@contoso.example", "Olga Orlov")
    olga = installation.visitor(scripts=False)
    olga.arrive("olga@contoso.example")
    return olga


@pytest.fixture(scope="module")
def owner(olga: Visitor, _visits: None) -> Iterator[Session]:
    """Return Olga's device."""
    with olga.device("olga") as device:
        yield device


@pytest.fixture(scope="package")
def jonas(installation: Installation) -> str:
    """Return the address of a colleague of Olga's, who was added."""
    installation.add_person("jonas@contoso.example", "Jonas Jansen")
    return "jonas@contoso.example"


@pytest.fixture(scope="module")
def reader(installation: Installation, jonas: str) -> Visitor:
    """Return Jonas in a fresh browser, which runs scripts and is not a device yet."""
    visitor = installation.visitor()
    visitor.arrive(jonas)
    return visitor


@pytest.fixture(scope="module", autouse=True)
def _visits(installation: Installation, ada: Visitor, olga: Visitor) -> Iterator[None]:
    """Let a module begin with recent sign-ins, and close what it has opened beside the browsers of these three.

    Pages that stay go on painting and asking.
    """
    for visitor in (ada, olga):
        visitor.stay_recent()
    before = installation.contexts()
    yield
    installation.close(installation.contexts() - before)
