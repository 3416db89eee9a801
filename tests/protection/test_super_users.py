"""Super users under glass: off and empty, asked for and approved by two people, scoped, timed, on record.

Promises C56, C57, C59 and C61.
"""

import json
import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core import mail

from chancery.policy.permission import Permission
from chancery.sdk.grant_report import verify_report
from protection.actor import Actor
from protection.models import SuperUserGrant
from protection.selectors.scopes import Scope
from protection.services.super_user_grants import approve_grant, ask_grant
from protection.tasks import seal_ledger
from tenants.context import in_organization
from tenants.directory.models import Membership
from tenants.directory.roles import OF_APPLICATIONS, OF_PEOPLE, permissions_of
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_person import create_person
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.glass import GRANTS, SETTINGS, asked, granted, nested_group, told, under
from tests.protection.steps import call, confirmed, ledger, problem, protect, refusal


@pytest.fixture(autouse=True)
def _no_mail() -> None:
    mail.outbox.clear()


# --- who may ask ----------------------------------------------------------------------------------------


def test_c56_super_users_are_off_and_empty_until_an_administrator_switches_them_on(glass: Cast) -> None:
    assert call(glass.iris, "glass", "GET", SETTINGS).json() == {
        "on": False,
        "people": [],
        "group": "",
        "notice_days": 7,
        "keepers": [],
    }
    body = {"reason": "Why not", "confirm": "ask"}
    for player in (glass.gwen, glass.paul, glass.sue):
        problem(call(player, "glass", "POST", GRANTS, body), 400, "not_eligible")
    for player in (glass.iris, glass.paul):
        assert call(player, "glass", "PATCH", SETTINGS, {"on": True}).status_code == 403


def test_switching_on_asks_first_is_recorded_and_mailed_and_off_ends_everything(on: Cast) -> None:
    grant = granted(on)
    confirmed(on.hugo, "glass", "PATCH", SETTINGS, {"on": False})
    assert call(on.sue, "glass", "GET", f"{GRANTS}/{grant}").json()["state"] == "ended"
    problem(call(on.sue, "glass", "POST", GRANTS, {"reason": "Again", "confirm": "ask"}), 400, "not_eligible")
    mail.outbox.clear()
    asked_first = problem(call(on.gwen, "glass", "PATCH", SETTINGS, {"on": True}), 409, "confirmation_required")
    assert (asked_first["typed"], asked_first["reason_required"]) == (True, True)
    confirmed(on.gwen, "glass", "PATCH", SETTINGS, {"on": True})
    assert told().keys() == {on.gwen.address, on.hugo.address, on.iris.address}
    (event, *_) = ledger(on, "glass", "super_users.switched_on")
    assert event.personal["person"] == str(on.gwen.id)


def test_people_applications_and_one_group_with_nested_ones_may_be_let_ask(on: Cast) -> None:
    organization = on.organizations["glass"]
    quin, application = (
        on.quin,
        create_application(organization_id=organization.id, name="index", roles=(), actor=ACTOR),
    )
    outer = nested_group(organization.id, quin.id)
    body = {"reason": "A test", "confirm": "ask"}
    problem(call(quin, "glass", "POST", GRANTS, body), 400, "not_eligible")
    confirmed(on.gwen, "glass", "PATCH", SETTINGS, {"group": outer})
    assert call(quin, "glass", "POST", GRANTS, body).json()["state"] == "waiting"
    confirmed(on.gwen, "glass", "PATCH", SETTINGS, {"group": ""})
    problem(call(quin, "glass", "POST", GRANTS, body), 400, "not_eligible")
    assert call(quin, "glass", "GET", GRANTS).json()["results"][0]["state"] == "declined"
    confirmed(on.gwen, "glass", "POST", f"{SETTINGS}/people", {"application": application.client_id})
    listed = call(on.gwen, "glass", "GET", SETTINGS).json()["people"]
    assert {(one["address"], one["application"]) for one in listed} >= {("index", True), (on.sue.address, False)}
    confirmed(on.gwen, "glass", "DELETE", f"{SETTINGS}/people/{application.person_id}")
    assert all(one["address"] != "index" for one in call(on.gwen, "glass", "GET", SETTINGS).json()["people"])


