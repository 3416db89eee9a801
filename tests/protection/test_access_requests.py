"""Who was refused asks, the owner answers once, and the answer is what the next opening meets."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from django.core import mail
from django.db import connections

from portal.operations.withdraw import disable_person
from protection.client.cli.main import main
from protection.client.results import Protected
from protection.client.session import Session
from protection.events import Actor
from protection.licensing.policy import Conditions, parse_policy
from protection.models import AccessRequest, Content
from protection.services import request_access
from protection.services.create_template import create_template
from protection.services.publish_template import publish_template
from protection.services.request_access import ASKED_A_DAY, ASKED_AGAIN
from protection.services.template_draft import TemplateDraft
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.models import Membership, Person
from tenants.directory.services.add_address import add_address
from tenants.directory.services.create_group import create_group
from tenants.directory.services.remove_address import remove_address
from tests.cast import ACTOR, Cast, Player
from tests.isolation.visitors import Premises
from tests.protection.scene import MAX, call, ledger, opening, problem, protect, refusal, rights
from tests.protection.test_conditions import opened_days_ago

DAY = 86_400


def ask(player: Player, cid: UUID, **wish: str) -> Any:
    return call(player, "contoso", "POST", f"documents/{cid}/access-requests", wish)


def asked(player: Player, sealed: Protected, **wish: str) -> str:
    """Be refused, ask, and return the request's id."""
    refusal(player, sealed.path)
    answer = ask(player, sealed.cid, **wish)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def grant(player: Player, request: str, **terms: Any) -> Any:
    """Give access on these terms, without rights of their own as a viewer, which is what is asked for by default."""
    seen = {} if "rights" in terms else {"level": "viewer"}
    return call(player, "contoso", "POST", f"access-requests/{request}/grant", {**seen, **terms})


def decline(player: Player, request: str, message: str = "") -> Any:
    return call(player, "contoso", "POST", f"access-requests/{request}/decline", {"message": message})


def why_me(player: Player, cid: UUID) -> Any:
    return call(player, "contoso", "GET", f"documents/{cid}/why")


def document(player: Player, cid: UUID) -> dict[str, Any]:
    return dict(call(player, "contoso", "GET", f"documents/{cid}").json())


def seen(cast: Cast, request: str) -> str:
    """Return the page of a request as Olga's browser gets it."""
    page = Premises(cast, {}).browser("contoso.localhost:8000", cast.olga).get(f"/requests/{request}/")
    assert page.status_code == 200
    return page.content.decode()


def in_the_way(cast: Cast, request: str) -> list[str]:
    """Return the names of what stands in the way, as the request tells it to Olga."""
    found = call(cast.olga, "contoso", "GET", f"access-requests/{request}").json()["in_the_way"]
    return [one["name"] for one in found]


def asked_under_a_deny_entry(cast: Cast, plan: Path) -> tuple[Player, str, Protected]:
    rita = newcomer(cast)
    sealed = protect(cast.olga, plan, f"{rita.address}:VIEW", deny=("domain:fabrikam.example",))
    return rita, asked(rita, sealed), sealed


def command(player: Player, monkeypatch: pytest.MonkeyPatch, *words: str, code: int = 0) -> Result:
    """Run a command as this person at Contoso."""
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(player.session))
    done = CliRunner().invoke(main, [*words, "--organization", "contoso"])
    assert done.exit_code == code, done.output
    return done


def mails() -> list[Any]:
    """Return what was mailed about requests: enrolling a device is told by mail too."""
    return [one for one in mail.outbox if "device" not in one.subject]


def kinds(cast: Cast, cid: UUID) -> list[str]:
    """Return what happened to a document beside openings, oldest first."""
    found = ledger(cast, "contoso", "access.", "content.changed", "content.restored", cid=cid)
    return [event.kind for event in reversed(found)]


def newcomer(cast: Cast, slug: str = "fabrikam") -> Player:
    """Return somebody who has asked for nothing yet."""
    return cast.join(f"asker-{uuid4().hex[:6]}", slug)


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{MAX}:VIEW", offline_days=7)


# --- asking -------------------------------------------------------------------------------------------------------


def test_a_refused_partner_asks_is_let_in_for_a_week_and_tells_nobody_else(cast: Cast, sealed: Protected) -> None:
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
    assert (granted.details["until"], granted.details["ground"]) == (until, "issuer")


