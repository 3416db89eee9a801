"""Callers are answered in their language, mail is in its reader's, and what is recorded is English."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from chancery.policy.policy import Conditions
from portal.usecases.previews.answer import answer_next
from protection.selectors.previews import preview_facts
from tenants.context import in_organization
from tenants.directory.models import Person
from tenants.directory.services.delete_group import delete_group
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import call, ledger, objects, problem, protect

GERMAN, FRENCH = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}, {"Accept-Language": "fr"}


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.txt"
    path.write_bytes(b"the plan" * 1000)
    return path


def read_in(player: Player, language: str) -> None:
    """Let somebody choose a language."""
    Person.objects.filter(id=player.id).update(language=language)


def test_a_problem_is_said_in_the_language_of_the_call_and_keeps_its_code(cast: Cast) -> None:
    def said(headers: dict[str, str]) -> tuple[str, str, Any]:
        found = problem(call(cast.ada, "contoso", "GET", "people?limit=many", headers=headers), 400, "invalid")
        return found["detail"], found["next_step"], found["errors"]

    english = ("The request is not valid.", "Correct the named members.", {"limit": ["This is not a number."]})
    assert said({}) == said(FRENCH) == english
    assert said(GERMAN) == (
        "Der Aufruf ist nicht gültig.",
        "Berichtigen Sie die genannten Felder.",
        {"limit": ["Das ist keine Zahl."]},
    )


def test_what_the_directory_and_the_room_of_names_refuse_is_said_in_german_too(cast: Cast) -> None:
    def refused(path: str, body: object, headers: dict[str, str]) -> str:
        answer = call(cast.ada, "contoso", "POST", path, body, headers=headers)
        return str(problem(answer, 400, "refused_by_directory")["detail"])

    group = {"address": "board@elsewhere.example", "name": "Board"}
    assert refused("groups", group, {}) == "The organization has not proven elsewhere.example."
    assert refused("groups", group, GERMAN) == "Die Organisation hat elsewhere.example nicht nachgewiesen."
    assert refused("domains", {"domain": "nodots"}, {}) == "nodots is not a mail domain."
    assert refused("domains", {"domain": "nodots"}, GERMAN) == "nodots ist keine E-Mail-Domain."


def test_the_licensing_lane_knows_the_language_too() -> None:
    answer = Client().post("/api/v1/licenses", headers={"Host": "contoso.localhost:8000", **GERMAN})
    assert answer.json()["detail"] == "Dieser Aufruf braucht ein Zugriffstoken."
    assert answer.json()["next_step"] == "Melden Sie sich erneut an."


def test_an_error_page_is_in_the_language_of_the_browser() -> None:
    answer = Client().get("/nothing/", headers={"Host": "contoso.localhost:8000", **GERMAN})
    assert answer.status_code == 404
    assert "Hier gibt es nichts für Sie" in answer.content.decode()


def test_a_list_in_another_language_has_another_etag(cast: Cast) -> None:
    names = {"en": "For the board", "de": "Für den Vorstand"}
    draft = {"names": names, "descriptions": {}, "policy": {}, "expiry_option": "never"}
    assert call(cast.ada, "contoso", "POST", "templates", draft).status_code == 201

    def listed(**headers: str) -> Any:
        return call(cast.ada, "contoso", "GET", "templates?search=board", headers=headers)

    english, german = listed(**FRENCH), listed(**GERMAN)
    assert [found.json()["results"][0]["name"] for found in (english, german)] == list(names.values())
    assert english["ETag"] != german["ETag"]
    assert "Accept-Language" in german["Vary"]
    assert listed(**GERMAN, **{"If-None-Match": english["ETag"]}).status_code == 200
    assert listed(**GERMAN, **{"If-None-Match": german["ETag"]}).status_code == 304


def test_mail_is_in_the_language_that_its_reader_has_chosen(cast: Cast, plan: Path) -> None:
    rita, sealed = cast.join(f"asker-{uuid4().hex[:6]}", "fabrikam"), protect(cast.olga, plan)
    read_in(rita, "de")
    assert call(rita, "contoso", "POST", "licenses", objects(sealed.path), headers=GERMAN).status_code == 403
    mail.outbox.clear()
    asked = call(rita, "contoso", "POST", f"documents/{sealed.cid}/access-requests", {}, headers=GERMAN)
    granted = call(cast.olga, "contoso", "POST", f"access-requests/{asked.json()['id']}/grant", {"level": "viewer"})
    assert granted.status_code == 200, granted.content
    question, answer = mail.outbox
    assert question.subject == f"{rita.address} asks for access to plan.txt"
    assert "asks you for access as viewer" in question.body
    assert answer.subject == "Sie haben Zugriff auf plan.txt"
    assert "Sie dürfen: lesen, antworten" in answer.body
    assert "Der Zugriff endet: nie." in answer.body


def test_an_invitation_is_in_the_language_of_who_invites_until_its_reader_chooses(cast: Cast) -> None:
    def invited(address: str, headers: dict[str, str]) -> str:
        mail.outbox.clear()
        made = call(cast.ada, "contoso", "POST", "people", {"email": address, "guest": True}, headers=headers)
        assert made.status_code == 201, made.content
        (invitation,) = mail.outbox
        return str(invitation.subject)

    assert invited("one@elsewhere.example", GERMAN).startswith("Contoso lädt Sie zu ")
    assert invited("two@elsewhere.example", {}).startswith("Contoso invites you to ")
    read_in(cast.rita, "de")
    assert invited(cast.rita.address, {}).startswith("Contoso lädt Sie zu ")


def test_what_happened_is_recorded_alike_in_every_language(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{cast.rita.address}:VIEW", conditions=Conditions(networks=("192.0.2.0/24",)))

    def recorded(headers: dict[str, str]) -> tuple[object, ...]:
        answer = call(cast.rita, "contoso", "POST", "licenses", objects(sealed.path), headers=headers)
        told = problem(answer, 403, "condition_unmet")["detail"]
        assert told.startswith("Die Richtlinie" if headers else "The document's policy")
        newest = ledger(cast, "contoso", "content.opened", cid=sealed.cid)[0]
        return newest.kind, newest.outcome, newest.reason, newest.details

    assert recorded(GERMAN) == recorded({})


def test_a_failed_answer_is_stored_in_english_and_shown_in_the_language_of_the_call(cast: Cast) -> None:
    organization = cast.organizations["contoso"].id
    group = {"address": f"team-{uuid4().hex[:6]}@contoso.example", "name": "Team"}
    made = call(cast.ada, "contoso", "POST", "groups", group).json()["id"]
    question = {"kind": "group", "id": made, "change": {"add": [cast.olga.address]}}
    preview = call(cast.ada, "contoso", "POST", "previews", question, headers=GERMAN).json()["id"]
    delete_group(organization_id=organization, group_id=made, named_by_a_denial=False, actor=ACTOR)
    with in_organization(organization):
        while answer_next(organization):
            pass
        assert preview_facts(preview).error == "not_found", "a code is kept"
    told = call(cast.ada, "contoso", "GET", f"previews/{preview}", headers=GERMAN).json()
    assert told["error"] == "Diese Gruppe gibt es in dieser Organisation nicht."