# --- asking and approving -------------------------------------------------------------------------------


def test_c61_a_grant_waits_for_another_administrator_and_auditors_hear_of_it_at_once(on: Cast) -> None:
    grant = asked(on.sue, case="2026-117")
    # Not the administrator who has just let them ask: their approval would not count.
    assert told().keys() == {on.hugo.address, on.iris.address}
    assert "Documents for the auditors" in told()[on.iris.address]
    mail.outbox.clear()
    for stranger in (on.paul, on.quin):
        assert call(stranger, "glass", "GET", f"{GRANTS}/{grant}").status_code == 404
    for player in (on.sue, on.paul, on.iris):
        assert call(player, "glass", "POST", f"{GRANTS}/{grant}/approve", {"confirm": "1"}).status_code == 403
    assert confirmed(on.hugo, "glass", "POST", f"{GRANTS}/{grant}/approve").json()["state"] == "active"
    assert told().keys() == {on.sue.address, on.iris.address}
    shown = call(on.sue, "glass", "GET", f"{GRANTS}/{grant}").json()
    assert (shown["approved_by"], shown["case"], shown["hours"]) == (on.hugo.address, "2026-117", 8)
    problem(call(on.hugo, "glass", "POST", f"{GRANTS}/{grant}/approve", {"confirm": "1"}), 409, "grant_answered")
    (event, *_) = ledger(on, "glass", "super_user_grant.approved")
    assert (event.personal["person"], event.details["reason"]) == (str(on.hugo.id), "Documents for the auditors")


def test_nobody_approves_for_a_person_whom_they_have_just_let_ask_or_who_counts_as_one_with_them(on: Cast) -> None:
    """Else one administrator alone opens everything by a straw person (decisions 19 and 27)."""
    grant = asked(on.sue)
    answer = call(on.gwen, "glass", "POST", f"{GRANTS}/{grant}/approve", {"confirm": "1"})
    problem(answer, 409, "needs_another_administrator")
    assert call(on.sue, "glass", "POST", f"{GRANTS}/{grant}/decline", {}).json()["state"] == "withdrawn"
    organization = on.organizations["glass"].id
    as_hugo = ACTOR.__class__(person_id=on.hugo.id, name="Hugo", source="test")
    address = f"straw{uuid4().hex[:6]}@glass.example"
    made = create_person(organization_id=organization, address=address, name="", role="user", actor=as_hugo)
    straw = on.know(f"straw-{address}", made.id, made.email)
    confirmed(on.gwen, "glass", "POST", f"{SETTINGS}/people", {"address": address})
    grant = asked(straw)
    for player in (on.gwen, on.hugo):
        answer = call(player, "glass", "POST", f"{GRANTS}/{grant}/approve", {"confirm": "1"})
        problem(answer, 409, "needs_another_administrator")
    assert call(on.hugo, "glass", "POST", f"{GRANTS}/{grant}/decline", {"reason": "No"}).json()["state"] == "declined"


def test_a_grant_ends_early_by_its_holder_an_administrator_or_an_auditor_and_by_the_list(on: Cast) -> None:
    for player in (on.sue, on.gwen, on.iris):
        grant = granted(on)
        assert call(on.paul, "glass", "POST", f"{GRANTS}/{grant}/end", {}).status_code == 404
        assert confirmed(player, "glass", "POST", f"{GRANTS}/{grant}/end").json()["state"] == "ended"
    grant = granted(on)
    confirmed(on.gwen, "glass", "DELETE", f"{SETTINGS}/people/{on.sue.id}")
    assert call(on.sue, "glass", "GET", f"{GRANTS}/{grant}").json()["state"] == "ended"
    confirmed(on.gwen, "glass", "POST", f"{SETTINGS}/people", {"address": on.sue.address})


def test_hours_and_reason_are_bounded(on: Cast) -> None:
    for hours in (0, 25):
        problem(
            call(on.sue, "glass", "POST", GRANTS, {"hours": hours, "reason": "x", "confirm": "ask"}), 400, "invalid"
        )
    problem(call(on.sue, "glass", "POST", GRANTS, {"confirm": "ask"}), 409, "reason_required")
    with in_organization(on.organizations["glass"].id):
        assert not SuperUserGrant.objects.filter(reason="").exists()


