"""Read permissions: asked for and approved by two people, scoped, timed, withdrawn at once, on record.

Promise C116.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from chancery.errors import Revoked
from chancery.objects import jws
from chancery.policy.policy import Enforcement
from portal.tasks import end_read_permissions
from protection.actor import Actor
from protection.models import Content, News, Notice, ReadPermission, ReadPermissionKind
from protection.selectors.read_permissions import permissions_due
from protection.selectors.scopes import Scope
from protection.services.notices import choose, note_next
from protection.services.read_permissions import approve_permission, ask_permission
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.disable_person import disable_person
from tenants.organizations.selectors import organization_by_id
from tests.cast import ACTOR, Cast, Player
from tests.protection.glass import told
from tests.protection.reading import PERMISSIONS, application_of, asked, permitted, reading_by
from tests.protection.steps import (
    call,
    confirmed,
    content,
    ledger,
    number_events,
    objects,
    problem,
    protect,
    refusal,
    rights,
)


@pytest.fixture(autouse=True)
def _no_mail() -> None:
    mail.outbox.clear()


@pytest.fixture(scope="module")
def search(glass: Cast) -> Player:
    return application_of(glass)


# --- asking and approving ----------------------------------------------------------------------------------------


def test_c116_a_permission_waits_for_another_administrator_and_auditors_hear_of_it_at_once(
    glass: Cast, search: Player
) -> None:
    first = problem(
        call(glass.gwen, "glass", "POST", PERMISSIONS, {"application": search.address, "kind": "all"}),
        409,
        "confirmation_required",
    )
    assert (first["confirm"], first["reason_required"]) == ("Search", True)
    permission = asked(glass, search)
    assert told().keys() == {glass.hugo.address, glass.iris.address}
    assert "Full-text search" in told()[glass.iris.address]
    mail.outbox.clear()
    for stranger in (glass.paul, glass.quin):
        assert call(stranger, "glass", "GET", f"{PERMISSIONS}/{permission}").status_code == 404
        assert call(stranger, "glass", "POST", PERMISSIONS, {"kind": "all"}).status_code == 403
    for player in (glass.paul, glass.iris, search):
        assert call(player, "glass", "POST", f"{PERMISSIONS}/{permission}/approve", {"confirm": "1"}).status_code == 403
    own = call(glass.gwen, "glass", "POST", f"{PERMISSIONS}/{permission}/approve", {"confirm": "1"})
    problem(own, 409, "needs_another_administrator")
    approved = confirmed(glass.hugo, "glass", "POST", f"{PERMISSIONS}/{permission}/approve").json()
    assert approved["state"] == "active"
    assert told().keys() == {glass.gwen.address, glass.iris.address}
    shown = call(search, "glass", "GET", f"{PERMISSIONS}/{permission}").json()
    assert (shown["approved_by"], shown["days"], shown["application"]) == (glass.hugo.address, 90, "Search")
    again = call(glass.hugo, "glass", "POST", f"{PERMISSIONS}/{permission}/approve", {"confirm": "1"})
    problem(again, 409, "read_permission_answered")
    (event, *_) = ledger(glass, "glass", "read_permission.approved")
    assert (event.personal["person"], event.details["reason"]) == (str(glass.hugo.id), "Full-text search")


def test_nobody_approves_who_counts_as_one_with_who_asked(glass: Cast, search: Player) -> None:
    permission = asked(glass, search)
    as_gwen = ACTOR.__class__(person_id=glass.gwen.id, name="Gwen", source="test")
    address = f"straw{uuid4().hex[:6]}@glass.example"
    made = create_person(
        organization_id=glass.organizations["glass"].id,
        address=address,
        name="",
        role="global_administrator",
        actor=as_gwen,
    )
    straw = glass.know(address, made.id, address)
    answer = call(straw, "glass", "POST", f"{PERMISSIONS}/{permission}/approve", {"confirm": "1"})
    problem(answer, 409, "needs_another_administrator")
    actor = Actor(person=glass.gwen.id, address=glass.gwen.address)
    with in_organization(glass.organizations["glass"].id):
        one = ask_permission(
            actor=actor,
            application=search.id,
            name="Search",
            kind=ReadPermissionKind.ALL,
            scope=Scope(),
            days=1,
            reason="x",
        )
        with pytest.raises(Exception, match="Nobody approves what they asked for"):
            approve_permission(actor=actor, permission=one.id)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"days": 366}, 400),
        ({"days": 0}, 400),
        ({"kind": "write"}, 400),
        ({"application": "svc-nothing"}, 404),
        ({"people": ["nobody@glass.example"], "kind": "for_user"}, 404),
        ({"people_group": "nothing@glass.example", "kind": "for_user"}, 404),
        ({"owner": "nobody@elsewhere.example"}, 404),
    ],
)
def test_bad_input_is_refused_with_the_remedy(glass: Cast, search: Player, wrong: dict[str, Any], status: int) -> None:
    body = {"application": search.address, "kind": "all", "reason": "x", "confirm": "Search", **wrong}
    answer = call(glass.gwen, "glass", "POST", PERMISSIONS, body)
    assert answer.status_code == status, answer.content


def test_only_a_permission_to_read_for_people_names_people(glass: Cast, search: Player) -> None:
    body = {"application": search.address, "kind": "all", "reason": "x", "people": [glass.paul.address]}
    answer = call(glass.gwen, "glass", "POST", PERMISSIONS, {**body, "confirm": "Search"})
    problem(answer, 400, "invalid_policy")


# --- reading all -------------------------------------------------------------------------------------------------


def test_c116_read_all_reads_what_nobody_granted_and_each_document_names_permission_reason_and_approver(
    glass: Cast, search: Player, plan: Path
) -> None:
    sealed = protect(glass.paul, plan)
    assert refusal(search, sealed.path).reason == "not_granted"
    permission = permitted(glass, search, owner=glass.paul.address, case="2026-9")
    with reading_by(search, permission):
        assert content(search, sealed.path) == plan.read_bytes()
        assert rights(search, sealed.path) == {"VIEW", "EXTRACT"}
        other = protect(glass.quin, plan)
        assert refusal(search, other.path).reason == "outside_read_permission"
    # Nothing is kept: without the permission it is refused again.
    assert refusal(search, sealed.path).reason == "not_granted"
    (event, *_) = ledger(glass, "glass", "content.read", cid=sealed.cid, outcome="allowed")
    details = event.details
    assert (details["basis"], details["read_permission"]) == ("read_permission", permission)
    assert (details["reason"], details["case"]) == ("Full-text search", "2026-9")
    assert details["approved_by"] == str(glass.hugo.id)
    assert (event.personal["name"], event.personal["approver"]) == ("Search", glass.hugo.address)
    shown = call(glass.iris, "glass", "GET", f"{PERMISSIONS}/{permission}").json()
    assert [(one["cid"], one["times"]) for one in shown["read"]] == [(str(sealed.cid), 2)]
    assert (shown["documents_read"], bool(shown["used_at"])) == (1, True)


def test_what_expired_is_read_and_what_was_taken_back_or_is_for_the_viewer_only_is_not(
    glass: Cast, search: Player, plan: Path
) -> None:
    expired, revoked, shown = (
        protect(glass.paul, plan),
        protect(glass.paul, plan),
        protect(glass.paul, plan, "max@contoso.example:VIEW", enforcement=Enforcement.VIEWER),
    )
    permission = permitted(glass, search)
    with in_organization(glass.organizations["glass"].id):
        Content.objects.filter(cid=expired.cid).update(expires=1)
    assert (
        call(glass.paul, "glass", "POST", f"documents/{revoked.cid}/revoke", {"confirm": "plan.txt"}).status_code == 200
    )
    with reading_by(search, permission):
        assert content(search, expired.path) == plan.read_bytes()
        assert refusal(search, revoked.path).reason == "revoked"
        assert refusal(search, shown.path).reason == "viewer_only"


@pytest.mark.parametrize("state", ["waiting", "declined", "withdrawn", "over", "of another", "no such"])
def test_nothing_is_read_by_a_permission_that_is_not_valid(glass: Cast, search: Player, plan: Path, state: str) -> None:
    sealed, organization = protect(glass.paul, plan), glass.organizations["glass"].id
    holder = application_of(glass, name="Other") if state == "of another" else search
    ask = asked if state in {"waiting", "declined"} else permitted
    permission = str(uuid4()) if state == "no such" else ask(glass, holder)
    if state == "declined":
        assert call(glass.hugo, "glass", "POST", f"{PERMISSIONS}/{permission}/decline", {}).status_code == 200
    if state == "withdrawn":
        confirmed(glass.iris, "glass", "POST", f"{PERMISSIONS}/{permission}/withdraw")
    if state == "over":
        with in_organization(organization):
            ReadPermission.objects.filter(id=permission).update(ends=timezone.now())
    with reading_by(search, permission):
        refused = refusal(search, sealed.path)
    assert refused.reason == "read_permission_invalid"
    waits = (f"waits for approval since {timezone.now():%Y-}" in refused.message, glass.gwen.address in refused.message)
    assert waits == (state == "waiting", state == "waiting"), refused.message
    # What was never approved is an attempt like any other, which owners see.
    kind = "content.read" if state in {"withdrawn", "over"} else "content.opened"
    assert ledger(glass, "glass", kind, cid=sealed.cid, outcome="refused")


def test_withdrawing_reaches_what_is_licensed_within_a_minute(glass: Cast, search: Player, plan: Path) -> None:
    sealed, permission = protect(glass.paul, plan), permitted(glass, search)
    asked_for = {**objects(sealed.path), "read_permission": permission}
    token = call(search, "glass", "POST", "licenses", asked_for).json()["use_license"]
    claims = json.loads(jws.unb64(token.split(".")[1]))
    assert claims["offline_until"] <= claims["iat"]
    ids = [jws.unb64(one) for one in claims["feed"]]
    place, _cid = search.session.organization_of(sealed.path)
    place.feed(newest=True).check(ids, rev=claims["rev"], iat=claims["iat"])
    mail.outbox.clear()
    confirmed(glass.hugo, "glass", "POST", f"{PERMISSIONS}/{permission}/withdraw")
    assert told().keys() == {glass.gwen.address, glass.iris.address}
    with pytest.raises(Revoked):
        place.feed(newest=True).check(ids, rev=claims["rev"], iat=claims["iat"])
    problem(call(search, "glass", "POST", "licenses", asked_for), 403, "read_permission_invalid")
    shown = call(glass.iris, "glass", "GET", f"{PERMISSIONS}/{permission}").json()
    assert (shown["state"], shown["ended_by"]) == ("withdrawn", glass.hugo.address)


def test_a_permission_ends_by_itself_and_a_request_lapses(glass: Cast, search: Player) -> None:
    organization = glass.organizations["glass"]
    over, forgotten = permitted(glass, search), asked(glass, search)
    mail.outbox.clear()
    with in_organization(organization.id):
        end_read_permissions(str(organization.id))
        mail.outbox.clear()
        ReadPermission.objects.filter(id=over).update(ends=timezone.now())
        ReadPermission.objects.filter(id=forgotten).update(asked_at=timezone.now() - timedelta(days=8))
        schema = organization_by_id(organization.id)
        assert schema is not None
        assert permissions_due([schema.schema_name])
        assert end_read_permissions(str(organization.id)) == 1
        assert not permissions_due([schema.schema_name])
    assert told().keys() == {glass.gwen.address, glass.iris.address}
    states = [call(glass.iris, "glass", "GET", f"{PERMISSIONS}/{one}").json()["state"] for one in (over, forgotten)]
    assert states == ["ended", "lapsed"]


def test_an_index_that_reads_daily_is_no_opening_and_mails_no_owner(glass: Cast, search: Player, plan: Path) -> None:
    """Neither in counts and lists of openings, nor in news and notices; the document's page names it once."""
    sealed, organization = protect(glass.paul, plan), glass.organizations["glass"].id
    permission = permitted(glass, search)
    with in_organization(organization):
        choose(person=glass.paul.id, of="every", cid=None)
    with reading_by(search, permission):
        for _ in range(3):
            content(search, sealed.path)
    number_events(glass, "glass")
    with in_organization(organization):
        while note_next(hidden=frozenset(), next_morning=lambda _: timezone.now()):
            pass
        assert not News.objects.filter(content_id=sealed.cid).exists()
        assert not Notice.objects.filter(content_id=sealed.cid).exists()
    shown = call(glass.paul, "glass", "GET", f"documents/{sealed.cid}").json()["document"]
    assert shown["opened"] == 0
    people = call(glass.paul, "glass", "GET", f"documents/{sealed.cid}/recipients").json()["results"]
    assert not [one for one in people if "Search" in str(one)]


