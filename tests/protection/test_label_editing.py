"""What a label says: in which languages, changed by several people, and after its template is gone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser
from tests.protection.asking import command
from tests.protection.steps import RITA, call, confirmed, problem
from tests.protection.test_labels import label
from tests.protection.test_template_reach import made as template


def shown(cast: Cast, identity: str) -> dict[str, Any]:
    return dict(call(cast.ada, "contoso", "GET", f"labels/{identity}").json())


def patched(cast: Cast, identity: str, **patch: Any) -> Any:
    return call(cast.ada, "contoso", "PATCH", f"labels/{identity}", patch)


def browser(cast: Cast, player: Player) -> Browser:
    return Site(cast, {}).browser("contoso.localhost:8000", player)


# --- two editors --------------------------------------------------------------------------------------------------


def test_of_two_editors_the_second_is_refused(cast: Cast) -> None:
    identity = label(cast)
    assert shown(cast, identity)["version"] == 1
    assert patched(cast, identity, sensitivity=99, based_on=1).json()["version"] == 2
    told = problem(patched(cast, identity, names={"de": "Vertraulich"}, based_on=1), 409, "conflict")
    assert told["detail"] == "Another person has changed this label in the meantime; it is at version 2 now."
    assert told["next_step"] == "Look at the newest version, then make your change again."
    assert patched(cast, identity, names={"de": "Vertraulich"}).json()["version"] == 3
    found = shown(cast, identity)
    assert (found["sensitivity"], found["names"]["de"]) == (99, "Vertraulich")


def test_of_changes_at_once_none_that_was_accepted_is_lost(cast: Cast) -> None:
    identity = label(cast)
    tags = [f"en-{number:03}" for number in range(12)]

    def named(tag: str) -> Any:
        try:
            return patched(cast, identity, names={tag: "Here"})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(named, tags))
    accepted = {tag for tag, answer in zip(tags, answers, strict=True) if answer.status_code == 200}
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert set(shown(cast, identity)["names"]) == {"en", *accepted}
    assert shown(cast, identity)["version"] == 1 + len(accepted)


def test_the_page_refuses_the_second_editor_too(cast: Cast) -> None:
    identity, ada = label(cast), browser(cast, cast.ada)
    path = f"/labels/{identity}/"
    assert '<input type="hidden" name="based_on" value="1">' in ada.get(path).content.decode()
    assert patched(cast, identity, sensitivity=99).status_code == 200
    draft = {"name": "Mine", "sensitivity": "20", "effect": "none", "based_on": "1"}
    answer = ada.post(path, draft)
    assert "Another person has changed this label in the meantime" in answer.content.decode()
    assert shown(cast, identity)["sensitivity"] == 99
    assert ada.post(path, {**draft, "based_on": "2"}).status_code == 302
    assert shown(cast, identity)["sensitivity"] == 20


# --- languages ----------------------------------------------------------------------------------------------------

WRONG_TEXTS = [
    {"names": {"x" * 60: "y"}},
    {"names": {"a-" * 17 + "bc": "y"}},
    {"names": {"en": "y", "d\0e": "z"}},
    {"names": {"en": "y\0z"}},
    {"names": {"en": "y", "": "z"}},
    {"names": {"en": "y", "en_US": "z"}},
    {"names": {"en": "y"}, "descriptions": {"d\0e": "z"}},
    {"names": {"en": "y"}, "descriptions": {"en": "z\0"}},
    {"names": {"en": "y"}, "descriptions": {"x" * 60: "z"}},
]


@pytest.mark.parametrize("wrong", WRONG_TEXTS)
def test_a_text_is_kept_under_a_language(cast: Cast, wrong: dict[str, Any]) -> None:
    of_label = {"sensitivity": 1, "effect": "none", **wrong}
    assert call(cast.ada, "contoso", "POST", "labels", of_label).status_code == 400
    assert patched(cast, label(cast, publish=False), **wrong).status_code == 400
    of_template = {"policy": {"grants": [{"who": RITA, "rights": ["VIEW"]}]}, **wrong}
    assert call(cast.ada, "contoso", "POST", "templates", of_template).status_code == 400
    known = template(cast)
    assert call(cast.ada, "contoso", "PATCH", f"templates/{known}", wrong).status_code == 400


def test_tags_of_real_languages_are_kept(cast: Cast) -> None:
    names = {"de": "Vertraulich", "pt-BR": "Confidencial", "zh-Hant-TW": "機密", "sl-rozaj-biske-1994": "Zaupno"}
    assert set(shown(cast, label(cast, publish=False, names=names))["names"]) == set(names)


# --- a template that is gone --------------------------------------------------------------------------------------


@pytest.mark.parametrize("deleted", [False, True])
def test_a_label_whose_template_is_gone_can_still_be_changed(cast: Cast, deleted: bool) -> None:
    linked, other = template(cast), template(cast)
    identity = label(cast, effect="protect", template=linked, publish=False)
    assert confirmed(cast.ada, "contoso", "POST", f"templates/{linked}/archive").status_code == 200
    if deleted:
        assert confirmed(cast.ada, "contoso", "DELETE", f"templates/{linked}").status_code == 200
    assert patched(cast, identity, sensitivity=77).status_code == 200
    draft = {"name": f"Kept {uuid4().hex[:6]}", "sensitivity": "78", "effect": "protect", "template": linked}
    assert browser(cast, cast.ada).post(f"/labels/{identity}/", draft).status_code == 302
    assert (shown(cast, identity)["sensitivity"], shown(cast, identity)["template"]["id"]) == (78, linked)
    problem(call(cast.ada, "contoso", "POST", f"labels/{identity}/publish"), 409, "conflict")
    assert patched(cast, identity, template=other).status_code == 200
    assert call(cast.ada, "contoso", "POST", f"labels/{identity}/publish").status_code == 200


def test_a_template_that_is_gone_is_linked_to_no_label_anew(cast: Cast) -> None:
    gone, identity = template(cast), label(cast, effect="protect", template=template(cast), publish=False)
    confirmed(cast.ada, "contoso", "POST", f"templates/{gone}/archive")
    confirmed(cast.ada, "contoso", "DELETE", f"templates/{gone}")
    problem(patched(cast, identity, template=gone), 404, "not_found")


# --- the effect decides -------------------------------------------------------------------------------------------


def test_a_label_that_protects_no_more_leaves_its_template(cast: Cast) -> None:
    linked = template(cast)
    identity = label(cast, effect="protect", template=linked)
    assert patched(cast, identity, effect="none").status_code == 200
    assert shown(cast, identity)["template"] is None
    problem(patched(cast, identity, effect="protect"), 400, "invalid_policy")
    assert patched(cast, identity, effect="protect", template=linked).status_code == 200


def test_the_command_line_lets_the_effect_decide_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    identity, linked = label(cast, effect="protect", template=template(cast)), template(cast)
    command(cast.ada, monkeypatch, "label", "edit", identity, "--effect", "protect")
    command(cast.ada, monkeypatch, "label", "edit", identity, "--template", linked)
    assert shown(cast, identity)["template"]["id"] == linked
    command(cast.ada, monkeypatch, "label", "edit", identity, "--effect", "none")
    assert shown(cast, identity)["template"] is None


# --- all or nothing -----------------------------------------------------------------------------------------------


def test_a_label_that_cannot_be_offered_at_once_is_not_made(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = template(cast)
    label(cast, effect="protect", template=linked)
    name = f"Second {uuid4().hex[:6]}"
    body = {"names": {"en": name}, "sensitivity": 1, "effect": "protect", "template": linked, "publish": True}
    problem(call(cast.ada, "contoso", "POST", "labels", body), 409, "conflict")
    made = ("label", "create", name, "--sensitivity", "1", "--template", linked, "--publish")
    command(cast.ada, monkeypatch, *made, code=5)
    assert name not in str(call(cast.ada, "contoso", "GET", "labels").json())
