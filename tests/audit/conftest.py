"""An organization of each test's own, whose ledger it may damage."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from django.db import connection

from portal.usecases.organizations import create_organization
from tenants.context import in_organization
from tenants.organizations.selectors import OrganizationFacts
from tests.cast import ACTOR, Cast


@pytest.fixture
def ledger(empty_cast: Cast) -> Iterator[OrganizationFacts]:
    """Return an organization of this test's own, and use its schema."""
    slug = f"books-{uuid4().hex[:8]}"
    made = create_organization(
        name=slug, slug=slug, administrator=f"ada@{slug}.example", mail_domain=f"{slug}.example", actor=ACTOR
    ).organization
    empty_cast.organizations[slug] = made
    with in_organization(made.id):
        yield made


@pytest.fixture
def as_owner(ledger: OrganizationFacts) -> Callable[..., None]:
    """Return a function that changes tables as their owner, whom no grant binds."""

    def change(statement: str, *values: str | int | UUID | bytes) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    return change


@pytest.fixture(scope="module")
def ledger_of_words(empty_cast: Cast) -> Iterator[OrganizationFacts]:
    """Return an organization of a whole module, in whose schema names of templates and labels are looked up."""
    slug = f"words-{uuid4().hex[:8]}"
    made = create_organization(
        name=slug, slug=slug, administrator=f"ada@{slug}.example", mail_domain=f"{slug}.example", actor=ACTOR
    ).organization
    with in_organization(made.id):
        yield made