# --- reading for people ------------------------------------------------------------------------------------------


def test_c116_read_for_user_gives_what_the_policy_gives_the_person_now_and_no_more_than_reading(
    glass: Cast, search: Player, plan: Path
) -> None:
    paul, quin, sue = glass.paul, glass.quin, glass.sue
    sealed = protect(paul, plan, f"{quin.address}:VIEW,EXTRACT,PRINT,EXPORT", f"{sue.address}:VIEW")
    permission = permitted(glass, search, kind="for_user")
    for person, expected in ((quin, {"VIEW", "EXTRACT"}), (sue, {"VIEW"}), (paul, {"VIEW", "EXTRACT"})):
        with reading_by(search, permission, person.address):
            assert rights(search, sealed.path) == expected
            assert content(search, sealed.path) == plan.read_bytes()
    with reading_by(search, permission, str(quin.id)):
        assert rights(search, sealed.path) == {"VIEW", "EXTRACT"}
    with reading_by(search, permission, glass.hugo.address):
        assert refusal(search, sealed.path).reason == "not_granted"
    (event, *_) = ledger(glass, "glass", "content.read", cid=sealed.cid, outcome="allowed")
    assert (event.personal["recipient"], event.personal["name"]) == (quin.address, "Search")
    # Now means now: what is taken back from the person is taken back from the application.
    body = {"recipient": quin.address, "confirm": "plan.txt"}
    assert call(paul, "glass", "POST", f"documents/{sealed.cid}/revoke", body).status_code == 200
    with reading_by(search, permission, quin.address):
        assert refusal(search, sealed.path).reason == "revoked_for_you"


