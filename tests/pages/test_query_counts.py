"""Lists cost the same number of queries however long they are."""

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protection.client.session import Wish
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast
from tests.isolation.visitors import Premises

# The pinned numbers include the session, the person and the organization.  The one statement that reads the person's
# standing goes past Django's count, as it does on the licensing lane.
PINNED = {
    "/": 11,
    "/documents/": 5,
    "/documents/?scope=all": 5,
    "/requests/": 4,
    "/templates/": 4,
    "/people/": 7,
    "/keys/": 4,
    "/audit/": 6,
}


@pytest.fixture(scope="module")
def counts(empty_cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    """Return how many queries each page takes with 3 of everything and with 30."""
    empty_cast.found("contoso", "ada")
    folder = tmp_path_factory.mktemp("files")
    _grow(empty_cast, folder, range(3))
    few = {path: _queries(empty_cast, path) for path in PINNED}
    _grow(empty_cast, folder, range(3, 30))
    return {path: (few[path], _queries(empty_cast, path)) for path in PINNED}


@pytest.mark.parametrize("path", PINNED)
def test_a_list_takes_the_same_number_of_queries(counts: dict[str, tuple[int, int]], path: str) -> None:
    assert counts[path] == (PINNED[path], PINNED[path])


def _grow(cast: Cast, folder: Path, numbers: range) -> None:
    """Add a document and a group for each number."""
    for number in numbers:
        file = folder / f"{number}.txt"
        file.write_text("text", encoding="utf-8")
        cast.ada.session.protect(file, Wish(grants=(f"reader{number}@contoso.example:VIEW",)))
        create_group(
            organization_id=cast.organizations["contoso"].id,
            address=f"group{number}@contoso.example",
            name=f"Group {number}",
            members=(),
            actor=ACTOR,
        )


def _queries(cast: Cast, path: str) -> int:
    browser = Premises(cast, {}).browser("contoso.localhost:8000", cast.ada)
    browser.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(path).status_code == 200
    return len(queries)
