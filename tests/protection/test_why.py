"""Why somebody may or may not: by which entry and group, what blocks access, nothing of other organizations."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tenants.actor import Actor
from tenants.directory.members import Member
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tests.cast import ACTOR, Cast
from tests.protection.steps import MAX, RITA, call, opening, problem, protect
from tests.second_address import give_address


def why(cast: Cast, document: Any, who: str, right: str = "VIEW", *, asks: str = "olga") -> dict[str, Any]:
    answer = call(getattr(cast, asks), "contoso", "GET", f"documents/{document.cid}/why?who={who}&right={right}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def make_group(cast: Cast, address: str, member: Member) -> UUID:
    contoso = cast.organizations["contoso"].id
    actor = Actor(person_id=cast.ada.id, name="Ada", source="test")
    return create_group(organization_id=contoso, address=address, name=address, members=[member], actor=actor).id


def reasons(answer: dict[str, Any]) -> list[str]:
    return [one["reason"] for one in answer["blockers"]]


def test_the_entry_that_allows_it_is_named(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW,PRINT")
    answer = why(cast, document, MAX, "PRINT")
    assert (answer["allowed"], answer["known"], answer["basis"]) == (True, True, "grant")
    assert answer["entries"] == [{"who": f"address:{MAX}", "rights": ["VIEW", "PRINT"], "path": []}]
    assert (answer["blockers"], answer["undecided"]) == ([], [])


def test_the_owner_has_it_by_what_she_is(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan)
    answer = why(cast, document, "olga@contoso.example", "OWNER")
    assert (answer["allowed"], answer["basis"], answer["entries"]) == (True, "issuer", [])


def test_every_blocker_is_named(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan, f"{MAX}:VIEW", deny=("domain:contoso.example",), expires=1)
    call(cast.olga, "contoso", "POST", f"documents/{document.cid}/revoke", {"reason": "lost", "confirm": "plan.txt"})
    answer = why(cast, document, MAX)
    assert reasons(answer) == ["revoked", "expired", "denied_by_entry"]
    assert answer["blockers"][2]["entry"] == "domain:contoso.example"
    assert answer["entries"][0]["who"] == f"address:{MAX}"


def test_the_way_through_groups_is_named_to_those_who_may_read_groups(cast: Cast, plan: Path) -> None:
    inner = make_group(cast, "why-inner@contoso.example", Member(person_id=cast.max.id))
    make_group(cast, "why-outer@contoso.example", Member(group_id=inner))
    document = protect(cast.olga, plan, "why-outer@contoso.example:VIEW")
    path = why(cast, document, MAX, asks="ada")["entries"][0]["path"]
    assert path == ["why-inner@contoso.example", "why-outer@contoso.example"]
    assert why(cast, document, MAX)["entries"][0]["path"] == []


def test_other_organizations_stay_opaque(cast: Cast, plan: Path) -> None:
    document = protect(
        cast.olga, plan, f"organization:{cast.organizations['fabrikam'].id}:VIEW", "board@fabrikam.example:VIEW"
    )
    rita, nobody = why(cast, document, RITA), why(cast, document, "nobody@fabrikam.example")
    assert rita["undecided"] == [
        f"organization:{cast.organizations['fabrikam'].id}",
        "address:board@fabrikam.example",
    ]
    assert rita | {"who": ""} == nobody | {"who": ""}, "whether somebody exists elsewhere is not told"
    opening(cast.rita, document.path)
    assert why(cast, document, RITA) == rita, "nor is it after she opened it by her organization"


def test_a_partner_who_has_opened_it_may_open_it_again(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan, f"{RITA}:VIEW")
    before = why(cast, document, RITA)
    opening(cast.rita, document.path)
    assert why(cast, document, RITA) == before
    assert before["allowed"]


def test_two_addresses_of_one_stranger_are_not_shown_to_belong_together(cast: Cast, plan: Path) -> None:
    """Neither as a guest, who is known by one of them, nor by what was revoked for the other."""
    fabrikam, second = cast.organizations["fabrikam"].id, "rita.second@fabrikam.example"
    give_address(fabrikam, cast.rita.id, second)
    document = protect(cast.olga, plan, f"{RITA}:VIEW", f"{second}:VIEW,PRINT")
    call(cast.olga, "contoso", "POST", f"documents/{document.cid}/revoke", {"recipient": second})
    assert why(cast, document, RITA)["allowed"]
    create_person(organization_id=cast.organizations["contoso"].id, address=second, actor=ACTOR)
    known, other = why(cast, document, second), why(cast, document, RITA)
    assert (known["known"], other["known"]) == (True, False)
    assert [one["who"] for one in known["entries"]] == [f"address:{second}"]
    assert [one["who"] for one in other["entries"]] == [f"address:{RITA}"]


def test_a_right_that_is_not_given(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan, f"{RITA}:VIEW")
    answer = why(cast, document, RITA, "EDIT")
    assert (answer["allowed"], reasons(answer)) == (False, ["not_granted"])
    assert answer["entries"] == [{"who": f"address:{RITA}", "rights": ["VIEW"], "path": []}]


def test_asking_records_nothing_and_opens_nothing(cast: Cast, plan: Path) -> None:
    document = protect(cast.olga, plan, f"{RITA}:VIEW")
    before = call(cast.olga, "contoso", "GET", f"documents/{document.cid}/events").json()["results"]
    why(cast, document, RITA)
    assert call(cast.olga, "contoso", "GET", f"documents/{document.cid}/events").json()["results"] == before


@pytest.mark.parametrize("who", ["rita", "max", "mallory"])
def test_a_person_who_does_not_manage_the_document_learns_nothing(cast: Cast, plan: Path, who: str) -> None:
    document = protect(cast.olga, plan, f"{RITA}:VIEW")
    asked = f"documents/{document.cid}/why?who={RITA}"
    problem(call(getattr(cast, who), "contoso", "GET", asked), 404, "not_found")
    problem(call(getattr(cast, who), "contoso", "GET", f"documents/{uuid4()}/why?who={RITA}"), 404, "not_found")


@pytest.mark.parametrize("query", ["right=FLY", "who=", f"who={RITA}&right=FLY", "who=rita", f"who={RITA}&until=1"])
def test_a_question_that_makes_no_sense_is_refused(cast: Cast, plan: Path, query: str) -> None:
    document = protect(cast.olga, plan)
    answer = call(cast.olga, "contoso", "GET", f"documents/{document.cid}/why?{query}")
    assert answer.status_code in {400, 422}, answer.content


def test_nor_are_they_once_the_stranger_has_opened_it(cast: Cast, plan: Path) -> None:
    """The opening binds both addresses to one person, and what belongs to the other one shows in neither answer."""
    fabrikam, second = cast.organizations["fabrikam"].id, "rita.opened@fabrikam.example"
    give_address(fabrikam, cast.rita.id, second)
    document = protect(cast.olga, plan, f"{RITA}:VIEW", f"{second}:VIEW,PRINT")
    before = [why(cast, document, who, "PRINT") for who in (RITA, second)]
    assert opening(cast.rita, document.path).rights == ("VIEW", "PRINT")
    assert [why(cast, document, who, "PRINT") for who in (RITA, second)] == before
    call(cast.olga, "contoso", "POST", f"documents/{document.cid}/revoke", {"recipient": second})
    assert why(cast, document, RITA)["allowed"]
    assert reasons(why(cast, document, second)) == ["revoked_for_you"]