def test_reading_for_people_and_reading_all_are_never_taken_for_each_other(
    glass: Cast, search: Player, plan: Path
) -> None:
    sealed = protect(glass.paul, plan)
    reads_all, for_people = permitted(glass, search), permitted(glass, search, kind="for_user")
    # An application that forgot for whom it reads, or believes that its answer is cut to a person, gets nothing.
    with reading_by(search, for_people):
        assert refusal(search, sealed.path).reason == "outside_read_permission"
    with reading_by(search, reads_all, glass.quin.address):
        assert refusal(search, sealed.path).reason == "outside_read_permission"
    with reading_by(search, reads_all, "nobody@nowhere.example"):
        assert refusal(search, sealed.path).reason == "outside_read_permission"


def test_a_permission_reads_only_for_those_whom_it_names(glass: Cast, search: Player, plan: Path) -> None:
    organization, quin, sue = glass.organizations["glass"].id, glass.quin, glass.sue
    sealed = protect(glass.paul, plan, f"{quin.address}:VIEW", f"{sue.address}:VIEW", "rita@fabrikam.example:VIEW")
    named = permitted(glass, search, kind="for_user", people=[quin.address])
    with reading_by(search, named, quin.address):
        assert rights(search, sealed.path) == {"VIEW"}
    with reading_by(search, named, sue.address):
        assert refusal(search, sealed.path).reason == "outside_read_permission"
    address = f"team{uuid4().hex[:6]}@glass.example"
    group = create_group(
        organization_id=organization, address=address, name="", members=(Member(person_id=sue.id),), actor=ACTOR
    )
    by_group = permitted(glass, search, kind="for_user", people_group=address)
    with reading_by(search, by_group, sue.address):
        assert rights(search, sealed.path) == {"VIEW"}
        change_group(organization_id=organization, group_id=group.id, archived=True, actor=ACTOR)
        assert refusal(search, sealed.path).reason == "outside_read_permission"
    everybody = permitted(glass, search, kind="for_user")
    for outside in (glass.rita.address, str(glass.rita.id), "nobody@glass.example", str(uuid4())):
        with reading_by(search, everybody, outside):
            assert refusal(search, sealed.path).reason == "outside_read_permission"


