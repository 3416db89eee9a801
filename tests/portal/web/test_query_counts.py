"""Lists cost the same number of queries however long they are."""

from copy import copy
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chancery.policy.policy import Grant, Policy, Principal
from chancery.policy.rights import LEVELS
from chancery.sdk.options import ProtectOptions
from protection.actor import Actor
from protection.models import ProtectionTemplate, TemplateVersion
from protection.services.create_template import create_template
from protection.services.publish_template import publish_template
from protection.services.template_draft import TemplateDraft
from tenants.context import in_organization
from tenants.directory.services.create_group import create_group
from tenants.organizations.selectors import forget_hosts
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Site
from tests.portal.web.inspection import MOST_BYTES

# The pinned numbers include the session, the person and the organization.  The one statement that reads the person's
# standing goes past Django's count, as it does on the fast path.
PINNED = {
    "/": 26,
    "/documents/": 12,
    "/documents/?scope=all": 10,
    "/requests/": 7,
    "/templates/": 7,
    "/people/": 11,
    "/keys/": 7,
    "/audit/": 10,
}


MANY = 600
"""Templates of one organization: more than the model system allows (promise C45)."""


def test_six_hundred_templates_cost_what_five_do(counts: dict[str, tuple[int, int]], cast: Cast) -> None:
    paths = ("/templates/", "/templates/?search=number+599", "/templates/?page=2", "/templates/deleted/")
    few = [_queries(cast, path) for path in paths]
    ada = Actor(person=cast.ada.id, address=cast.ada.address, source="test")
    with in_organization(cast.organizations["contoso"].id):
        grants = (Grant(Principal.parse("reader@contoso.example"), LEVELS["viewer"]),)
        draft = TemplateDraft(names={"en": "Number 0"}, policy=Policy(grants=grants))
        made = create_template(actor=ada, draft=draft)
        publish_template(actor=ada, template=made)
        _multiply(made, MANY)
    _queries(cast, paths[0])  # What is remembered for seconds has been forgotten over the making.
    assert [_queries(cast, path) for path in paths] == few
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    listed = browser.get("/templates/")
    assert len(listed.content) < MOST_BYTES
    assert "Page 1 of 26" in listed.content.decode()
    assert "Number 599" in browser.get("/templates/?search=number+599").content.decode()
    offered = cast.ada.session.own_organization().offered(newest=True).results
    assert len({one["id"] for one in offered}) == MANY + 2


def _multiply(template: UUID, number: int) -> None:
    """Make rows like those of a template, as a dump holds them: six hundred made one by one take ten seconds."""
    row, version = ProtectionTemplate.objects.get(id=template), TemplateVersion.objects.get(template_id=template)
    rows = [copy(row) for _ in range(1, number)]
    for one in rows:
        one.pk = uuid4()
    versions = [copy(version) for _ in rows]
    for place, (its, of) in enumerate(zip(versions, rows, strict=True), start=1):
        its.pk, its.template_id, its.names = None, of.pk, {"en": f"Number {place}"}
    ProtectionTemplate.objects.bulk_create(rows)
    TemplateVersion.objects.bulk_create(versions)


@pytest.fixture(scope="module")
def counts(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    """Return how many queries each page takes with 3 of everything and with 30."""
    folder = tmp_path_factory.mktemp("files")
    _grow(cast, folder, range(3))
    few = {path: _queries(cast, path) for path in PINNED}
    _grow(cast, folder, range(3, 30))
    return {path: (few[path], _queries(cast, path)) for path in PINNED}


@pytest.mark.parametrize("path", PINNED)
def test_a_list_takes_the_same_number_of_queries(counts: dict[str, tuple[int, int]], path: str) -> None:
    assert counts[path] == (PINNED[path], PINNED[path])


def _grow(cast: Cast, folder: Path, numbers: range) -> None:
    """Add a document and a group for each number."""
    for number in numbers:
        file = folder / f"{number}.txt"
        file.write_text("text", encoding="utf-8")
        cast.ada.session.protect(file, ProtectOptions(grants=(f"reader{number}@contoso.example:VIEW",)))
        create_group(
            organization_id=cast.organizations["contoso"].id,
            address=f"group{number}@contoso.example",
            name=f"Group {number}",
            members=(),
            actor=ACTOR,
        )


def _queries(cast: Cast, path: str) -> int:
    """Count the queries of a second look, which begins before the first one's memory of the host has run out."""
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    forget_hosts()
    browser.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(path).status_code == 200
    return len(queries)
