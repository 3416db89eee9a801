"""A copy of the cast for each test, which may damage the ledger of Contoso in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tenants.context import in_organization
from tenants.organizations.selectors import OrganizationFacts
from tests.cast import Cast
from tests.fresh_cast import WholeCast


@pytest.fixture
def cast(whole_cast: WholeCast, django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Iterator[Cast]:
    """Return a cast of this test's own."""
    with django_db_blocker.unblock(), whole_cast.copied(tmp_path / "cast") as made:
        yield made


@pytest.fixture
def ledger(cast: Cast) -> Iterator[OrganizationFacts]:
    """Return Contoso, and use its schema."""
    contoso = cast.organizations["contoso"]
    with in_organization(contoso.id):
        yield contoso


@pytest.fixture
def as_owner(ledger: OrganizationFacts) -> Callable[..., None]:
    """Return a function that changes tables as their owner, whom no grant binds."""

    def change(statement: str, *values: str | int | UUID | bytes) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    return change


@pytest.fixture(scope="module")
def ledger_of_words(
    whole_cast: WholeCast, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OrganizationFacts]:
    """Return an organization of a whole module, in whose schema names of templates and labels are looked up."""
    with django_db_blocker.unblock(), whole_cast.copied(tmp_path_factory.mktemp("cast")) as made:
        contoso = made.organizations["contoso"]
        with in_organization(contoso.id):
            yield contoso