def test_a_person_who_is_disabled_is_read_for_no_longer(glass: Cast, search: Player, plan: Path) -> None:
    organization = glass.organizations["glass"].id
    leaver = glass.join(f"leaver{uuid4().hex[:6]}", "glass")
    sealed = protect(glass.paul, plan, f"{leaver.address}:VIEW")
    permission = permitted(glass, search, kind="for_user")
    with reading_by(search, permission, leaver.address):
        assert rights(search, sealed.path) == {"VIEW"}
        disable_person(organization_id=organization, person_id=leaver.id, reason="", actor=ACTOR)
        assert refusal(search, sealed.path).reason in {"person_disabled", "outside_read_permission"}


# --- the question about rights -----------------------------------------------------------------------------------


def readable(player: Player, permission: str, person: str, *cids: object) -> set[str]:
    body = {"for_person": person, "documents": [str(cid) for cid in cids]}
    answer = call(player, "glass", "POST", f"{PERMISSIONS}/{permission}/readable", body)
    assert answer.status_code == 200, answer.content
    return set(answer.json()["documents"])


def test_the_question_what_a_person_may_read_is_decided_like_a_license_and_opens_nothing(
    glass: Cast, search: Player, plan: Path
) -> None:
    paul, quin = glass.paul, glass.quin
    granted, owned = protect(paul, plan, f"{quin.address}:VIEW"), protect(quin, plan)
    closed, ended = protect(paul, plan), protect(paul, plan, f"{quin.address}:VIEW")
    with in_organization(glass.organizations["glass"].id):
        Content.objects.filter(cid=ended.cid).update(expires=1)
    permission = permitted(glass, search, kind="for_user")
    cids = [one.cid for one in (granted, owned, closed, ended)]
    assert readable(search, permission, quin.address, *cids, uuid4()) == {str(granted.cid), str(owned.cid)}
    for one, expected in zip((granted, owned, closed, ended), (True, True, False, False), strict=True):
        with reading_by(search, permission, quin.address):
            answer = call(
                search,
                "glass",
                "POST",
                "licenses",
                {**objects(one.path), "read_permission": permission, "for_person": quin.address},
            )
            assert (answer.status_code == 200) == expected
    assert not ledger(glass, "glass", "content.read", cid=closed.cid, outcome="allowed")
    (event, *_) = ledger(glass, "glass", "read_permission.queried")
    assert (event.personal["recipient"], event.details["documents"], event.details["readable"]) == (quin.address, 5, 2)


