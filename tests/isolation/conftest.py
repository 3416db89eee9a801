"""The cast, with one document, one template, one group and so on of Contoso to reach for."""

import pytest

from tests.cast import Cast
from tests.isolation.endpoints import Site, furnish


@pytest.fixture(scope="module")
def site(empty_cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return Contoso with Ada, Olga and Max, and a hostile organization with Mallory."""
    empty_cast.found("contoso", "ada")
    empty_cast.join("olga", "contoso")
    empty_cast.join("max", "contoso")
    empty_cast.found("hostile", "mallory")
    return furnish(empty_cast, tmp_path_factory.mktemp("files"))
