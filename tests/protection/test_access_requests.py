"""Who was refused asks, and reads why in their own words."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.core import mail
from django.db import connections

from chancery.cli.main import main
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from protection.models import AccessRequest, Content
from protection.services import request_access
from protection.services.request_access import ASKED_A_DAY, ASKED_AGAIN
from tenants.context import in_organization
from tenants.directory.models import Membership, Person
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.remove_address import remove_address
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Site
from tests.protection.asking import (
    DAY,
    HOUR,
    ask,
    asked,
    command,
    decline,
    end_what_was_given,
    grant,
    kinds,
    mails,
    newcomer,
    why_me,
)
from tests.protection.steps import MAX, Later, call, ledger, opening, problem, protect, refusal, rights
from tests.second_address import give_address


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{MAX}:VIEW", offline_days=7)


def test_a_refused_partner_asks_and_is_let_in_for_a_week_unseen_by_others(cast: Cast, sealed: Protected) -> None:
    rita, until = newcomer(cast), int(time.time()) + 7 * DAY
    request = asked(rita, sealed, note="I prepare the meeting.", level="reviewer")
    (question,) = mails()
    assert question.to == ["olga@contoso.example"]
    assert question.subject == f"{rita.address} asks for access to plan.txt"
    for told in ("of Fabrikam", "I prepare the meeting.", f"/requests/{request}/"):
        assert told in question.body
    (waiting,) = [
        one for one in call(cast.olga, "contoso", "GET", "access-requests").json()["results"] if one["id"] == request
    ]
    assert (waiting["who"], waiting["organization"], waiting["level"]) == (rita.address, "Fabrikam", "reviewer")
    assert (waiting["title"], waiting["reason"]) == ("plan.txt", "not_granted")
    answer = grant(cast.olga, request, rights=["viewer"], until=until).json()
    assert (answer["ends"], answer["changes"]) == (until, [])
    opened = opening(rita, sealed.path)
    assert {"VIEW", "REPLY"} <= set(opened.rights)
    assert opened.offline_until <= until
    answered = mails()[1]
    assert (answered.to, "Access ends: 2" in answered.body) == ([rita.address], True)
    assert refusal(newcomer(cast), sealed.path).reason == "not_granted"
    assert kinds(cast, sealed.cid) == ["access.requested", "access.granted"]
    granted = ledger(cast, "contoso", "access.granted", cid=sealed.cid)[0]
    assert granted.personal["recipient"] == rita.address
    assert (granted.details["until"], granted.details["basis"]) == (until, "issuer")


def test_access_for_a_time_ends_by_itself_and_the_next_edition_gets_a_new_key(
    cast: Cast, plan: Path, clock: Later
) -> None:
    sealed, rita = protect(cast.olga, plan, f"{MAX}:VIEW,EDIT", offline_days=7), newcomer(cast)
    until = int(time.time()) + HOUR
    request = asked(rita, sealed)
    grant(cast.olga, request, until=until)
    assert opening(rita, sealed.path).offline_until <= until
    assert not opening(cast.max, sealed.path).rekey
    end_what_was_given(cast, sealed.cid)
    clock.ahead = HOUR + 60
    assert refusal(rita, sealed.path).reason == "grant_ended"
    clock.ahead = 0
    cast.max.session.service.feeds_asked.clear()
    fresh = cast.enroll("max-again", cast.max.id, cast.max.address)
    assert opening(fresh, sealed.path).rekey, "somebody who knows the key has lost access"
    changed = plan.with_name("changed.txt")
    changed.write_text("better", encoding="utf-8")
    fresh.session.save_edition(sealed.path, changed)
    later = cast.enroll("max-later", cast.max.id, cast.max.address)
    assert not opening(later, sealed.path).rekey


@pytest.mark.parametrize("who", ["max", "mallory", "rita"])
def test_who_was_never_refused_finds_nothing(cast: Cast, plan: Path, who: str) -> None:
    player, sealed = getattr(cast, who), protect(cast.olga, plan)
    problem(ask(player, sealed.cid), 404, "not_found")
    problem(ask(player, uuid4()), 404, "not_found")
    problem(why_me(player, sealed.cid), 404, "not_found")
    problem(call(player, "contoso", "GET", f"documents/{sealed.cid}/access-requests"), 404, "not_found")
    assert mails() == []


def test_asking_again_for_no_more_changes_the_request_and_mails_nobody(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed, note="first", level="co-author")
    again = ask(rita, sealed.cid, note="second", level="co-author")
    assert (again.status_code, again.json()["id"]) == (200, request)
    mine = call(rita, "contoso", "GET", f"documents/{sealed.cid}/access-requests").json()["results"]
    assert [(one["note"], one["level"], one["state"]) for one in mine] == [("second", "co-author", "open")]
    assert "title" not in mine[0], "who was refused is not told the document's name"
    assert len(mails()) == 1
    assert kinds(cast, sealed.cid) == ["access.requested"]


def test_asking_for_more_is_mailed_again_and_not_given_to_who_saw_less(
    cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    assert ask(rita, sealed.cid, level="co-author").status_code == 200
    first, again = mails()
    assert "as viewer." in first.body
    assert again.subject == f"{rita.address} asks for more access to plan.txt"
    assert "as co-author." in again.body
    assert again.to == ["olga@contoso.example"]
    answer = problem(grant(cast.olga, request, level="viewer"), 409, "another_level")
    assert "co-author" in answer["detail"]
    problem(grant(cast.olga, request, level=""), 400, "invalid")
    problem(call(cast.olga, "contoso", "POST", f"access-requests/{request}/grant", {}), 409, "another_level")
    assert kinds(cast, sealed.cid) == ["access.requested"]
    done = command(cast.olga, monkeypatch, "grant", request)
    assert f"{rita.address} asks for the level co-author." in done.stderr
    assert "has access and may: " in done.stdout
    assert "print" in done.stdout.lower()
    assert "PRINT" in rights(rita, sealed.path)


def test_rights_that_are_named_are_given_whatever_is_asked_for_by_now(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    ask(rita, sealed.cid, level="co-author")
    assert grant(cast.olga, request, rights=["viewer"]).status_code == 200
    assert "PRINT" not in rights(rita, sealed.path)


def test_of_the_requester_s_organizations_only_that_of_their_address_is_shown(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    other = cast.found(f"secret-{uuid4().hex[:6]}", f"boss-{uuid4().hex[:6]}")
    Membership.objects.of_installation().create(organization_id=other.id, person_id=rita.id)
    asked(rita, sealed)
    assert "of Fabrikam was refused" in mails()[-1].body
    assert "Secret" not in mails()[-1].body
    (listed,) = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/access-requests").json()["results"]
    assert listed["organization"] == "Fabrikam"


def test_mail_to_those_who_answer_goes_to_their_address_of_today_or_nowhere(cast: Cast, plan: Path) -> None:
    owner, contoso = newcomer(cast, "contoso"), cast.organizations["contoso"].id
    sealed, today = protect(owner, plan), f"renamed-{uuid4().hex[:6]}@contoso.example"
    give_address(contoso, owner.id, today)
    Person.objects.filter(id=owner.id).update(email=today)
    remove_address(person_id=owner.id, address=owner.address, actor=ACTOR, organization_id=contoso)
    asked(newcomer(cast), sealed)
    assert [one.to for one in mails() if "asks for access" in one.subject] == [[today]]
    disable_person(organization_id=contoso, person_id=owner.id, reason="left", actor=ACTOR)
    mail.outbox.clear()
    asked(newcomer(cast), sealed)
    assert [one.subject for one in mails() if "asks for access" in one.subject] == []


def test_the_requester_s_words_do_not_pass_for_the_product_s(cast: Cast, sealed: Protected) -> None:
    forged = "Hello\n\nGive access or decline: https://evil.example/\rOnly what you answer there counts."
    request = asked(newcomer(cast), sealed, note=forged)
    body = mails()[-1].body
    before, _, after = body.partition("Note:\n\n")
    assert f"/requests/{request}/" in before
    assert all(line.startswith("> ") for line in after.splitlines())
    assert "> Give access or decline: https://evil.example/\n> Only what" in after


def test_two_questions_at_once_are_one(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    refusal(rita, sealed.path)

    def one(note: str) -> Any:
        try:
            return ask(rita, sealed.cid, note=note)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(one, ["a", "b", "c", "d"]))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert kinds(cast, sealed.cid) == ["access.requested"]


def test_a_no_can_be_asked_about_again_but_not_for_ever(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    refusal(rita, sealed.path)
    for _ in range(ASKED_AGAIN):
        answer = ask(rita, sealed.cid)
        assert answer.status_code == 201
        assert decline(cast.olga, answer.json()["id"], "Not yet.").status_code == 200
    problem(ask(rita, sealed.cid), 409, "asked_too_often")
    assert [one.subject for one in mails() if one.to == [rita.address]] == [
        "Your request for access was declined"
    ] * ASKED_AGAIN
    assert "plan.txt" not in mails()[1].body
    assert "Not yet." in mails()[1].body


def test_nobody_floods_an_organization(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    refusal(rita, sealed.path)
    with in_organization(cast.organizations["contoso"].id):
        other = Content.objects.exclude(cid=sealed.cid).first() or Content.objects.get()
        AccessRequest.objects.bulk_create(
            AccessRequest(
                content=other,
                person_id=rita.id,
                address=rita.address,
                reason="x",
                wanted="viewer",
                state="declined",
                note="",
                name="",
                place="",
                message="",
            )
            for _ in range(ASKED_A_DAY)
        )
    problem(ask(rita, sealed.cid), 409, "asked_too_often")


def test_who_may_open_has_nothing_to_ask(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    grant(cast.olga, request)
    problem(ask(rita, sealed.cid), 409, "may_open")


def test_who_may_open_asks_for_a_higher_level_and_gets_it(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = protect(cast.olga, plan, f"{MAX}:viewer")
    answer = problem(ask(cast.max, document.cid), 409, "may_open")
    assert "higher level" in answer["next_step"]
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.max.session))
    said = ["request", "--level", "co-author", "--note", "To print", str(document.path)]
    done = CliRunner().invoke(main, said)
    assert done.exit_code == 0, done.output
    request = call(cast.olga, "contoso", "GET", f"documents/{document.cid}/access-requests").json()["results"][0]
    assert (request["level"], request["note"]) == ("co-author", "To print")
    grant(cast.olga, request["id"], level="co-author")
    assert "PRINT" in rights(cast.max, document.path)
    body = {"level": "co-author"}
    problem(call(cast.max, "contoso", "POST", f"documents/{document.cid}/access-requests", body), 409, "may_open")


def test_why_names_the_level_that_has_the_missing_right(
    cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.max.session))
    told = CliRunner().invoke(main, ["why", "--right", "print", str(sealed.path)])
    assert "You may open this document" in told.output
    assert f"chancery request --level co-author {sealed.path}" in told.output


def test_the_owner_asking_about_one_right_reads_that_only_it_is_missing(cast: Cast, sealed: Protected) -> None:
    answer = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/why?who={MAX}&right=PRINT").json()
    message = "This person may open the document, but was not given the right to: print."
    assert [one["message"] for one in answer["blockers"]] == [message]
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    page = browser.get(f"/documents/{sealed.cid}/why/?who={MAX}&right=PRINT").content.decode()
    assert (message in page, "No, but may open it" in page, "grants this person access" in page) == (True, True, False)


def test_asking_is_offered_only_when_it_can_succeed_and_a_note_is_never_lost(
    cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = newcomer(cast)
    refusal(rita, sealed.path)
    browser = Site(cast, {}).browser("contoso.localhost:8000", rita)
    path, note = f"/documents/{sealed.cid}/access/", "I prepare the meeting on Monday."
    assert 'name="note"' in browser.get(path).content.decode()
    monkeypatch.setattr(request_access, "REFUSED_DAYS", 0)  # The refusal lies too long ago.
    page = browser.get(path).content.decode()
    assert ('name="note"' in page, "you were not refused lately" in page) == (False, True)
    assert why_me(rita, sealed.cid).json()["may_ask"] is False
    sent = browser.post(path, {"level": "viewer", "note": note})
    assert (sent.status_code, note in sent.content.decode()) == (200, True)
    assert "you were not refused lately" in sent.content.decode()


def test_what_was_taken_from_everybody_is_not_asked_for(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    refusal(rita, sealed.path)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"})
    answer = problem(ask(rita, sealed.cid), 409, "nothing_to_ask")
    assert "olga@contoso.example" in answer["next_step"]


def test_only_those_who_can_answer_are_offered_to(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    links = []
    for one in (cast.olga, cast.ada):
        page = Site(cast, {}).browser("contoso.localhost:8000", one).get(f"/documents/{sealed.cid}/")
        links.append(page.content.decode().partition(f'/requests/{request}/">')[2].partition("<")[0])
    assert links == ["Answer", "Look"]


def test_a_refused_person_reads_why_in_their_language_and_what_to_do(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    refusal(rita, sealed.path)
    told = why_me(rita, sealed.cid).json()
    assert (told["allowed"], told["rights"], told["contact"]) == (False, [], "olga@contoso.example")
    assert told["reasons"][0]["message"] == "You do not have access to this document."
    assert (told["may_ask"], told["request"]) == (True, None)
    assert MAX not in json.dumps(told)
    request = asked(rita, sealed)
    assert why_me(rita, sealed.cid).json()["request"]["id"] == request


def test_a_person_who_may_open_sees_their_rights(cast: Cast, sealed: Protected) -> None:
    told = why_me(cast.max, sealed.cid).json()
    assert (told["allowed"], told["rights"], told["reasons"]) == (True, ["VIEW"], [])
    printing = call(cast.max, "contoso", "GET", f"documents/{sealed.cid}/why?right=PRINT").json()
    assert (printing["allowed"], printing["may_ask"], printing["ask_level"]) == (False, True, "co-author")
    assert (
        printing["reasons"][0]["message"] == "You may open this document, but you were not given the right to: print."
    )


def test_the_owner_sees_what_applies_beside_the_policy(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    grant(cast.olga, asked(rita, sealed))
    answer = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/why?who={rita.address}").json()
    assert answer["allowed"]
    assert [(one["who"], one["personal"], one["until"]) for one in answer["entries"]] == [
        (f"address:{rita.address}", True, None)
    ]
