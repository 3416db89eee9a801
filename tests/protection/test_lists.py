"""Lists of the service: page by page they are whole, whatever is at their edges."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from click.testing import CliRunner

from chancery.cli.main import main
from chancery.sdk import organization
from chancery.sdk.session import Session
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, opening, protect, refusal


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


@pytest.mark.parametrize(
    ("words", "sort"),
    [
        (("person", "list"), "name"),
        (("person", "list"), "since"),
        (("person", "list"), "email"),
        (("group", "list"), "name"),
        (("group", "list"), "address"),
        (("audit",), "at"),
    ],
)
def test_a_sorted_list_is_whole_and_in_order_page_by_page(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sort: str
) -> None:
    contoso = cast.organizations["contoso"].id
    for number in range(5):
        address = f"board{number}{uuid4().hex[:8]}@contoso.example"
        create_group(organization_id=contoso, address=address, name=f"Board {number % 2}", members=(), actor=ACTOR)
    up = [one[sort] for one in listed(cast.ada, monkeypatch, *words, "--sort", sort)]
    assert up == sorted(up, key=str)
    assert [one[sort] for one in listed(cast.ada, monkeypatch, *words, "--sort", f"-{sort}")][-len(up) :] == up[::-1]


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


def test_the_first_page_of_a_list_says_how_many_there_are(cast: Cast, plan: Path) -> None:
    contoso = cast.organizations["contoso"]
    for number in range(3):
        protect(cast.olga, plan)
        create_group(
            organization_id=contoso.id, address=f"counted{number}@contoso.example", name="C", members=(), actor=ACTOR
        )

    def listed_at(path: str) -> dict[str, Any]:
        found: dict[str, Any] = call(cast.ada, "contoso", "GET", path).json()
        return found

    for path in (
        "people?",
        "groups?",
        "documents?scope=all&",
        "groups?search=counted&",
        "documents?scope=all&search=plan&",
    ):
        whole = listed_at(f"{path}limit=200")
        assert whole["total"] == len(whole["results"])
        first = listed_at(f"{path}limit=1")
        assert (len(first["results"]), first["total"]) == (1, whole["total"])
        if first["next"]:
            assert "total" not in listed_at(f"{path}limit=1&cursor={quote(first['next'])}"), "only with the first page"
    assert listed_at("groups?search=counted&limit=1")["total"] == 3


def test_those_who_may_never_open_it_are_shown_in_parts(cast: Cast, plan: Path) -> None:
    names = [f"never{number:03}@fabrikam.example" for number in range(60)]
    sealed = protect(cast.olga, plan, "max@contoso.example:VIEW", deny=tuple(names))
    olga = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)

    def shown(query: str) -> str:
        page = olga.get(f"/documents/{sealed.cid}/{query}").content.decode()
        return page.partition('id="denied"')[2].partition("</nav>")[0]

    first = shown("")
    assert names[0] in first
    assert names[24] in first
    assert names[25] not in first
    assert "(1 to 25 of 60)" in first
    assert 'href="?denied=25#denied"' in first
    last = shown("?denied=50")
    assert names[59] in last
    assert "Next" not in last
    assert names[0] in shown("?denied=99999"), "beyond the end it begins anew"
