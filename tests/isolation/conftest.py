"""The cast, with one document, one template, one group and so on of Contoso to reach for."""

import pytest

from tests.cast import Cast
from tests.isolation.endpoints import Site, furnish


@pytest.fixture(scope="module")
def site(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return Contoso with Ada, Olga and Max, and Mallory of a hostile organization."""
    return furnish(cast, tmp_path_factory.mktemp("files"))
