"""The owner answers a request for access once, and the answer is what the next opening meets."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connections

from chancery.policy.policy import Conditions, parse_policy
from chancery.sdk.results import Protected
from protection.actor import OF_ADMINISTRATORS, Actor
from protection.services.create_template import create_template
from protection.services.publish_template import publish_template
from protection.services.template_draft import TemplateDraft
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.remove_person import remove_person
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Site
from tests.protection.asking import (
    DAY,
    HOUR,
    asked,
    asked_under_a_deny_entry,
    blockers_of,
    command,
    decline,
    document,
    end_what_was_given,
    grant,
    kinds,
    mails,
    newcomer,
    seen,
    why_me,
)
from tests.protection.steps import MAX, Later, call, opening, problem, protect, refusal, rights
from tests.protection.test_conditions import opened_days_ago


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{MAX}:VIEW", offline_days=7)


def test_only_issuer_and_owner_answer(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    assert call(cast.ada, "contoso", "GET", f"access-requests/{request}").status_code == 200
    problem(grant(cast.ada, request), 403, "only_the_owner")
    problem(decline(cast.ada, request), 403, "only_the_owner")
    for stranger in (cast.max, cast.mallory, rita):
        problem(grant(stranger, request), 404, "not_found")
        problem(call(stranger, "contoso", "GET", f"access-requests/{request}"), 404, "not_found")
    listed = call(cast.ada, "contoso", "GET", "access-requests?scope=all&limit=200").json()["results"]
    assert request in {one["id"] for one in listed}
    assert request not in {
        one["id"] for one in call(cast.max, "contoso", "GET", "access-requests?scope=all").json()["results"]
    }
    assert refusal(rita, sealed.path).reason == "not_granted"


def test_two_answers_at_once_are_one(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)

    def answer(yes: bool) -> Any:
        try:
            return grant(cast.olga, request) if yes else decline(cast.olga, request)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(answer, [True, False, True, False]))
    won = [one.json() for one in answers if one.status_code < 300]
    assert len(won) == 1
    assert {json.loads(one.content)["code"] for one in answers if one.status_code >= 300} == {"already_answered"}
    assert len(kinds(cast, sealed.cid)) == 2
    opens = "rights" in won[0]
    assert (refusal(rita, sealed.path).reason == "not_granted") if not opens else rights(rita, sealed.path)


def test_a_document_that_follows_a_template_goes_on_doing_so(cast: Cast, plan: Path) -> None:
    rita, name = newcomer(cast), f"Team {uuid4().hex[:4]}"
    ada = Actor(person=cast.ada.id, address=cast.ada.address, permissions=OF_ADMINISTRATORS)
    policy = parse_policy({"grants": [{"who": MAX, "rights": ["VIEW"]}]})
    with in_organization(cast.organizations["contoso"].id):
        template = create_template(actor=ada, draft=TemplateDraft(names={"en": name}, policy=policy))
        publish_template(actor=ada, template=template)
    sealed = protect(cast.olga, plan, template=name)
    grant(cast.olga, asked(rita, sealed))
    assert "VIEW" in rights(rita, sealed.path)
    found = document(cast.olga, sealed.cid)
    assert found["document"]["template"] == str(template)
    assert [one["who"] for one in found["personal_grants"]] == [rita.address]
    assert rights(cast.max, sealed.path) == {"VIEW"}


def test_access_taken_from_one_person_is_restored_by_the_grant(cast: Cast, plan: Path) -> None:
    rita = newcomer(cast)
    sealed = protect(cast.olga, plan, f"{rita.address}:VIEW", offline_days=0)
    opening(rita, sealed.path)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": rita.address})
    request = asked(rita, sealed)
    problem(grant(cast.olga, request), 409, "still_blocked")
    assert refusal(rita, sealed.path).reason == "revoked_for_you"
    assert grant(cast.olga, request, lift=["restore"]).json()["changes"] == ["restore"]
    assert "VIEW" in rights(rita, sealed.path)
    assert kinds(cast, sealed.cid) == ["access.requested", "content.restored", "access.granted"]


def test_days_that_are_over_begin_anew_for_one_person(cast: Cast, plan: Path) -> None:
    rita = newcomer(cast)
    sealed = protect(
        cast.olga, plan, f"{rita.address}:VIEW", f"{MAX}:VIEW", expires_after_opening_days=7, offline_days=0
    )
    opening(rita, sealed.path)
    opening(cast.max, sealed.path)
    opened_days_ago(cast, sealed.cid, 8)
    request = asked(rita, sealed)
    problem(grant(cast.olga, request), 409, "still_blocked")
    assert grant(cast.olga, request, lift=["renew"]).json()["changes"] == ["renew"]
    assert "VIEW" in rights(rita, sealed.path)
    assert refusal(cast.max, sealed.path).reason == "expired_after_opening"


def test_an_expired_document_is_extended_only_when_the_owner_says_so(cast: Cast, plan: Path) -> None:
    rita, until = newcomer(cast), int(time.time()) + DAY
    sealed = protect(cast.olga, plan, f"{rita.address}:VIEW", f"{MAX}:VIEW", expires=1)
    request = asked(rita, sealed)
    problem(grant(cast.olga, request, until=until), 409, "still_blocked")
    assert grant(cast.olga, request, until=until, rights=["VIEW"], lift=["extend"]).json() == {
        "changed": True,
        "message": ANY,
        "warnings": [],
        "id": request,
        "rights": ["VIEW"],
        "ends": until,
        "changes": ["extend"],
    }
    assert "VIEW" in rights(rita, sealed.path)
    assert rights(cast.max, sealed.path) == {"VIEW"}, "the end is the document's, so it moves for everybody"
    assert document(cast.olga, sealed.cid)["policy"]["expires"] == until


def test_a_deny_entry_reads_as_nothing_granted_and_is_removed_only_when_the_owner_says_so(
    cast: Cast, plan: Path
) -> None:
    rita = newcomer(cast)
    sealed = protect(cast.olga, plan, f"{rita.address}:VIEW", deny=("domain:fabrikam.example", "domain:rival.example"))
    request = asked(rita, sealed)
    told = why_me(rita, sealed.cid).json()
    assert [one["reason"] for one in told["reasons"]] == ["not_granted"]
    assert "deny" not in json.dumps(told)
    assert "domain" not in json.dumps(told)
    assert refusal(rita, sealed.path).reason == "not_granted"
    problem(grant(cast.olga, request), 409, "still_blocked")
    assert grant(cast.olga, request, lift=["admit:domain:fabrikam.example"]).json()["changes"] == ["admit"]
    assert "VIEW" in rights(rita, sealed.path)
    assert document(cast.olga, sealed.cid)["policy"]["deny"] == ["domain:rival.example"]


def test_what_came_in_the_way_after_the_look_is_not_changed_unseen(cast: Cast, plan: Path) -> None:
    rita, request, sealed = asked_under_a_deny_entry(cast, plan)
    seen_then = blockers_of(cast, request)
    assert seen_then == ["admit:domain:fabrikam.example"]
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": rita.address})
    answer = problem(grant(cast.olga, request, lift=seen_then), 409, "still_blocked")
    assert "revoked" in answer["detail"]
    assert "fabrikam" not in answer["detail"], "only what was not seen is told"
    assert document(cast.olga, sealed.cid)["policy"]["deny"] == ["domain:fabrikam.example"]
    assert kinds(cast, sealed.cid) == ["access.requested"]
    assert grant(cast.olga, request, lift=blockers_of(cast, request)).json()["changes"] == ["restore", "admit"]
    assert "VIEW" in rights(rita, sealed.path)


def test_a_yes_in_the_browser_is_about_what_the_page_showed(cast: Cast, plan: Path) -> None:
    rita, request, sealed = asked_under_a_deny_entry(cast, plan)
    shown = 'name="seen" value="admit:domain:fabrikam.example"'
    assert shown in seen(cast, request)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": rita.address})
    olga = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    yes = {"decision": "grant", "level": "viewer", "ends": "7", "lift": "on", "seen": ["admit:domain:fabrikam.example"]}
    again = olga.post(f"/requests/{request}/", yes)
    assert again.status_code == 200
    page = again.content.decode()
    assert 'name="seen" value="restore"' in page
    assert "checked" not in page[page.index('name="lift"') :].partition(">")[0]
    assert kinds(cast, sealed.cid) == ["access.requested"]
    assert olga.post(f"/requests/{request}/", {**yes, "seen": ["restore", *yes["seen"]]}).status_code == 302
    assert "VIEW" in rights(rita, sealed.path)


def test_the_command_shows_what_it_changes_and_changes_nothing_else(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita, request, sealed = asked_under_a_deny_entry(cast, plan)
    assert "Look at the request again" in command(cast.olga, monkeypatch, "grant", request, code=5).stderr
    done = command(cast.olga, monkeypatch, "grant", request, "--lift")
    assert "To be changed too (admit:domain:fabrikam.example)" in done.stderr
    assert "has access and may: " in done.stdout
    assert rights(rita, sealed.path)


def test_what_was_taken_from_a_group_is_not_undone_by_a_grant_to_a_member(cast: Cast, plan: Path) -> None:
    player, contoso = newcomer(cast, "contoso"), cast.organizations["contoso"].id
    group = f"team-{uuid4().hex[:6]}@contoso.example"
    create_group(
        organization_id=contoso, address=group, name="Team", members=[Member(person_id=player.id)], actor=ACTOR
    )
    sealed = protect(cast.olga, plan, f"{player.address}:VIEW", offline_days=0)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": group})
    request = asked(player, sealed)
    answer = problem(grant(cast.olga, request, lift=["restore", "admit"]), 409, "still_blocked")
    assert "groups is revoked" in answer["detail"]
    assert kinds(cast, sealed.cid) == ["access.requested"]


def test_revoked_meanwhile_nothing_is_given(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"})
    problem(grant(cast.olga, request, lift=["restore", "admit"]), 409, "still_blocked")
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/restore", {})
    assert refusal(rita, sealed.path).reason == "not_granted"
    assert grant(cast.olga, request).status_code == 200


def test_somebody_who_is_gone_is_given_nothing(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    disable_person(organization_id=cast.organizations["fabrikam"].id, person_id=rita.id, reason="left", actor=ACTOR)
    answer = problem(grant(cast.olga, request), 409, "requester_gone")
    assert answer["detail"] == f"The person who asked can no longer open anything as {rita.address}."
    page = seen(cast, request)
    assert "Give access" in page
    assert "cannot" not in page, "what Fabrikam did with its people is not shown to whoever only looks"
    assert "disabled" not in page
    assert decline(cast.olga, request).json()["changed"]


@pytest.mark.parametrize(
    ("terms", "status"),
    [({"until": 1}, 400), ({"rights": ["FLY"]}, 400), ({"rights": ["PRINT"]}, 400), ({"for": "ever"}, 400)],
)
def test_terms_that_make_no_sense_change_nothing(cast: Cast, sealed: Protected, terms: Any, status: int) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    assert grant(cast.olga, request, **terms).status_code == status
    assert kinds(cast, sealed.cid) == ["access.requested"]


def test_less_than_before_ends_what_is_cached(cast: Cast, sealed: Protected, clock: Later) -> None:
    rita = newcomer(cast)
    grant(cast.olga, asked(rita, sealed), rights=["co-author"], until=int(time.time()) + HOUR)
    assert "PRINT" in rights(rita, sealed.path)
    end_what_was_given(cast, sealed.cid)
    clock.ahead = HOUR + 60
    grant(cast.olga, asked(rita, sealed), rights=["viewer"])
    assert "PRINT" not in rights(rita, sealed.path)


def test_the_end_that_is_shown_is_the_one_that_the_decision_keeps(cast: Cast, plan: Path) -> None:
    now, rita, tom = int(time.time()), newcomer(cast), newcomer(cast)
    sealed = protect(cast.olga, plan, f"{tom.address}:VIEW", expires_after_opening_days=3, offline_days=0)
    never_opened = grant(cast.olga, asked(rita, sealed), until=now + 30 * DAY).json()
    assert now + 3 * DAY <= never_opened["ends"] <= int(time.time()) + 3 * DAY
    assert time.strftime("%Y-%m-%d %H:%M", time.gmtime(never_opened["ends"])) in mails()[-1].body
    opening(rita, sealed.path)
    opened_days_ago(cast, sealed.cid, 2)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": rita.address})
    again = grant(cast.olga, asked(rita, sealed), until=now + 30 * DAY, lift=["restore"]).json()
    assert abs(again["ends"] - (now + DAY)) < 60


def test_the_end_that_is_shown_knows_the_last_moment_of_the_policy(cast: Cast, plan: Path) -> None:
    last = int(time.time()) + 2 * DAY
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW", conditions=Conditions(not_after=last))
    assert grant(cast.olga, asked(newcomer(cast), sealed)).json()["ends"] == last


def test_nobody_reads_an_answer_that_is_not_for_them(cast: Cast, plan: Path) -> None:
    """The address may be a successor's by the time the owner declines."""
    rita = newcomer(cast)
    request = asked(rita, protect(cast.olga, plan, f"{MAX}:VIEW"))
    fabrikam = cast.organizations["fabrikam"].id
    remove_person(organization_id=fabrikam, person_id=rita.id, reason="left", actor=ACTOR)
    create_person(organization_id=fabrikam, address=rita.address, name="Nina", actor=ACTOR)
    mail.outbox.clear()
    assert decline(cast.olga, request, "Not for you, Rita").json()["changed"]
    assert mails() == []