def test_access_for_a_time_ends_by_itself_and_the_next_edition_gets_a_new_key(cast: Cast, plan: Path) -> None:
    sealed, rita = protect(cast.olga, plan, f"{MAX}:VIEW,EDIT", offline_days=7), newcomer(cast)
    until = int(time.time()) + 3
    request = asked(rita, sealed)
    grant(cast.olga, request, until=until)
    assert opening(rita, sealed.path).offline_until <= until
    assert not opening(cast.max, sealed.path).rekey
    time.sleep(until - time.time() + 1)
    assert refusal(rita, sealed.path).reason == "not_granted"
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
    assert "They may: " in done.stdout
    assert "print" in done.stdout.lower()
    assert "PRINT" in rights(rita, sealed.path)


def test_rights_that_are_named_are_given_whatever_is_asked_for_by_now(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    ask(rita, sealed.cid, level="co-author")
    assert grant(cast.olga, request, rights=["viewer"]).status_code == 200
    assert "PRINT" not in rights(rita, sealed.path)


def test_of_the_organizations_of_whoever_asks_only_that_of_his_address_is_told(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    other = cast.found(f"secret-{uuid4().hex[:6]}", f"boss-{uuid4().hex[:6]}")
    Membership.objects.of_installation().create(organization_id=other.id, person_id=rita.id)
    asked(rita, sealed)
    assert "of Fabrikam was refused" in mails()[-1].body
    assert "Secret" not in mails()[-1].body
    (listed,) = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/access-requests").json()["results"]
    assert listed["organization"] == "Fabrikam"


def test_who_answers_is_mailed_where_he_is_reached_today_or_not_at_all(cast: Cast, plan: Path) -> None:
    owner, contoso = newcomer(cast, "contoso"), cast.organizations["contoso"].id
    sealed, today = protect(owner, plan), f"renamed-{uuid4().hex[:6]}@contoso.example"
    assert add_address(organization_id=contoso, person_id=owner.id, address=today, actor=ACTOR)
    Person.objects.filter(id=owner.id).update(email=today)
    remove_address(person_id=owner.id, address=owner.address, actor=ACTOR, organization_id=contoso)
    asked(newcomer(cast), sealed)
    assert [one.to for one in mails() if "asks for access" in one.subject] == [[today]]
    disable_person(organization_id=contoso, person_id=owner.id, reason="left", actor=ACTOR)
    mail.outbox.clear()
    asked(newcomer(cast), sealed)
    assert [one.subject for one in mails() if "asks for access" in one.subject] == []


def test_the_words_of_whoever_asks_do_not_pass_for_those_of_the_product(cast: Cast, sealed: Protected) -> None:
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
        assert decline(cast.olga, answer.json()["id"], "Not yet.").status_code == 204
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
    assert [one["message"] for one in answer["obstacles"]] == [message]
    browser = Premises(cast, {}).browser("contoso.localhost:8000", cast.olga)
    page = browser.get(f"/documents/{sealed.cid}/why/?who={MAX}&right=PRINT").content.decode()
    assert (message in page, "No, but may open it" in page, "grants this person access" in page) == (True, True, False)


def test_asking_is_offered_only_when_it_can_succeed_and_a_note_is_never_lost(
    cast: Cast, sealed: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = newcomer(cast)
    refusal(rita, sealed.path)
    browser = Premises(cast, {}).browser("contoso.localhost:8000", rita)
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
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {})
    answer = problem(ask(rita, sealed.cid), 409, "nothing_to_ask")
    assert "olga@contoso.example" in answer["next_step"]


def test_only_those_who_can_answer_are_offered_to(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    links = []
    for one in (cast.olga, cast.ada):
        page = Premises(cast, {}).browser("contoso.localhost:8000", one).get(f"/documents/{sealed.cid}/")
        links.append(page.content.decode().partition(f'/requests/{request}/">')[2].partition("<")[0])
    assert links == ["Answer", "Look"]


# --- answering ----------------------------------------------------------------------------------------------------


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
    won = [one.status_code for one in answers if one.status_code < 300]
    assert len(won) == 1
    assert {json.loads(one.content)["code"] for one in answers if one.status_code >= 300} == {"already_answered"}
    assert len(kinds(cast, sealed.cid)) == 2
    opens = won == [200]
    assert (refusal(rita, sealed.path).reason == "not_granted") if not opens else rights(rita, sealed.path)


def test_a_document_that_follows_a_template_goes_on_doing_so(cast: Cast, plan: Path) -> None:
    rita, name = newcomer(cast), f"Team {uuid4().hex[:4]}"
    ada = Actor(person=cast.ada.id, address=cast.ada.address, administrator=True)
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


def test_what_was_taken_from_him_alone_is_given_back_with_the_grant(cast: Cast, plan: Path) -> None:
    rita = newcomer(cast)
    sealed = protect(cast.olga, plan, f"{rita.address}:VIEW", offline_days=0)
    opening(rita, sealed.path)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": rita.address})
    request = asked(rita, sealed)
    problem(grant(cast.olga, request), 409, "still_in_the_way")
    assert refusal(rita, sealed.path).reason == "revoked_for_you"
    assert grant(cast.olga, request, lift=["restore"]).json()["changes"] == ["restore"]
    assert "VIEW" in rights(rita, sealed.path)
    assert kinds(cast, sealed.cid) == ["access.requested", "content.restored", "access.granted"]


def test_days_that_are_over_begin_anew_for_him_alone(cast: Cast, plan: Path) -> None:
    rita = newcomer(cast)
    sealed = protect(
        cast.olga, plan, f"{rita.address}:VIEW", f"{MAX}:VIEW", expires_after_opening_days=7, offline_days=0
    )
    opening(rita, sealed.path)
    opening(cast.max, sealed.path)
    opened_days_ago(cast, sealed.cid, 8)
    request = asked(rita, sealed)
    problem(grant(cast.olga, request), 409, "still_in_the_way")
    assert grant(cast.olga, request, lift=["renew"]).json()["changes"] == ["renew"]
    assert "VIEW" in rights(rita, sealed.path)
    assert refusal(cast.max, sealed.path).reason == "expired_after_opening"


def test_an_expired_document_is_extended_only_when_the_owner_says_so(cast: Cast, plan: Path) -> None:
    rita, until = newcomer(cast), int(time.time()) + DAY
    sealed = protect(cast.olga, plan, f"{rita.address}:VIEW", f"{MAX}:VIEW", expires=1)
    request = asked(rita, sealed)
    problem(grant(cast.olga, request, until=until), 409, "still_in_the_way")
    assert grant(cast.olga, request, until=until, rights=["VIEW"], lift=["extend"]).json() == {
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
    problem(grant(cast.olga, request), 409, "still_in_the_way")
    assert grant(cast.olga, request, lift=["admit:domain:fabrikam.example"]).json()["changes"] == ["admit"]
    assert "VIEW" in rights(rita, sealed.path)
    assert document(cast.olga, sealed.cid)["policy"]["deny"] == ["domain:rival.example"]


def test_what_came_in_the_way_after_the_look_is_not_changed_unseen(cast: Cast, plan: Path) -> None:
    rita, request, sealed = asked_under_a_deny_entry(cast, plan)
    seen_then = in_the_way(cast, request)
    assert seen_then == ["admit:domain:fabrikam.example"]
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": rita.address})
    answer = problem(grant(cast.olga, request, lift=seen_then), 409, "still_in_the_way")
    assert "revoked" in answer["detail"]
    assert "fabrikam" not in answer["detail"], "only what was not seen is told"
    assert document(cast.olga, sealed.cid)["policy"]["deny"] == ["domain:fabrikam.example"]
    assert kinds(cast, sealed.cid) == ["access.requested"]
    assert grant(cast.olga, request, lift=in_the_way(cast, request)).json()["changes"] == ["restore", "admit"]
    assert "VIEW" in rights(rita, sealed.path)


def test_a_yes_in_the_browser_is_about_what_the_page_showed(cast: Cast, plan: Path) -> None:
    rita, request, sealed = asked_under_a_deny_entry(cast, plan)
    shown = 'name="seen" value="admit:domain:fabrikam.example"'
    assert shown in seen(cast, request)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": rita.address})
    olga = Premises(cast, {}).browser("contoso.localhost:8000", cast.olga)
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
    assert "Access is given" in done.stdout
    assert rights(rita, sealed.path)


def test_what_was_taken_from_a_group_of_his_is_not_undone_by_a_grant_to_him(cast: Cast, plan: Path) -> None:
    player, contoso = newcomer(cast, "contoso"), cast.organizations["contoso"].id
    group = f"team-{uuid4().hex[:6]}@contoso.example"
    create_group(
        organization_id=contoso, address=group, name="Team", members=[Member(person_id=player.id)], actor=ACTOR
    )
    sealed = protect(cast.olga, plan, f"{player.address}:VIEW", offline_days=0)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": group})
    request = asked(player, sealed)
    answer = problem(grant(cast.olga, request, lift=["restore", "admit"]), 409, "still_in_the_way")
    assert "groups is revoked" in answer["detail"]
    assert kinds(cast, sealed.cid) == ["access.requested"]


def test_revoked_meanwhile_nothing_is_given(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {})
    problem(grant(cast.olga, request, lift=["restore", "admit"]), 409, "still_in_the_way")
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/restore", {})
    assert refusal(rita, sealed.path).reason == "not_granted"
    assert grant(cast.olga, request).status_code == 200


def test_somebody_who_is_gone_is_given_nothing(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    disable_person(organization_id=cast.organizations["fabrikam"].id, person_id=rita.id, reason="left", actor=ACTOR)
    answer = problem(grant(cast.olga, request), 409, "asker_gone")
    assert answer["detail"] == f"Whoever asked cannot open anything as {rita.address} any more."
    page = seen(cast, request)
    assert "Give access" in page
    assert "cannot" not in page, "what Fabrikam did with its people is not shown to whoever only looks"
    assert "disabled" not in page
    assert decline(cast.olga, request).status_code == 204


@pytest.mark.parametrize(
    ("terms", "status"),
    [({"until": 1}, 400), ({"rights": ["FLY"]}, 400), ({"rights": ["PRINT"]}, 400), ({"for": "ever"}, 400)],
)
def test_terms_that_make_no_sense_change_nothing(cast: Cast, sealed: Protected, terms: Any, status: int) -> None:
    rita = newcomer(cast)
    request = asked(rita, sealed)
    assert grant(cast.olga, request, **terms).status_code == status
    assert kinds(cast, sealed.cid) == ["access.requested"]


def test_less_than_before_ends_what_is_cached(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    grant(cast.olga, asked(rita, sealed), rights=["co-author"], until=int(time.time()) + 3)
    assert "PRINT" in rights(rita, sealed.path)
    time.sleep(4)
    grant(cast.olga, asked(rita, sealed), rights=["viewer"])
    assert "PRINT" not in rights(rita, sealed.path)


def test_the_end_that_is_told_is_the_one_that_the_decision_keeps(cast: Cast, plan: Path) -> None:
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


def test_the_end_that_is_told_knows_the_last_moment_of_the_policy(cast: Cast, plan: Path) -> None:
    last = int(time.time()) + 2 * DAY
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW", conditions=Conditions(not_after=last))
    assert grant(cast.olga, asked(newcomer(cast), sealed)).json()["ends"] == last


# --- why, for oneself ---------------------------------------------------------------------------------------------


def test_a_refused_person_is_told_why_in_his_words_and_what_to_do(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    refusal(rita, sealed.path)
    told = why_me(rita, sealed.cid).json()
    assert (told["allowed"], told["rights"], told["contact"]) == (False, [], "olga@contoso.example")
    assert told["reasons"][0]["message"] == "You do not have access to this document."
    assert (told["may_ask"], told["request"]) == (True, None)
    assert MAX not in json.dumps(told)
    request = asked(rita, sealed)
    assert why_me(rita, sealed.cid).json()["request"]["id"] == request


def test_who_may_open_is_told_what_he_may(cast: Cast, sealed: Protected) -> None:
    told = why_me(cast.max, sealed.cid).json()
    assert (told["allowed"], told["rights"], told["reasons"]) == (True, ["VIEW"], [])
    printing = call(cast.max, "contoso", "GET", f"documents/{sealed.cid}/why?right=PRINT").json()
    assert (printing["allowed"], printing["may_ask"], printing["ask_level"]) == (False, True, "co-author")
    assert (
        printing["reasons"][0]["message"] == "You may open this document, but you were not given the right to: print."
    )


def test_the_owner_is_explained_what_stands_beside_the_policy(cast: Cast, sealed: Protected) -> None:
    rita = newcomer(cast)
    grant(cast.olga, asked(rita, sealed))
    answer = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/why?who={rita.address}").json()
    assert answer["allowed"]
    assert [(one["who"], one["personal"], one["until"]) for one in answer["entries"]] == [
        (f"address:{rita.address}", True, None)
    ]