def test_two_administrators_approve_what_an_application_asks_for(cast: Cast) -> None:
    """Any of them can act as it: one approval could be that of who asked."""
    slug = f"apps{uuid4().hex[:6]}"
    organization = cast.found(slug, "amy")
    names = [f"{name}{slug}" for name in ("bea", "cid")]
    second, third = (cast.join(name, slug, role="global_administrator") for name in names)
    made = create_application(organization_id=organization.id, name="index", roles=(), actor=ACTOR)
    confirmed(cast.amy, slug, "PATCH", SETTINGS, {"on": True})
    confirmed(cast.amy, slug, "POST", f"{SETTINGS}/people", {"application": made.client_id})
    with in_organization(organization.id):
        actor = Actor(person=made.person_id, address="", name="index", application=True)
        grant = ask_grant(actor=actor, scope=Scope(), hours=1, reason="Full text search").id
    path = f"{GRANTS}/{grant}/approve"
    problem(call(cast.amy, slug, "POST", path, {"confirm": "1"}), 409, "needs_another_administrator")
    assert confirmed(second, slug, "POST", path).json()["state"] == "waiting"
    problem(call(second, slug, "POST", path, {"confirm": "1"}), 409, "needs_another_administrator")
    assert confirmed(third, slug, "POST", path).json()["state"] == "active"
    shown = call(third, slug, "GET", f"{GRANTS}/{grant}").json()
    assert shown["approved_by"] == f"{second.address}, {third.address}"


# --- one person alone, whatever their role --------------------------------------------------------------------------


def everything_alone(player: Player, cast: Cast) -> list[str]:
    """Let somebody try all that the API has about super users, in their own favor; return the grants they asked for."""
    scope = {"reason": "For me alone", "confirm": "ask"}
    for path, body in (
        (SETTINGS, {"on": True, "confirm": "Glass", "reason": "For me"}),
        (SETTINGS, {"notice_days": 90, "confirm": "90"}),
        (f"{SETTINGS}/people", {"address": player.address, "confirm": player.address}),
        (f"{SETTINGS}/recovery-keys", {"first": player.address, "second": cast.paul.address}),
        (f"{SETTINGS}/recovery-keys/mine", {}),
        (GRANTS, scope),
    ):
        call(player, "glass", "PATCH" if path == SETTINGS else "POST", path, body)
    grants = call(player, "glass", "GET", f"{GRANTS}?mine=true").json()["results"]
    for grant in grants:
        for act, body in (("present", {"key": "A"}), ("approve", {"confirm": str(grant["number"])})):
            call(player, "glass", "POST", f"{GRANTS}/{grant['id']}/{act}", body)
    return [grant["id"] for grant in grants]


@pytest.mark.parametrize("role", ["guest", "user", *OF_PEOPLE])
def test_no_role_opens_content_alone_by_any_combination_of_calls(on: Cast, plan: Path, role: str) -> None:
    """Every opening that the ledger holds rests on the policy, or names person, reason and another one as approver."""
    sealed = protect(on.paul, plan)
    player = on.join(f"role{uuid4().hex[:6]}", "glass", role="user" if role == "guest" else role)
    if role == "guest":
        Membership.objects.within(on.organizations["glass"].id).filter(person_id=player.id).update(guest=True)
    foreign = granted(on)
    for _pass in range(2):
        for grant in (None, foreign, str(uuid4()), *everything_alone(player, on)):
            with under(player, grant):
                refusal(player, sealed.path)
    assert ledger(on, "glass", "content.opened", cid=sealed.cid, outcome="allowed") == []
    assert len(ledger(on, "glass", "content.opened", cid=sealed.cid, outcome="refused")) >= 6


@pytest.mark.parametrize("role", OF_APPLICATIONS)
def test_no_role_of_an_application_lets_it_change_approve_or_ask(role: str) -> None:
    """What an application may do is its roles alone: none of them has to do with super users."""
    mine = permissions_of([role])
    assert not mine & {Permission.SUPER_USERS_APPROVE, Permission.SUPER_USERS_MANAGE}


# --- the emergency --------------------------------------------------------------------------------------------------


