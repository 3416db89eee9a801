"""A person disabled by their own organization is nobody at any interface; no other organization can do that."""

from pathlib import Path
from uuid import UUID

import pytest

from chancery.sdk.errors import Refused
from protection.models import Content
from tenants.context import in_schema
from tenants.directory.services.create_person import create_person
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.enable_person import enable_person
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Endpoint, Site, furnish

LIST = Endpoint("organization", "documents/", "GET")
PAGE = Endpoint("organization", "documents/<uuid:cid>/", "GET")
REVOKE = Endpoint("organization", "documents/<uuid:cid>/revoke/", "POST")
API_LIST = Endpoint("organization", "api/v1/documents", "GET")
API_ONE = Endpoint("organization", "api/v1/documents/<uuid:cid>", "GET")


@pytest.fixture(scope="module")
def site(empty_cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return Contoso with a document that Rita owns: she is of Fabrikam and has no place at Contoso."""
    empty_cast.found("contoso", "ada")
    empty_cast.join("olga", "contoso")
    empty_cast.join("max", "contoso")
    empty_cast.found("fabrikam", "fred")
    empty_cast.join("rita", "fabrikam")
    empty_cast.found("hostile", "mallory")
    made = furnish(empty_cast, tmp_path_factory.mktemp("files"))
    with in_schema(empty_cast.organizations["contoso"].schema_name):
        Content.objects.filter(cid=made.objects["cid"]).update(owner_id=empty_cast.rita.id)
    return made


def answers(site: Site) -> tuple[int, ...]:
    """Return what Rita is answered at Contoso's interfaces as the owner of a document."""
    rita = site.cast.rita
    return tuple(site.request(endpoint, rita).status_code for endpoint in (LIST, PAGE, API_LIST, API_ONE))


def of(site: Site, slug: str) -> UUID:
    """Return an organization's id."""
    return site.cast.organizations[slug].id


def test_another_organization_cannot_lock_her_out(site: Site) -> None:
    """Mallory enters Rita's address in Mallory's organization and disables it there."""
    rita, hostile = site.cast.rita, of(site, "hostile")
    create_person(organization_id=hostile, address=rita.address, actor=ACTOR)
    disable_person(organization_id=hostile, person_id=rita.id, reason="spite", actor=ACTOR)
    assert answers(site) == (200, 200, 200, 200)


def test_disabled_at_home_is_disabled_everywhere(site: Site, tmp_path: Path) -> None:
    cast, fabrikam = site.cast, of(site, "fabrikam")
    rita = cast.rita
    disable_person(organization_id=fabrikam, person_id=rita.id, reason="left", actor=ACTOR)
    assert site.request(API_LIST, rita).status_code == 401, "her tokens have ended"
    # She can prove her mailbox again, and is signed in again; she is still nobody.
    again = Site(cast, site.objects)
    statuses = tuple(again.request(endpoint, rita).status_code for endpoint in (LIST, PAGE, REVOKE))
    assert statuses == (404, 404, 404)
    with pytest.raises(Refused, match="disabled by your organization"):
        cast.enroll("rita", rita.id, rita.address)
    enable_person(organization_id=fabrikam, person_id=rita.id, actor=ACTOR)
    cast.enroll("rita", rita.id, rita.address)
    assert answers(again) == (200, 200, 200, 200)
