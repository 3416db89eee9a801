"""What waits for another person's approval is shown to those who may give it, in every interface."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protection.models import ServiceSettings
from protection.services.hand_over import Person, Which, ask_hand_over
from protection.services.unmask import ask_for_all_names
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection import glass as grants
from tests.protection.reading import PERMISSIONS, application_of, asked
from tests.protection.steps import call, confirmed
from tests.protection.test_editors import actor_of

HOST = "glass.localhost:8000"


def waiting(player: Player) -> set[tuple[str, str]]:
    found = call(player, "glass", "GET", "approvals").json()["results"]
    return {(one["kind"], one["id"]) for one in found}


def page(cast: Cast, player: Player) -> str:
    return str(Site(cast, {}).browser(HOST, player).get("/").content.decode())


@pytest.fixture
def all_kinds(on: Cast) -> dict[str, str]:
    """Let one thing of each kind wait, and return its id by its kind."""
    found = {"super_user_grant": grants.asked(on.sue), "read_permission": asked(on, application_of(on))}
    with in_organization(on.organizations["glass"].id):
        gwen, former, new = actor_of(on.gwen), Person(on.paul.id, on.paul.address), Person(on.quin.id, on.quin.address)
        made = ask_hand_over(actor=gwen, former=former, new=new, which=Which(), reason="Paul has left", waits=True)
        ServiceSettings.objects.update(tracking="off")
        found |= {"hand_over": str(made.id), "names": str(ask_for_all_names(actor=gwen, reason="Agreed").id)}
    return found


def test_what_waits_is_listed_for_those_who_may_approve_it(on: Cast, all_kinds: dict[str, str], chancery: Any) -> None:
    by_administrators = {one for one in all_kinds.items() if one[0] != "names"}
    assert waiting(on.hugo) == by_administrators
    assert waiting(on.iris) == {("names", all_kinds["names"])}
    assert waiting(on.gwen) == set(), "she asked for two herself, and let Sue ask"
    for nobody in (on.paul, on.sue):
        assert waiting(nobody) == set(), nobody.address
        assert "waiting)" not in page(on, nobody)
    shown = page(on, on.hugo)
    assert "Home (3 waiting)" in shown
    assert all(f"/{identity}/" in shown for _, identity in by_administrators)
    assert "Paul has left" in shown
    assert "Home (1 waiting)" in page(on, on.iris)
    told = chancery("approvals", "--wide", who=on.hugo)
    assert f"chancery hand-over approve {all_kinds['hand_over']}" in told.output, told.output
    answer = confirmed(on.hugo, "glass", "POST", f"{PERMISSIONS}/{all_kinds['read_permission']}/approve")
    assert answer.status_code == 200
    assert ("read_permission", all_kinds["read_permission"]) not in waiting(on.hugo)


def test_pages_of_those_who_approve_nothing_cost_nothing_more(on: Cast) -> None:
    with CaptureQueriesContext(connection) as statements:
        page(on, on.paul)
    assert [one["sql"] for one in statements if "protection_handover" in one["sql"]] == []


def test_who_may_ask_for_a_grant_finds_it_in_the_menu(on: Cast) -> None:
    assert 'href="/super-users/"' in page(on, on.sue)
    assert 'href="/super-users/"' not in page(on, on.paul)
