"""Who may protect: limited to groups and kinds of client, without limiting who opens (promise C50, decision 46)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from protection.models import Content, ServiceSettings
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import RITA, call, confirmed, ledger, problem, protect, rights

SETTINGS = "settings"


@pytest.fixture(autouse=True)
def _open_to_all(cast: Cast) -> Iterator[None]:
    yield
    with in_organization(cast.organizations["contoso"].id):
        ServiceSettings.objects.update(protecting={}, contact="")


def limited(cast: Cast, **members: Any) -> dict[str, Any]:
    answer = call(cast.ada, "contoso", "PATCH", SETTINGS, {**members, "confirm": "yes"})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def group(cast: Cast, *members: str) -> str:
    address = f"g{uuid4().hex[:8]}@contoso.example"
    body = {"address": address, "name": "Protectors", "members": list(members)}
    answer = call(cast.ada, "contoso", "POST", "groups", body)
    assert answer.status_code == 201, answer.content
    return address


def member(cast: Cast) -> Player:
    return cast.join(f"p{uuid4().hex[:6]}", "contoso")


def test_c50_only_members_of_chosen_groups_protect_and_everybody_opens(cast: Cast, plan: Path) -> None:
    inside, outside = member(cast), member(cast)
    sealed = protect(cast.olga, plan, f"{outside.address}:VIEW")
    nested = group(cast, inside.address)
    outer = group(cast, nested)
    limited(cast, protectors=[outer], contact="desk@contoso.example")
    protect(inside, plan, f"{RITA}:VIEW")
    with pytest.raises(Refused) as refused:
        protect(outside, plan, f"{RITA}:VIEW")
    assert refused.value.reason == "publishing_not_allowed"
    assert "desk@contoso.example" in refused.value.next_step
    assert "VIEW" in rights(outside, sealed.path)
    assert "VIEW" in rights(cast.olga, sealed.path), "who protected before opens, changes and takes back as before"
    change = {"policy": {"v": 1, "grants": []}}
    assert confirmed(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", change).status_code == 200


def test_the_decision_is_made_where_certificates_and_licenses_are_given_and_recorded(cast: Cast) -> None:
    outside = member(cast)
    limited(cast, protectors=[group(cast)])
    for path, body in (("certificates", {}), ("publications", {"policy": {"v": 1, "grants": []}, "title": "a"})):
        refused = problem(call(outside, "contoso", "POST", path, body), 403, "publishing_not_allowed")
        assert "certain groups" in refused["detail"]
        event = ledger(cast, "contoso", "publishing.refused")[0]
        assert (event.outcome, event.reason) == ("refused", "not_in_group")
    assert not call(outside, "contoso", "GET", "certificates").json()["allowed"]


def test_what_was_protected_without_a_network_by_somebody_excluded_waits(cast: Cast, plan: Path) -> None:
    outside = member(cast)
    protect(outside, plan, f"{RITA}:VIEW")
    limited(cast, protectors=[group(cast)])
    options = ProtectOptions(grants=(f"{RITA}:VIEW",))
    sealed = outside.offline().protect(plan, options, target=plan.with_suffix(".later.sealed"))
    outside.session.organization(cast.organizations["contoso"].id).send_waiting()
    with in_organization(cast.organizations["contoso"].id):
        row = Content.objects.get(cid=sealed.cid)
    assert (row.registration, row.pending_because) == ("pending", "publisher_excluded")


@pytest.mark.parametrize(
    ("members", "allowed"),
    [
        ({"protecting_off": ["linux"]}, False),
        ({"protecting_off": ["browser", "application"]}, True),
        ({"protectors": [], "protectors_on": ["browser"]}, True),
    ],
)
def test_kinds_of_client_are_switched_off_for_protecting_alone(
    cast: Cast, plan: Path, members: dict[str, Any], *, allowed: bool
) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    limited(cast, **members)
    answer = call(cast.olga, "contoso", "POST", "certificates", {})
    assert (answer.status_code == 200) is allowed
    assert "VIEW" in rights(cast.olga, sealed.path)


def test_a_limit_may_hold_on_some_kinds_of_device_only(cast: Cast) -> None:
    outside = member(cast)
    limited(cast, protectors=[group(cast)], protectors_on=["browser"])
    assert call(outside, "contoso", "POST", "certificates", {}).status_code == 200
    assert call(outside, "contoso", "GET", "certificates?platform=linux").json()["allowed"]
    assert not call(outside, "contoso", "GET", "certificates?platform=browser").json()["allowed"]


def test_an_archived_group_lets_nobody_protect(cast: Cast) -> None:
    inside = member(cast)
    address = group(cast, inside.address)
    limited(cast, protectors=[address])
    assert call(inside, "contoso", "GET", "certificates").json()["allowed"]
    found = next(
        one for one in call(cast.ada, "contoso", "GET", "groups").json()["results"] if one["address"] == address
    )
    archived = confirmed(cast.ada, "contoso", "PATCH", f"groups/{found['id']}", {"archived": True})
    assert archived.status_code == 200, archived.content
    assert not call(inside, "contoso", "GET", "certificates").json()["allowed"]


def test_the_question_counts_who_loses_it_oneself_included_and_the_event_names_the_groups(cast: Cast) -> None:
    inside = member(cast)
    address = group(cast, inside.address)
    asked = problem(
        call(cast.ada, "contoso", "PATCH", SETTINGS, {"protectors": [address]}), 409, "confirmation_required"
    )
    said = " ".join(asked["consequences"])
    assert "lose the right to protect" in said
    assert "You lose it yourself." in said
    limited(cast, protectors=[address])
    event = ledger(cast, "contoso", "settings.changed")[0]
    assert event.details["settings"] == {"protectors": {"before": [], "after": [address]}}
    wider = call(cast.ada, "contoso", "PATCH", SETTINGS, {"protectors": []})
    assert wider.json()["changed"], "what lets more people protect is not asked"
    switching = call(cast.ada, "contoso", "PATCH", SETTINGS, {"protecting_off": ["browser"]})
    off = problem(switching, 409, "confirmation_required")
    assert "browser" in " ".join(off["consequences"])
    assert "You lose" not in " ".join(off["consequences"])


def test_groups_and_kinds_that_are_none_are_named(cast: Cast) -> None:
    for members, named in (
        ({"protectors": ["nobody@contoso.example"]}, "nobody@contoso.example"),
        ({"protectors_on": ["toaster"]}, "toaster"),
        ({"protecting_off": ["toaster"]}, "toaster"),
        ({"protectors_on": ["application"]}, "application"),
    ):
        answer = call(cast.ada, "contoso", "PATCH", SETTINGS, members)
        assert answer.status_code in {400, 404}
        assert named in answer.json()["detail"]


def test_the_page_says_it_before_anything_is_filled_in(cast: Cast) -> None:
    outside = member(cast)
    assert (
        "You may not protect files yet"
        not in Site(cast, {}).browser("localhost:8000", outside).get("/protect/").content.decode()
    )
    limited(cast, protectors=[group(cast)], contact="desk@contoso.example")
    shown = Site(cast, {}).browser("localhost:8000", outside).get("/protect/").content.decode()
    assert "You may not protect files yet" in shown
    assert "desk@contoso.example" in shown
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    assert "Only members of these groups protect" in browser.get("/settings/").content.decode()
