"""A group's page changes what commands and the API change: its name, its description, whether it is archived."""

from pathlib import Path
from uuid import uuid4

from tenants.context import in_organization
from tenants.directory.selectors.groups import GroupFacts, group_in
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Site
from tests.protection.steps import call, ledger, problem, protect, refusal, rights


def made(cast: Cast) -> GroupFacts:
    contoso = cast.organizations["contoso"]
    address = f"g{uuid4().hex[:8]}@contoso.example"
    return create_group(organization_id=contoso.id, address=address, name="Board", members=(), actor=ACTOR)


def state(cast: Cast, group: GroupFacts) -> GroupFacts:
    contoso = cast.organizations["contoso"]
    with in_organization(contoso.id):
        return group_in(contoso.id, group.id)


def test_name_and_description_are_changed_on_the_page(cast: Cast) -> None:
    group, ada = made(cast), Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    page = f"/groups/{group.id}/edit/"
    assert "Board" in ada.get(page).content.decode()
    answer = ada.post(page, {"name": "The board", "description": "Decides\r\nmore"})
    assert (answer.status_code, answer["Location"]) == (302, f"/groups/{group.id}/")
    after = state(cast, group)
    assert (after.name, after.description) == ("The board", "Decides\nmore")
    assert "The board" in ada.get(f"/groups/{group.id}/").content.decode()
    assert ada.post(page, {"name": ""}).status_code == 200
    assert state(cast, group).name == "The board"


def test_archiving_asks_first_and_can_be_undone(cast: Cast) -> None:
    group, ada = made(cast), Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    page = f"/groups/{group.id}/edit/"
    asked = ada.post(page, {"act": "archive"})
    assert asked.status_code == 200
    assert not state(cast, group).archived
    ada.post(page, {"act": "archive", "confirm": group.address, "reason": "Dissolved"})
    assert state(cast, group).archived
    assert "Archived" in ada.get(f"/groups/{group.id}/").content.decode()
    ada.post(page, {"act": "unarchive"})
    assert not state(cast, group).archived


def test_members_may_not(cast: Cast) -> None:
    group, max_ = made(cast), Site(cast, {}).browser("contoso.localhost:8000", cast.max)
    assert max_.post(f"/groups/{group.id}/edit/", {"name": "Mine"}).status_code == 404
    assert call(cast.max, "contoso", "PATCH", f"groups/{group.id}", {"name": "Mine"}).status_code == 403
    assert state(cast, group).name == "Board"


def test_a_group_is_deleted_only_when_its_consequences_were_confirmed(cast: Cast, plan: Path) -> None:
    group, ada = made(cast), Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    add = {"add": [cast.max.address]}
    assert call(cast.ada, "contoso", "PATCH", f"groups/{group.id}", add).status_code == 200
    sealed = protect(cast.olga, plan, f"{group.address}:VIEW", offline_days=2)
    assert rights(cast.max, sealed.path) == {"VIEW"}
    asks_each_time = protect(cast.olga, plan, f"{group.address}:VIEW", offline_days=0)
    assert rights(cast.max, asks_each_time.path) == {"VIEW"}
    unused = problem(call(cast.ada, "contoso", "DELETE", f"groups/{made(cast).id}"), 409, "confirmation_required")
    assert not any("policies here" in one for one in unused["consequences"]), "nothing names it"
    asked = problem(call(cast.ada, "contoso", "DELETE", f"groups/{group.id}"), 409, "confirmation_required")
    said = " ".join(asked["consequences"])
    assert "1 direct member loses" in said
    assert "2 documents and 0 templates" in said
    assert "can be opened until" in said, "Max keeps a license for two days"
    page = f"/groups/{group.id}/edit/"
    assert "Delete the group" in ada.post(page, {"act": "delete"}).content.decode()
    assert state(cast, group).members
    done = ada.post(page, {"act": "delete", "confirm": group.address})
    assert (done.status_code, done["Location"]) == (302, "/people/")
    assert refusal(cast.max, asks_each_time.path).reason == "not_granted"
    (event,) = ledger(cast, "contoso", "group.deleted")[:1]
    assert event.personal["title"] == group.address
    assert call(cast.ada, "contoso", "DELETE", f"groups/{group.id}").status_code == 404


def test_a_group_to_which_something_is_denied_stays(cast: Cast, plan: Path) -> None:
    for how in ("deny", "revoke", "template"):
        group = made(cast)
        if how == "template":
            policy = {"policy": {"deny": [f"address:{group.address}"]}}
            names = {"names": {"en": f"No {group.address}"}}
            assert call(cast.ada, "contoso", "POST", "templates", {**names, **policy}).status_code == 201
        else:
            deny = {"deny": (group.address,)} if how == "deny" else {}
            sealed = protect(cast.olga, plan, "max@contoso.example:VIEW", **deny)
        if how == "revoke":
            call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": group.address})
        body = {"confirm": group.address}
        problem(call(cast.ada, "contoso", "DELETE", f"groups/{group.id}", body), 400, "refused_by_directory")
        assert state(cast, group).address == group.address