def test_two_keepers_approve_together_where_no_administrator_can_and_one_alone_never(cast: Cast) -> None:
    """Each is shown their own key, once; wrong ones are recorded and counted; both keys are spent by an approval."""
    slug = f"lone{uuid4().hex[:6]}"
    organization = cast.found(slug, "lena")
    lena, first, second, asker = cast.lena, *(cast.join(f"{name}{slug}", slug) for name in ("kim", "lou", "moe"))
    confirmed(lena, slug, "PATCH", SETTINGS, {"on": True})
    confirmed(lena, slug, "POST", f"{SETTINGS}/people", {"address": asker.address})
    both = {"first": first.address, "second": second.address}
    for wrong in ({**both, "second": first.address}, {**both, "second": lena.address}):
        problem(call(lena, slug, "POST", f"{SETTINGS}/recovery-keys", wrong), 400, "not_a_keeper")
    confirmed(lena, slug, "POST", f"{SETTINGS}/recovery-keys", both)
    problem(call(lena, slug, "POST", f"{SETTINGS}/recovery-keys/mine"), 404, "not_found")
    keys = [call(one, slug, "POST", f"{SETTINGS}/recovery-keys/mine").json()["key"] for one in (first, second)]
    problem(call(first, slug, "POST", f"{SETTINGS}/recovery-keys/mine"), 409, "key_was_shown")
    body = {"reason": "Nobody else is there", "confirm": "ask"}
    mail.outbox.clear()
    grant = call(asker, slug, "POST", GRANTS, body).json()["grant"]
    assert {first.address, second.address, lena.address} == told().keys()
    path = f"{GRANTS}/{grant}/present"
    problem(call(lena, slug, "POST", path, {"key": keys[0]}), 404, "not_found")
    problem(call(second, slug, "POST", path, {"key": keys[0]}), 409, "recovery_refused")
    for _again in range(2):
        assert call(first, slug, "POST", path, {"key": keys[0].lower()}).json()["state"] == "waiting"
    mail.outbox.clear()
    assert call(second, slug, "POST", path, {"key": keys[1]}).json()["state"] == "active"
    assert told().keys() == {asker.address, lena.address}
    shown = call(lena, slug, "GET", f"{GRANTS}/{grant}").json()
    assert shown["approved_by"] == f"{first.address}, {second.address}"
    presented = ledger(cast, slug, "recovery_key.presented")
    assert [one.outcome for one in presented] == ["done", "done", "done", "refused"]
    again = call(asker, slug, "POST", GRANTS, body).json()["grant"]
    problem(call(first, slug, "POST", f"{GRANTS}/{again}/present", {"key": keys[0]}), 404, "not_found")
    key = call(first, slug, "POST", f"{SETTINGS}/recovery-keys/mine").json()["key"]
    for _guess in range(5):
        problem(call(first, slug, "POST", f"{GRANTS}/{again}/present", {"key": "AAAA"}), 409, "recovery_refused")
    problem(call(first, slug, "POST", f"{GRANTS}/{again}/present", {"key": key}), 409, "recovery_refused")
    cast.join("nele", slug, role="global_administrator")
    assert call(cast.nele, slug, "GET", SETTINGS).json()["keepers"][0]["shown"]
    assert organization.id


def test_what_one_keeper_presented_ends_with_the_keys_and_has_no_part_in_another_approval(cast: Cast) -> None:
    slug = f"lone{uuid4().hex[:6]}"
    cast.found(slug, "lena")
    lena, first, second, asker = cast.lena, *(cast.join(f"{name}{slug}", slug) for name in ("kim", "lou", "moe"))
    confirmed(lena, slug, "PATCH", SETTINGS, {"on": True})
    confirmed(lena, slug, "POST", f"{SETTINGS}/people", {"address": asker.address})

    def keys() -> list[str]:
        both = {"first": first.address, "second": second.address}
        confirmed(lena, slug, "POST", f"{SETTINGS}/recovery-keys", both)
        return [call(one, slug, "POST", f"{SETTINGS}/recovery-keys/mine").json()["key"] for one in (first, second)]

    grant = call(asker, slug, "POST", GRANTS, {"reason": "Nobody else is there", "confirm": "ask"}).json()["grant"]
    path = f"{GRANTS}/{grant}/present"
    assert call(first, slug, "POST", path, {"key": keys()[0]}).json()["state"] == "waiting"
    assert call(second, slug, "POST", path, {"key": keys()[1]}).json()["state"] == "waiting", "the first again"
    with in_organization(cast.organizations[slug].id):
        made = approve_grant(actor=Actor(lena.id, lena.address), grant=UUID(grant))
    assert (made.emergency, made.approved_by) == (False, lena.address)
    assert "emergency" not in ledger(cast, slug, "super_user_grant.approved")[0].details