def test_the_question_is_answered_to_the_application_alone_and_about_whom_the_permission_names(
    glass: Cast, search: Player, plan: Path
) -> None:
    sealed = protect(glass.paul, plan, f"{glass.quin.address}:VIEW")
    permission = permitted(glass, search, kind="for_user", people=[glass.quin.address])
    reads_all = permitted(glass, search)
    body = {"for_person": glass.quin.address, "documents": [str(sealed.cid)]}
    for stranger in (glass.gwen, glass.paul, application_of(glass, name="Other")):
        answer = call(stranger, "glass", "POST", f"{PERMISSIONS}/{permission}/readable", body)
        problem(answer, 404, "not_found")
    for wrong, person in (
        (permission, glass.sue.address),
        (permission, "x@y.example"),
        (reads_all, glass.quin.address),
    ):
        answer = call(search, "glass", "POST", f"{PERMISSIONS}/{wrong}/readable", {**body, "for_person": person})
        problem(answer, 403, "outside_read_permission")
    confirmed(glass.gwen, "glass", "POST", f"{PERMISSIONS}/{permission}/withdraw")
    answer = call(search, "glass", "POST", f"{PERMISSIONS}/{permission}/readable", body)
    problem(answer, 403, "read_permission_invalid")


# --- requests that name too much or too little --------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"read_permission": "x"},
        {"read_permission": str(uuid4()), "super_user_grant": str(uuid4())},
        {"for_person": "quin@glass.example"},
        {"read_permission": str(uuid4()), "for_person": "quin"},
    ],
)
def test_a_request_names_one_thing_whole(glass: Cast, search: Player, plan: Path, members: dict[str, str]) -> None:
    sealed = protect(glass.paul, plan)
    problem(call(search, "glass", "POST", "licenses", {**objects(sealed.path), **members}), 422, "invalid_object")
