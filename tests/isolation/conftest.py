"""The cast, with one document, one template, one group and so on of Contoso to reach for."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.isolation.visitors import Premises, furnish
from tests.protection.stage import stage


@pytest.fixture(scope="module")
def premises(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Premises]:
    """Return Contoso with Ada, Olga and Max, and a hostile organization with Mallory."""
    with django_db_blocker.unblock(), stage(tmp_path_factory.mktemp("stage")) as cast:
        cast.found("contoso", "ada")
        cast.join("olga", "contoso")
        cast.join("max", "contoso")
        cast.found("hostile", "mallory")
        yield furnish(cast, tmp_path_factory.mktemp("files"))