def test_keys_are_for_the_case_that_no_administrator_can_approve(on: Cast) -> None:
    both = {"first": on.paul.address, "second": on.quin.address}
    confirmed(on.gwen, "glass", "POST", f"{SETTINGS}/recovery-keys", both)
    key = call(on.paul, "glass", "POST", f"{SETTINGS}/recovery-keys/mine").json()["key"]
    grant = asked(on.sue)
    problem(call(on.paul, "glass", "POST", f"{GRANTS}/{grant}/present", {"key": key}), 409, "recovery_refused")
    call(on.sue, "glass", "POST", f"{GRANTS}/{grant}/decline", {})


# --- on pages ------------------------------------------------------------------------------------------------------


def test_the_pages_lead_from_the_request_to_the_report(on: Cast) -> None:
    site, host, organization = Site(on, {}), "glass.localhost:8000", on.organizations["glass"].id
    gwen, hugo, sue, iris = (site.browser(host, one) for one in (on.gwen, on.hugo, on.sue, on.iris))
    listed = gwen.get("/super-users/").content.decode()
    assert on.sue.address in listed
    assert "Ask for a grant" not in listed
    assert site.browser(host, on.join(f"other{uuid4().hex[:6]}", "glass")).get("/super-users/").status_code == 404
    assert "Ask for a grant" in sue.get("/super-users/").content.decode()
    form = {"reason": "A page", "hours": "2", "owner": on.paul.address, "documents": "no id"}
    assert "One of them is no id of a document." in sue.post("/super-users/grants/new/", form).content.decode()
    form["documents"] = ""
    assert "Ask for a super-user grant for 2 hours?" in sue.post("/super-users/grants/new/", form).content.decode()
    assert sue.post("/super-users/grants/new/", {**form, "confirm": "ask"})["Location"] == "/super-users/"
    with in_organization(organization):
        waiting = SuperUserGrant.objects.get(reason="A page")
    page = f"/super-users/grants/{waiting.id}/"
    assert "Withdraw it" in sue.get(page).content.decode()
    assert "you and the person who asks are not independent" in gwen.get(page).content.decode()
    assert 'value="approve"' in hugo.get(page).content.decode()
    hugo.post(f"{page}answer/", {"act": "approve", "confirm": str(waiting.number)})
    assert f"--super-user {waiting.number}" in sue.get(page).content.decode()
    iris.post(f"{page}answer/", {"act": "end", "confirm": str(waiting.number)})
    with in_organization(organization):
        seal_ledger(str(organization))
    file = iris.get(f"{page}report/")
    assert file["Content-Disposition"] == f'attachment; filename="super-user-grant-{waiting.number}.json"'
    assert verify_report(on.iris.session.own_organization(None), json.loads(file.content)).opened == ()


def test_a_keeper_is_shown_their_key_once_on_the_page(on: Cast) -> None:
    site, host = Site(on, {}), "glass.localhost:8000"
    gwen, quin = site.browser(host, on.gwen), site.browser(host, on.quin)
    both = {"first": on.paul.address, "second": on.quin.address}
    confirm = {"confirm": f"{on.paul.address}, {on.quin.address}", "reason": "For the case"}
    assert "You see neither." in gwen.post("/super-users/recovery-keys/", both).content.decode()
    gwen.post("/super-users/recovery-keys/", {**both, **confirm})
    assert "Show my key, once" in quin.get("/super-users/").content.decode()
    assert re.search(r"([A-Z2-7]{4}-){7}[A-Z2-7]{4}", quin.post("/super-users/recovery-keys/mine/").content.decode())
    assert quin.post("/super-users/recovery-keys/mine/").status_code == 302
    assert "Show my key" not in quin.get("/super-users/").content.decode()
