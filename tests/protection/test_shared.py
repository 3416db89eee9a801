"""Shared with me: what others licensed to a person, over all organizations, and nothing else."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chancery.cli.main import main
from chancery.policy.policy import Strength
from chancery.sdk import session
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from portal.usecases.shared import shared_with
from protection.models import FirstOpening
from tenants.actor import Actor
from tenants.context import in_organization, in_public
from tenants.directory.models import LicensedAt
from tenants.directory.services.create_person import create_person
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.prove_address import prove_address
from tests.cast import ACTOR, BASE, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.outsider import license_of
from tests.protection.steps import call, confirmed, opening, problem, protect, send

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_minutes = count()


@pytest.fixture
def reader(cast: Cast, request: pytest.FixtureRequest) -> Player:
    """Return a person of no organization who has opened nothing yet."""
    name = request.node.name.removeprefix("test_")[:30].replace("[", "").rstrip("_")
    contoso = cast.organizations["contoso"].id
    with in_public():
        facts = create_person(organization_id=contoso, address=f"{name}@reader.example", guest=True, actor=ACTOR)
        prove_address(person_id=facts.id, address=facts.email, actor=ACTOR)
    return cast.enroll(name, facts.id, facts.email)


def shared(reader: Player, query: str = "") -> dict[str, Any]:
    answer = send(reader, BASE, "GET", f"/api/v1/shared{query}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = json.loads(answer.content)
    return found


def given(
    owner: Player, plan: Path, reader: Player, title: str = "plan.txt", rights: str = "VIEW", **more: Any
) -> Protected:
    """Protect a file under a name, and let the reader open it, a minute after the one before."""
    source = plan.with_name(title)
    source.write_bytes(b"text")
    made = protect(owner, source, f"{reader.address}:{rights}", **more)
    opening(reader, made.path)
    with in_organization(license_of(made.path).org):
        FirstOpening.objects.filter(content_id=made.cid).update(at=LONG_AGO + timedelta(minutes=next(_minutes)))
    return made


def test_what_was_opened_is_listed_over_all_organizations(cast: Cast, plan: Path, reader: Player) -> None:
    first = given(cast.olga, plan, reader, "first.txt", expires=4_000_000_000)
    second = given(cast.rita, plan, reader, "second.txt", "VIEW,PRINT")
    protect(cast.olga, plan, f"{reader.address}:VIEW")  # Never opened: it may not be theirs to know of.
    found = shared(reader)["results"]
    assert [one["cid"] for one in found] == [str(second.cid), str(first.cid)]
    assert [one["organization"]["name"] for one in found] == ["Fabrikam", "Contoso"]
    assert [one["owner"] for one in found] == [cast.rita.address, cast.olga.address]
    assert found[0]["rights"] == ["VIEW", "PRINT"]
    assert (found[0]["until"], found[1]["until"]) == (None, "2096-10-02T07:06:40Z")
    assert found[0]["title"].endswith("second.txt")
    assert found[0]["last_opened"] >= found[0]["first_opened"]
    assert found[1]["page"] == f"http://contoso.localhost:8000/documents/{first.cid}/access/"


def test_pages_of_several_organizations_are_one_list_in_each_order(cast: Cast, plan: Path, reader: Player) -> None:
    for owner, titles in ((cast.olga, ("b.txt", "D.txt", "a.txt")), (cast.rita, ("C.txt", "e.txt"))):
        for title in titles:
            given(owner, plan, reader, title)
    for order in ("title", "owner", "first_opened"):
        for sort in (order, f"-{order}"):
            found: list[dict[str, Any]] = []
            following = ""
            while not found or following:
                answer = shared(reader, f"?sort={sort}&limit=2&cursor={following}")
                found, following = [*found, *answer["results"]], answer["next"]
            assert len({one["cid"] for one in found}) == len(found) == 5
            values = [one[order].casefold() for one in found]
            assert values == sorted(values, reverse=sort.startswith("-"))


def test_only_organizations_that_licensed_something_are_asked(cast: Cast, plan: Path, reader: Player) -> None:
    given(cast.olga, plan, reader)
    with in_public():
        known = LicensedAt.objects.filter(person_id=reader.id).values_list("organization_id", flat=True)
        assert list(known) == [cast.organizations["contoso"].id]
        with CaptureQueriesContext(connection) as captured:
            shared_with(actor=Actor(reader.id, reader.address, "test"), strength=Strength.CODE)
    fabrikam = cast.organizations["fabrikam"].schema_name
    assert not any(fabrikam in one["sql"] for one in captured)


def test_the_number_of_statements_does_not_grow(cast: Cast, plan: Path, reader: Player) -> None:
    def cost() -> int:
        with in_public(), CaptureQueriesContext(connection) as captured:
            shared_with(actor=Actor(reader.id, reader.address, "test"), strength=Strength.CODE)
        return len(captured)

    given(cast.olga, plan, reader, "0.txt")
    few = cost()
    for number in range(1, 9):
        given(cast.olga, plan, reader, f"{number}.txt")
    assert cost() == few


def test_access_that_ended_is_said_and_nothing_more(cast: Cast, plan: Path, reader: Player) -> None:
    made = given(cast.olga, plan, reader)
    call(cast.olga, "contoso", "POST", f"documents/{made.cid}/revoke", {"recipient": reader.address})
    (one,) = shared(reader)["results"]
    assert (one["rights"], one["reason"], one["until"]) == ([], "revoked_for_you", None)
    assert one["message"]


def test_a_denied_person_reads_that_nothing_is_granted(cast: Cast, plan: Path, reader: Player) -> None:
    made = given(cast.olga, plan, reader)
    entry = f"address:{reader.address}"
    policy = {"grants": [{"who": entry, "rights": ["VIEW"]}], "deny": [entry]}
    changed = {"policy": policy, "reason": "a test"}
    answer = confirmed(cast.olga, "contoso", "PUT", f"documents/{made.cid}/policy", changed)
    assert answer.status_code == 200, answer.content
    (one,) = shared(reader)["results"]
    assert one["reason"] == "not_granted"


def test_it_comes_in_pages_and_is_searched(cast: Cast, plan: Path, reader: Player) -> None:
    names = ["a_b.txt", "axb.txt", "100%.txt", "last.txt"]
    made = [given(cast.olga if number % 2 else cast.rita, plan, reader, name) for number, name in enumerate(names)]
    pages, query = [], "?limit=1"
    while query:
        found = shared(reader, query)
        pages.append([one["cid"] for one in found["results"]])
        query = f"?limit=1&cursor={found['next']}" if found["next"] else ""
    assert pages == [[str(one.cid)] for one in reversed(made)]
    assert [one["cid"] for one in shared(reader, "?search=a_b")["results"]] == [str(made[0].cid)]
    assert [one["cid"] for one in shared(reader, "?search=0%25")["results"]] == [str(made[2].cid)]
    assert len(shared(reader, "?search=RITA%40")["results"]) == 2
    assert shared(reader, "?search=nothing")["results"] == []
    for query in ("cursor=x", "limit=x", "cursor=MjAyNi0wMS0wMXww"):
        problem(send(reader, BASE, "GET", f"/api/v1/shared?{query}"), 400, "invalid")
    problem(send(reader, BASE, "GET", "/api/v1/shared?search=%00"), 400, "malformed")


def test_an_organization_that_disabled_the_person_shows_them_nothing(cast: Cast, plan: Path, reader: Player) -> None:
    given(cast.olga, plan, reader)
    given(cast.rita, plan, reader)
    with in_public():
        contoso = cast.organizations["contoso"].id
        disable_person(organization_id=contoso, person_id=reader.id, reason="gone", actor=ACTOR)
    assert [one["organization"]["name"] for one in shared(reader)["results"]] == ["Fabrikam"]


def test_one_s_own_documents_are_not_shared_with_oneself(cast: Cast, plan: Path) -> None:
    before = {one["cid"] for one in shared(cast.olga)["results"]}
    made = protect(cast.olga, plan, f"{cast.max.address}:VIEW")
    opening(cast.olga, made.path)
    assert {one["cid"] for one in shared(cast.olga)["results"]} == before
    opening(cast.max, made.path)
    assert str(made.cid) in {one["cid"] for one in shared(cast.max)["results"]}
    assert str(made.cid) not in {one["cid"] for one in shared(cast.rita)["results"]}


def test_a_batch_counts_as_well(cast: Cast, plan: Path, reader: Player) -> None:
    made = [protect(cast.olga, plan, f"{reader.address}:VIEW") for _ in range(3)]
    opening(reader, made[0].path)
    with in_organization(cast.organizations["contoso"].id):
        assert FirstOpening.objects.filter(person_id=reader.id).count() == 1
    assert len(shared(reader)["results"]) == 1


def test_the_page_lists_it(cast: Cast, plan: Path, reader: Player) -> None:
    browser = Site(cast, {}).browser("localhost:8000", reader)
    assert "When you open a file that somebody protected for you" in browser.get("/shared/").content.decode()
    made = given(cast.olga, plan, reader, "drawing.txt")
    page = browser.get("/shared/").content.decode()
    assert "drawing.txt" in page
    assert f"/documents/{made.cid}/access/" in page
    assert "Nothing matches" in browser.get("/shared/?search=none").content.decode()
    assert browser.get("/shared/?cursor=x").status_code == 302


def test_the_command_lists_it(cast: Cast, plan: Path, reader: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(reader.session))
    monkeypatch.setattr(session, "PAGE", 1)
    assert "what you open" in CliRunner().invoke(main, ["shared"]).output
    given(cast.olga, plan, reader, "drawing.txt")
    given(cast.rita, plan, reader, "letter.txt")
    found = json.loads(CliRunner().invoke(main, ["--json", "shared"]).stdout)["results"]
    assert [one["organization"]["name"] for one in found] == ["Fabrikam", "Contoso"]
    shown = CliRunner().invoke(main, ["shared", "--search", "drawing", "--wide"]).output
    assert "drawing.txt" in shown
    assert "Contoso" in shown
    assert "letter.txt" not in shown
