"""Lists of the service: page by page they are whole, whatever stands at their edges."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

from protection.client import organization
from protection.client.cli.main import main
from protection.client.session import Session
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast, Player
from tests.protection.scene import opening, protect, refusal


def listed(player: Player, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[dict[str, object]]:
    """Return what a list command prints for programs, fetched two at a time."""
    monkeypatch.setattr(organization, "PAGE", 2)
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(player.session))
    done = CliRunner().invoke(main, ["--json", *words])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["complete"]
    ids = [one.get("id") or one.get("cid") for one in answer["results"]]
    assert len(ids) == len(set(ids)), "nothing twice"
    return list(answer["results"])


def test_every_person_is_listed_behind_applications_without_an_address(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    contoso = cast.organizations["contoso"]
    for number in range(5):
        create_application(organization_id=contoso.id, name=f"Scanner {number}", roles=[], actor=ACTOR)
    found = listed(cast.ada, monkeypatch, "person", "list")
    assert {"ada@contoso.example", "olga@contoso.example", "max@contoso.example"} <= {one["email"] for one in found}
    assert {f"Scanner {number}" for number in range(5)} <= {one["name"] for one in found}


def test_every_group_is_listed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    contoso = cast.organizations["contoso"]
    addresses = {f"list{number}@contoso.example" for number in range(5)}
    for address in addresses:
        create_group(organization_id=contoso.id, address=address, name="List", members=(), actor=ACTOR)
    assert addresses <= {one["address"] for one in listed(cast.ada, monkeypatch, "group", "list")}


def test_every_document_and_all_that_happened_to_it_is_listed(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = {str(protect(cast.olga, plan).cid) for _ in range(5)}
    assert documents <= {one["cid"] for one in listed(cast.olga, monkeypatch, "documents")}
    sealed = protect(cast.olga, plan, "max@contoso.example:VIEW", offline_days=0)
    for _ in range(4):
        opening(cast.max, sealed.path)
    assert len(listed(cast.olga, monkeypatch, "track", str(sealed.cid))) == 5


def test_every_request_for_access_is_listed(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()
    for _ in range(5):
        sealed = protect(cast.olga, plan)
        refusal(cast.max, sealed.path)
        place, cid = cast.max.session.organization_of(sealed.path)
        asked.add(place.call("POST", f"/api/v1/documents/{cid}/access-requests", {})["id"])
    assert asked <= {one["id"] for one in listed(cast.olga, monkeypatch, "requests")}
