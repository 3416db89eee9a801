"""Whom the people picker offers for what somebody has typed, over the API as on pages and at the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tenants.directory.members import Member
from tenants.directory.services.create_group import create_group
from tenants.directory.services.disable_person import disable_person
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.asking import command
from tests.protection.steps import call, protect
from tests.tenants import builders

Ask = Callable[[Player, str], list[dict[str, str]]]


@pytest.fixture
def offered() -> Ask:
    """Return what is offered to somebody at Contoso."""

    def ask(player: Player, text: str) -> list[dict[str, str]]:
        answer = call(player, "contoso", "GET", f"recipients/suggestions?text={text}")
        assert answer.status_code == 200, answer.content
        return list(answer.json()["results"])

    return ask


@pytest.fixture(scope="module")
def board(cast: Cast) -> str:
    """Return the address of a group of Contoso's with Ada in it."""
    address = "board-of-suggestions@contoso.example"
    contoso, members = cast.organizations["contoso"].id, [Member(address=cast.ada.address)]
    create_group(organization_id=contoso, address=address, name="The Board", members=members, actor=ACTOR)
    return address


def test_people_and_groups_are_found_by_name_and_by_address(cast: Cast, offered: Ask, board: str) -> None:
    assert {"who": "address:max@contoso.example", "kind": "person"}.items() <= offered(cast.olga, "max@")[0].items()
    (group,) = offered(cast.olga, "the boa")
    assert group == {
        "who": f"address:{board}",
        "kind": "group",
        "name": "The Board",
        "address": board,
        "meaning": "Group: 1 entry",
    }


def test_everybody_is_offered_by_that_word_and_by_the_organization_s_name(cast: Cast, offered: Ask) -> None:
    everybody = f"organization:{cast.organizations['contoso'].id}"
    for text in ("every", "Contoso"):
        assert everybody in {one["who"] for one in offered(cast.olga, text)}


def test_an_address_outside_says_whether_it_was_named_before(cast: Cast, offered: Ask, plan: Path) -> None:
    kinds = [one["kind"] for one in offered(cast.olga, "first.contact@fabrikam.example")]
    assert kinds[-1] == "new"
    protect(cast.olga, plan, "first.contact@fabrikam.example:VIEW")
    (known,) = offered(cast.olga, "first.contact@fabrikam.example")
    assert known["kind"] == "outside"
    assert [one["who"] for one in offered(cast.olga, "first.con")] == ["address:first.contact@fabrikam.example"]
    assert offered(cast.max, "first.con") == [], "what somebody else has named is theirs"


def test_a_slip_in_a_known_domain_is_noticed(cast: Cast, offered: Ask, plan: Path) -> None:
    protect(cast.olga, plan, "first.contact@fabrikam.example:VIEW")
    found = offered(cast.olga, "someone@fabrikan.example")
    assert [(one["kind"], one["who"]) for one in found] == [
        ("slip", "address:someone@fabrikam.example"),
        ("new", "address:someone@fabrikan.example"),
    ]
    assert [one["kind"] for one in offered(cast.olga, "someone@contosso.example")] == ["slip", "new"]
    assert [one["kind"] for one in offered(cast.olga, "someone@elsewhere.test")] == ["new"]


def test_nothing_is_told_of_accounts_elsewhere(cast: Cast, offered: Ask) -> None:
    """Rita has an account at this installation; to a stranger she is like somebody who has none."""
    for text in ("rita", "nobody-here"):
        assert offered(cast.max, text) == []
    for address in ("rita@fabrikam.example", "nobody-here@fabrikam.example"):
        assert offered(cast.max, address)[-1]["kind"] == "new"


def test_a_domain_is_offered_with_what_it_means(cast: Cast, offered: Ask) -> None:
    for text in ("@partner.example", "domain:partner.example"):
        (one,) = offered(cast.olga, text)
        assert (one["who"], one["kind"]) == ("domain:partner.example", "domain")
        assert "today and later" in one["meaning"]


@pytest.mark.parametrize("text", ["a", "%", "  x  ", "a%20%20", "%25%25", "domain:", "@", "''--", "%F0%9F%98%80"])
def test_what_names_nobody_is_no_mistake(cast: Cast, offered: Ask, text: str) -> None:
    assert [one for one in offered(cast.olga, text) if one["kind"] not in {"person", "group"}] == []


def test_outsiders_are_offered_nothing(cast: Cast) -> None:
    assert call(cast.rita, "contoso", "GET", "recipients/suggestions?text=max").status_code in {403, 404}
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.rita).get("/recipients/suggestions/?text=max")
    assert page.status_code == 404


def test_pages_and_the_command_line_offer_the_same(
    cast: Cast, offered: Ask, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert board
    wanted = offered(cast.olga, "board-of")
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.olga).get("/recipients/suggestions/?text=board-of")
    assert page.json()["results"] == wanted
    assert json.loads(command(cast.olga, monkeypatch, "suggest", "board-of", "--json").stdout)["results"] == wanted
    assert "Group: 1 entry" in command(cast.olga, monkeypatch, "suggest", "board-of").output
    assert "No matches." in command(cast.olga, monkeypatch, "suggest", "zzzz").output


def test_people_who_cannot_be_named_crowd_nobody_out(cast: Cast, offered: Ask) -> None:
    """Guests, whom members do not find, and disabled people come before others in the order of addresses."""
    contoso = cast.organizations["contoso"].id
    for number in range(8):
        builders.person(contoso, f"aa-{number}@elsewhere.example", name="Crowd", guest=True)
        gone = builders.person(contoso, f"ab-{number}@contoso.example", name="Crowd")
        disable_person(organization_id=contoso, person_id=gone.id, reason="left", actor=ACTOR)
    builders.person(contoso, "zz@contoso.example", name="Crowd")
    assert [one["who"] for one in offered(cast.olga, "crowd")] == ["address:zz@contoso.example"]
    assert {one["kind"] for one in offered(cast.ada, "crowd")} == {"guest"}
