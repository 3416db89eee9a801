"""The address book of an organization: found when recipients are chosen, and nothing else comes of it."""

from typing import Any
from uuid import uuid4

import pytest

from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, ledger, problem


def keep(player: Player, *contacts: tuple[str, str], slug: str = "contoso") -> Any:
    body = {"contacts": [{"address": address, "name": name} for address, name in contacts]}
    return call(player, slug, "POST", "contacts", body)


def listed(cast: Cast, search: str = "") -> dict[str, dict[str, Any]]:
    found = call(cast.ada, "contoso", "GET", f"contacts?search={search}").json()["results"]
    return {one["address"]: one for one in found}


@pytest.fixture
def somebody() -> str:
    return f"zelda{uuid4().hex[:6]}@elsewhere.example"


def suggested(player: Player, slug: str, text: str) -> dict[str, tuple[str, str]]:
    found = call(player, slug, "GET", f"recipients/suggestions?text={text}").json()["results"]
    return {one["address"]: (one["kind"], one["name"]) for one in found}


def test_a_contact_is_found_by_its_name_and_grants_nothing(cast: Cast, somebody: str) -> None:
    assert somebody not in suggested(cast.olga, "contoso", "zelda")
    assert keep(cast.ada, (somebody.upper(), " Zelda Zimmer ")).json()["changed"]
    assert suggested(cast.olga, "contoso", "zimmer")[somebody] == ("contact", "Zelda Zimmer")
    event = ledger(cast, "contoso", "contact.kept")[0]
    assert event.personal["addresses"] == [somebody]
    assert event.personal["changes"] == [{"member": "name", "before": None, "after": "Zelda Zimmer"}]
    assert not keep(cast.ada, (somebody, "Zelda Zimmer")).json()["changed"]
    assert keep(cast.ada, (somebody, "Zelda Zorn")).json()["changed"]
    one = listed(cast, "zorn")[somebody]
    removed = call(cast.ada, "contoso", "DELETE", f"contacts/{one['id']}")
    assert removed.json()["changed"]
    assert somebody not in listed(cast)
    assert somebody not in suggested(cast.olga, "contoso", "zelda")
    assert ledger(cast, "contoso", "contact.removed")


def test_contacts_are_one_organization_s_own(cast: Cast, somebody: str) -> None:
    keep(cast.ada, (somebody, "Zelda Zimmer"))
    assert somebody not in suggested(cast.rita, "fabrikam", "zelda")
    assert listed(cast)[somebody]


def test_all_of_them_are_kept_or_none(cast: Cast, somebody: str) -> None:
    problem(keep(cast.ada, (somebody, ""), ("no address", "")), 400, "invalid")
    assert somebody not in listed(cast)
    problem(keep(cast.ada), 400, "wrong_contacts")
    assert keep(cast.ada, (somebody, "")).json()["changed"]
    assert listed(cast)[somebody]["name"] == somebody


def test_who_does_not_manage_people_keeps_none(cast: Cast, somebody: str) -> None:
    problem(keep(cast.olga, (somebody, "")), 403, "permission_denied")
    problem(call(cast.olga, "contoso", "GET", "contacts"), 403, "permission_denied")


def test_the_page_takes_lines_as_people_write_them(cast: Cast, somebody: str) -> None:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    other = f"y{somebody}"
    sent = browser.post("/people/contacts/", {"contacts": f"Zelda Zimmer <{somebody}>\n\n{other}"})
    assert sent.status_code == 302
    found = listed(cast, somebody)
    assert (found[somebody]["name"], found[other]["name"]) == ("Zelda Zimmer", other)
    page = browser.get(f"/people/contacts/?search={somebody}").content.decode()
    assert "Zelda Zimmer" in page
    refused = browser.post("/people/contacts/", {"contacts": "Nobody at all"})
    assert refused.status_code == 200
    assert "Nobody at all" in refused.content.decode(), "what was typed is not lost"
    assert browser.post(f"/people/contacts/{found[other]['id']}/remove/").status_code == 302
    assert other not in listed(cast)
