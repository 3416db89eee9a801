"""All settings in one view and as a file (promise C54)."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.steps import call, confirmed, ledger, problem

FILE = "configuration/file"


def exported(cast: Cast) -> dict[str, Any]:
    found: dict[str, Any] = call(cast.ada, "contoso", "GET", FILE).json()
    return found


def row(cast: Cast, name: str) -> dict[str, Any]:
    (found,) = (
        one for one in call(cast.ada, "contoso", "GET", "configuration").json()["results"] if one["name"] == name
    )
    return dict(found)


def settings(cast: Cast) -> dict[str, Any]:
    found: dict[str, Any] = call(cast.ada, "contoso", "GET", "settings").json()
    return found


def test_every_setting_has_value_default_and_who_changed_it(cast: Cast) -> None:
    before = row(cast, "registration_days")
    assert (before["value"], before["default"], before["is_default"], before["changed_by"]) == (90, 90, True, "")
    assert call(cast.ada, "contoso", "PATCH", "settings", {"registration_days": 80}).status_code == 200
    after = row(cast, "registration_days")
    assert (after["value"], after["is_default"], after["changed_by"]) == (80, False, "ada@contoso.example")
    assert after["changed_at"]
    assert call(cast.ada, "contoso", "PATCH", "settings", {"registration_days": 90}).status_code == 200
    again = row(cast, "registration_days")
    assert (again["is_default"], again["changed_by"]) == (True, "ada@contoso.example")
    named = {one["name"] for one in call(cast.ada, "contoso", "GET", "configuration").json()["results"]}
    assert named == settings(cast).keys() - {"name"}, "no setting is left out"


def test_a_file_brings_back_all_that_it_was_made_of_after_a_question_with_every_difference(cast: Cast) -> None:
    file, before = exported(cast), settings(cast)
    changed = {"registration_days": 10, "keep_titles": not before["keep_titles"], "contact": "desk@contoso.example"}
    assert call(cast.ada, "contoso", "PATCH", "settings", changed).status_code == 200
    asked = problem(call(cast.ada, "contoso", "POST", FILE, {"file": file}), 409, "confirmation_required")
    assert len(asked["consequences"]) == len(changed)
    assert "days that offline documents are believed: 90 (before: 10)." in asked["consequences"]
    assert settings(cast)["registration_days"] == 10, "a question changes nothing"
    events = len(ledger(cast, "contoso", "settings.changed"))
    assert confirmed(cast.ada, "contoso", "POST", FILE, {"file": file}).json()["changed"]
    assert settings(cast) == before
    assert len(ledger(cast, "contoso", "settings.changed")) == events + 1, "all of it is one change"
    assert not call(cast.ada, "contoso", "POST", FILE, {"file": file}).json()["changed"]


def test_all_of_a_file_or_nothing(cast: Cast) -> None:
    before, file = settings(cast), exported(cast)
    file["settings"] |= {"registration_days": 20, "max_license_days": -1}
    problem(call(cast.ada, "contoso", "POST", FILE, {"file": file, "confirm": "yes"}), 400, "invalid_policy")
    assert settings(cast) == before


def test_a_guarded_setting_takes_its_auditor_in_a_file_too(cast: Cast) -> None:
    file = exported(cast)
    hidden = {**file, "settings": {"tracking": "pseudonymous"}}
    asked = problem(call(cast.ada, "contoso", "POST", FILE, {"file": hidden}), 409, "confirmation_required")
    assert any("undo this alone" in one for one in asked["consequences"])
    assert confirmed(cast.ada, "contoso", "POST", FILE, {"file": hidden}).json()["changed"]
    problem(call(cast.ada, "contoso", "POST", FILE, {"file": file, "confirm": "yes"}), 409, "needs_an_auditor")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"chancery_configuration": 2}, "another version"),
        ({"chancery_configuration": None}, "another version"),
        ({"settings": []}, "no file with the settings"),
        ({"settings": {"max_license_day": 3}}, "max_license_day"),
        ({"more": 1}, "more"),
        ({"settings": {"keep_titles": 1}}, "keep_titles"),
        ({"settings": {"max_license_days": True}}, "max_license_days"),
        ({"settings": {"max_license_days": "7"}}, "max_license_days"),
        ({"settings": {"networks": [1]}}, "networks"),
        ({"settings": {"contact": "nobody"}}, "nobody"),
        ({"settings": {"contact": "a\x00b@contoso.example"}}, ""),
    ],
)
def test_what_is_no_file_of_settings_is_refused_by_name(cast: Cast, changes: dict[str, Any], said: str) -> None:
    before, file = settings(cast), {**exported(cast), **changes}
    answer = call(cast.ada, "contoso", "POST", FILE, {"file": file, "confirm": "yes"})
    assert answer.status_code in {400, 422}
    assert said in json.dumps(answer.json())
    assert settings(cast) == before


def test_the_page_shows_them_and_takes_a_file(cast: Cast) -> None:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    assert "Days that offline documents are believed" in browser.get("/settings/all/").content.decode()
    sent = browser.get("/settings/all/file/")
    assert sent["Content-Disposition"] == 'attachment; filename="contoso-settings.json"'
    file = json.loads(sent.content)
    file["settings"] = {"registration_days": 33}
    upload = SimpleUploadedFile("settings.json", json.dumps(file).encode())
    asked = browser.post("/settings/all/", {"file": upload}).content.decode()
    assert "33 (before: 90)" in asked
    assert settings(cast)["registration_days"] == 90
    browser.post("/settings/all/", {"text": json.dumps(file), "confirm": "yes"})
    assert settings(cast)["registration_days"] == 33
    binary = SimpleUploadedFile("settings.json", b"\xff\xfe\x00")
    assert "no text in UTF-8" in browser.post("/settings/all/", {"file": binary}).content.decode()
