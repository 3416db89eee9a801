"""An organization of each test's own, whose ledger it may damage."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from portal.operations.found_organization import found_organization
from tenants.context import in_organization
from tenants.organizations.selectors import OrganizationFacts
from tests.cast import ACTOR, Cast
from tests.protection.stage import stage


@pytest.fixture(scope="module")
def scene(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cast]:
    with django_db_blocker.unblock(), stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture
def ledger(scene: Cast) -> Iterator[OrganizationFacts]:
    """Return an organization of this test's own, and stand in its schema."""
    slug = f"books-{uuid4().hex[:8]}"
    made = found_organization(
        name=slug, slug=slug, administrator=f"ada@{slug}.example", mail_domain=f"{slug}.example", actor=ACTOR
    ).organization
    scene.organizations[slug] = made
    with in_organization(made.id):
        yield made


@pytest.fixture
def as_owner(ledger: OrganizationFacts) -> Callable[..., None]:
    """Return a function that changes tables as their owner, whom no grant binds."""

    def change(statement: str, *values: str | int | UUID | bytes) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    return change
