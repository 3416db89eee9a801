"""Roles of people, groups and applications: what each permits, ends, groups that hold one, and nobody's own gain."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chancery.policy.permission import Permission
from portal.tasks import announce_and_record_role_ends
from portal.usecases.caller import caller_at
from portal.usecases.confirmation import Stated
from portal.usecases.groups import change_group as add_to_group
from portal.usecases.role_ends import roles_ending
from tenants.context import in_organization
from tenants.directory.errors import NotPermitted
from tenants.directory.members import Member
from tenants.directory.models import GroupMember, Person, RoleAssignment
from tenants.directory.roles import OF_PEOPLE, ROLES, USER
from tenants.directory.selectors.administrators import people_connected_to
from tenants.directory.selectors.people import person_in
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, ledger, problem

ASKED: dict[Permission, tuple[str, str]] = {
    Permission.APPLICATIONS_MANAGE: ("GET", "applications"),
    Permission.AUDIT_READ: ("GET", "audit/events"),
    Permission.DOMAINS_MANAGE: ("POST", "domains"),
    Permission.GROUPS_MANAGE: ("POST", "groups"),
    Permission.GROUPS_READ: ("GET", "groups"),
    Permission.KEYS_MANAGE: ("POST", "keys/rotate"),
    Permission.KEYS_READ: ("GET", "keys"),
    Permission.PEOPLE_MANAGE: ("POST", "people"),
    Permission.PEOPLE_READ: ("GET", "people"),
    Permission.ROLES_MANAGE: ("POST", "roles"),
    Permission.SERVICE_SWITCH: ("POST", "service/deactivate"),
    Permission.SETTINGS_MANAGE: ("PATCH", "settings"),
    Permission.SETTINGS_READ: ("GET", "settings"),
    Permission.TEMPLATES_MANAGE: ("POST", "templates"),
    Permission.TEMPLATES_READ: ("GET", "templates"),
}
"""A request that takes each permission; sent with an empty body, it changes nothing."""
WHY = {"reason": "A test"}


@pytest.fixture(scope="module")
def firm(cast: Cast) -> Cast:
    """Return the cast with an organization of two administrators and two members."""
    cast.found("firm", "gwen")
    cast.join("hugo", "firm", role="global_administrator")
    cast.join("paul", "firm")
    cast.join("quin", "firm")
    return cast


@pytest.fixture
def organization(firm: Cast) -> UUID:
    return firm.organizations["firm"].id


def joined(firm: Cast, role: str = USER) -> Player:
    return firm.join(f"p{uuid4().hex[:8]}", "firm", role=role)


def made_group(organization: UUID, *members: Member) -> Any:
    address = f"g{uuid4().hex[:8]}@firm.example"
    return create_group(organization_id=organization, address=address, name="G", members=members, actor=ACTOR)


def give(firm: Cast, role: str, whom: str, **more: Any) -> Any:
    return asked(firm.gwen, "firm", "POST", "roles", {"role": role, "whom": whom, **WHY, **more})


def asked(player: Player, slug: str, method: str, path: str, body: dict[str, Any]) -> Any:
    """Send a request, and confirm it where it asks first; one that is refused is refused before."""
    answer = call(player, slug, method, path, body)
    if answer.status_code == 409 and answer.json()["code"] == "confirmation_required":
        answer = call(player, slug, method, path, {**body, "confirm": answer.json()["confirm"]})
    return answer


def given(firm: Cast, whom: str) -> list[dict[str, Any]]:
    found = call(firm.gwen, "firm", "GET", "roles?limit=200").json()["results"]
    return [one for one in found if one["whom"] == whom]


def may(firm: Cast, who: Player) -> frozenset[Permission]:
    with in_organization(firm.organizations["firm"].id):
        person = Person.objects.get(id=who.id)
        return caller_at(firm.organizations["firm"], person, ip="", source="api").permissions


@pytest.mark.parametrize("role", [USER, *OF_PEOPLE])
def test_c52_each_role_may_exactly_what_the_table_says(firm: Cast, role: str) -> None:
    """A page and a call of every administrative permission answer by the role alone."""
    player = joined(firm, role)
    assert may(firm, player) == ROLES[role].permissions
    for permission, (method, path) in ASKED.items():
        answer = call(player, "firm", method, path, {} if method != "GET" else None)
        refused = answer.status_code == 403 and answer.json()["code"] == "permission_denied"
        assert refused is (permission not in ROLES[role].permissions), (role, permission, answer.content)
    page = Site(firm, {}).browser("firm.localhost:8000", player).get("/people/roles/")
    assert page.status_code == (200 if Permission.PEOPLE_READ in ROLES[role].permissions else 404)


def test_c53_a_person_a_nested_group_and_an_application_are_given_roles(firm: Cast, organization: UUID) -> None:
    inner = made_group(organization, Member(person_id=firm.quin.id))
    outer = made_group(organization, Member(group_id=inner.id))
    application = create_application(organization_id=organization, name=f"a{uuid4().hex}", actor=ACTOR)
    assert give(firm, "key_manager", firm.paul.address).status_code == 200
    assert give(firm, "support_reader", outer.address).status_code == 200
    assert give(firm, "reporter", application.client_id).status_code == 200
    assert Permission.KEYS_MANAGE in may(firm, firm.paul)
    assert Permission.DOCUMENTS_READ_ALL in may(firm, firm.quin)
    assert Permission.AUDIT_READ in may(firm, Player(application.person_id, "", firm.paul.home))
    rights = call(firm.gwen, "firm", "GET", f"people/{firm.quin.id}/rights").json()
    (read,) = [one for one in rights["rights"] if one["permission"] == "documents:read-all"]
    assert read["sources"] == [{"role": "support_reader", "groups": [outer.address, inner.address], "until": None}]
    assert "No role opens documents" in rights["note"]
    page = Site(firm, {}).browser("firm.localhost:8000", firm.gwen).get(f"/people/{firm.quin.id}/rights/")
    assert outer.address in page.content.decode().replace("<wbr>", "")
    problem(give(firm, "auditor", application.client_id), 400, "refused_by_directory")
    problem(give(firm, "reporter", firm.paul.address), 400, "refused_by_directory")
    problem(give(firm, "auditor", "nobody@firm.example"), 404, "not_found")
    (event, *_) = ledger(firm, "firm", "role.given")
    assert event.details["role"] == "reporter"
    for whom in (firm.paul.address, outer.address, application.client_id):
        (one,) = given(firm, whom)
        assert asked(firm.gwen, "firm", "POST", f"roles/{one['id']}/end", WHY).status_code == 200
    assert may(firm, firm.paul) == may(firm, firm.quin) == ROLES[USER].permissions


def test_several_roles_unite_and_an_administrator_is_no_auditor_for_hidden_names(firm: Cast) -> None:
    player = joined(firm, "template_editor")
    assert give(firm, "auditor", player.address).status_code == 200
    assert may(firm, player) == ROLES["template_editor"].permissions | ROLES["auditor"].permissions
    assert give(firm, "global_administrator", player.address).status_code == 200
    assert Permission.NAMES_ANSWER not in may(firm, player)


def test_a_circle_of_groups_ends_and_an_archived_group_gives_nothing(firm: Cast, organization: UUID) -> None:
    player = joined(firm)
    one, other = made_group(organization), made_group(organization, Member(person_id=player.id))
    change_group(organization_id=organization, group_id=one.id, add=[Member(group_id=other.id)], actor=ACTOR)
    GroupMember.objects.create(organization_id=organization, group_id=other.id, member_group_id=one.id)
    assert give(firm, "auditor", one.address).status_code == 200
    assert Permission.AUDIT_READ in may(firm, player)
    assert asked(firm.gwen, "firm", "PATCH", f"groups/{other.id}", {"archived": True}).status_code == 200
    assert may(firm, player) == ROLES[USER].permissions


def test_a_role_ends_at_once_and_is_recorded_and_announced_once(firm: Cast, organization: UUID) -> None:
    player, schema = joined(firm), firm.organizations["firm"].schema_name
    soon = (timezone.now() + timedelta(days=3)).isoformat()
    problem(give(firm, "auditor", player.address, until="2020-01-01T00:00:00Z"), 400, "refused_by_directory")
    assert give(firm, "auditor", player.address, until=soon).status_code == 200
    assert roles_ending([schema]) == {schema}
    mail.outbox.clear()
    assert announce_and_record_role_ends(str(organization)) == 1
    assert {one.to[0] for one in mail.outbox} >= {player.address, firm.gwen.address, firm.hugo.address}
    assert roles_ending([schema]) == set()
    rows = RoleAssignment.objects.within(organization).filter(person_id=player.id)
    rows.update(ends_at=timezone.now())
    assert may(firm, player) == ROLES[USER].permissions, "no sweep was needed"
    assert person_in(organization, player.id).roles == (USER,)
    assert announce_and_record_role_ends(str(organization)) == 1
    assert announce_and_record_role_ends(str(organization)) == 0
    (event, *_) = ledger(firm, "firm", "role.expired")
    assert (event.details["role"], event.personal["addresses"]) == ("auditor", [player.address])


def test_only_who_manages_roles_changes_a_group_that_holds_one(firm: Cast, organization: UUID) -> None:
    """Neither a manager of groups nor a directory application reaches it, not by a group inside it either."""
    player = joined(firm)
    inner = made_group(organization)
    outer = made_group(organization, Member(group_id=inner.id))
    assert give(firm, "auditor", outer.address).status_code == 200
    app = create_application(organization_id=organization, name=f"a{uuid4().hex}", roles=["directory"], actor=ACTOR)
    with in_organization(organization):
        person = Person.objects.get(id=app.person_id)
        actor = caller_at(firm.organizations["firm"], person, ip="", source="api").directory_actor
    for group in (inner, outer):
        for change in ({"add": [Member(person_id=player.id)]}, {"name": "X"}, {"archived": True}):
            with pytest.raises(NotPermitted):
                change_group(organization_id=organization, group_id=group.id, actor=actor, **change)  # type: ignore[arg-type]
    free = made_group(organization)
    change_group(organization_id=organization, group_id=free.id, add=[Member(person_id=player.id)], actor=actor)
    add = {"add": [player.address]}
    assert asked(firm.gwen, "firm", "PATCH", f"groups/{inner.id}", add).status_code == 200
    assert Permission.AUDIT_READ in may(firm, player)
    assert player.id in people_connected_to(organization, firm.gwen.id, within=timedelta(days=1))


def test_an_address_in_a_group_holds_no_role_until_the_person_is_entered(firm: Cast, organization: UUID) -> None:
    player = joined(firm)
    group = made_group(organization, Member(address=player.address), Member(address="later@firm.example"))
    assert give(firm, "auditor", group.address).status_code == 200
    assert Permission.AUDIT_READ in may(firm, player), "who was known by it is entered as themselves"
    later = firm.join("later", "firm")
    assert may(firm, later) == ROLES[USER].permissions, "whoever gets the address would hold it"


def test_nobody_gives_themselves_a_role_not_by_a_group_either(firm: Cast, organization: UUID) -> None:
    editor = joined(firm, "template_editor")
    assert call(editor, "firm", "POST", "roles", {"role": "auditor", "whom": editor.address}).status_code == 403
    problem(give(firm, "auditor", firm.gwen.address), 403, "not_permitted")
    mine = made_group(organization, Member(person_id=firm.gwen.id))
    problem(give(firm, "auditor", mine.address), 403, "not_permitted")
    other = made_group(organization)
    assert give(firm, "auditor", other.address).status_code == 200
    problem(asked(firm.gwen, "firm", "PATCH", f"groups/{other.id}", {"add": [firm.gwen.address]}), 403, "not_permitted")
    body = {"role": "auditor"}
    problem(asked(firm.gwen, "firm", "PATCH", f"people/{firm.gwen.id}", body), 403, "not_permitted")
    assert may(firm, firm.gwen) == ROLES["global_administrator"].permissions
    soon = timezone.now() + timedelta(days=3)
    short = joined(firm)
    assert give(firm, "global_administrator", short.address, until=soon.isoformat()).status_code == 200
    for longer in (None, (soon + timedelta(days=1)).isoformat()):
        renewed: dict[str, Any] = {"role": "global_administrator", "whom": short.address, "until": longer, **WHY}
        problem(asked(short, "firm", "POST", "roles", renewed), 403, "not_permitted")


def test_what_an_application_does_to_a_group_with_a_role_is_mailed(firm: Cast, organization: UUID) -> None:
    player, group = joined(firm), made_group(organization)
    assert give(firm, "auditor", group.address).status_code == 200
    roles = ["directory", "roles"]
    made = create_application(organization_id=organization, name=f"a{uuid4().hex}", roles=roles, actor=ACTOR)
    mail.outbox.clear()
    with in_organization(organization):
        caller = caller_at(firm.organizations["firm"], Person.objects.get(id=made.person_id), ip="", source="api")
        add_to_group(caller=caller, group_id=group.id, add=[player.address], stated=Stated("", "", None))
    assert Permission.AUDIT_READ in may(firm, player)
    assert {firm.gwen.address, firm.hugo.address} <= {one.to[0] for one in mail.outbox}


def test_the_last_lasting_administrator_stays_by_whichever_route(cast: Cast) -> None:
    """An administrator with an end, or by a group, is none to rely on."""
    organization = cast.found("last", "lena").id
    deputy, third = cast.join("dora", "last"), cast.join("theo", "last")
    group = create_group(
        organization_id=organization,
        address="admins@last.example",
        name="A",
        members=[Member(person_id=third.id)],
        actor=ACTOR,
    )
    until = (timezone.now() + timedelta(days=30)).isoformat()
    for whom, more in ((deputy.address, {"until": until}), (group.address, {})):
        body = {"role": "global_administrator", "whom": whom, **WHY, **more}
        assert asked(cast.lena, "last", "POST", "roles", body).status_code == 200
    (row,) = RoleAssignment.objects.within(organization).filter(person_id=cast.lena.id)
    for by in (deputy, third):
        ending = {"role": "global_administrator", "whom": cast.lena.address, "until": until, **WHY}
        routes: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("POST", f"roles/{row.id}/end", WHY),
            ("POST", "roles", ending),
            ("PATCH", f"people/{cast.lena.id}", {"role": "user", **WHY}),
            ("PATCH", f"people/{cast.lena.id}", {"disabled": True, **WHY}),
            ("POST", f"people/{cast.lena.id}/removal", WHY),
            ("POST", "blocks", {"who": [cast.lena.address], **WHY}),
        )
        for method, path, sent in routes:
            answer = asked(by, "last", method, path, sent)
            assert answer.status_code == 400, (path, answer.content)
            assert "last administrator" in answer.json()["detail"]
    lasting = {"role": "global_administrator", "whom": deputy.address, **WHY}
    assert asked(third, "last", "POST", "roles", lasting).status_code == 200
    assert asked(third, "last", "POST", f"roles/{row.id}/end", WHY).status_code == 200


def test_a_standing_costs_one_statement_of_its_own(firm: Cast, organization: UUID) -> None:
    """The roles come with the statement that reads the person, so a request costs no more than without them."""
    person = Person.objects.get(id=firm.paul.id)
    with in_organization(organization), CaptureQueriesContext(connection) as captured:
        caller_at(firm.organizations["firm"], person, ip="", source="api")
    assert len(captured) == 0, "the one statement goes past Django's count"
