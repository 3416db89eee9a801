"""Templates over time: versions and what they changed, one entry changed alone, copies, and the way back."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Conditions, Policy
from protection.services.template_draft import TemplateDraft, checked_draft
from tests.cast import Cast
from tests.protection.steps import RITA, call, confirmed, opening, problem, protect, refusal


def made(cast: Cast, **more: Any) -> str:
    """Make a template of Contoso by which Rita may read and publish it; return its id."""
    body = {"names": {"en": f"For partners {uuid4().hex[:6]}"}, "policy": {"grants": [grant("VIEW")]}, **more}
    answer = call(cast.ada, "contoso", "POST", "templates", body)
    assert answer.status_code == 201, answer.content
    identity = str(answer.json()["id"])
    assert call(cast.ada, "contoso", "POST", f"templates/{identity}/publish").status_code == 200
    return identity


def grant(*rights: str) -> dict[str, Any]:
    return {"who": RITA, "rights": list(rights)}


def change(cast: Cast, template: str, **patch: Any) -> int:
    answer = call(cast.ada, "contoso", "PATCH", f"templates/{template}", patch)
    assert answer.status_code == 200, answer.content
    return int(answer.json()["version"])


def history(cast: Cast, template: str) -> list[dict[str, Any]]:
    return list(call(cast.ada, "contoso", "GET", f"templates/{template}/versions").json()["results"])


def test_one_right_changes_alone_and_the_history_says_what_changed(cast: Cast) -> None:
    template = made(cast, descriptions={"en": "Reading only"})
    assert change(cast, template, policy={"grants": {RITA: ["VIEW", "PRINT"]}}) == 2
    assert change(cast, template, names={"de": "Für Partner"}, expiry_option="after_days", expires_after_days=30) == 3
    newest, middle, first = history(cast, template)
    assert [one["number"] for one in (newest, middle, first)] == [3, 2, 1]
    assert {one["author"]["id"] for one in (newest, middle, first)} == {str(cast.ada.id)}
    assert (first["changes"], first["renamed"], first["expiry"]) == ([], False, None)
    assert middle["changes"] == [
        {"member": "grants", "who": f"address:{RITA}", "before": ["VIEW"], "after": ["VIEW", "PRINT"]}
    ]
    assert (newest["changes"], newest["renamed"]) == ([], True)
    assert [rule["expires_after_days"] for rule in newest["expiry"]] == [None, 30]
    now = call(cast.ada, "contoso", "GET", f"templates/{template}").json()
    assert set(now["names"]) == {"en", "de"}
    assert now["descriptions"] == {"en": "Reading only"}


def test_what_a_change_takes_away_is_back_with_the_version_that_gave_it(cast: Cast, plan: Path) -> None:
    # Nothing is kept for later, so that each opening asks.
    template = made(cast, policy={"grants": [grant("VIEW")], "offline_days": 0})
    sealed = protect(cast.olga, plan, template=template).path
    opening(cast.rita, sealed)
    confirmed(cast.ada, "contoso", "PATCH", f"templates/{template}", {"policy": {"grants": {RITA: None}}})
    assert refusal(cast.rita, sealed).reason == "not_granted"
    answer = call(cast.ada, "contoso", "POST", f"templates/{template}/versions/1/restore")
    assert answer.json()["version"] == 3
    opening(cast.rita, sealed)
    assert history(cast, template)[0]["changes"][0]["after"] == ["VIEW"]


def test_of_two_editors_the_second_is_refused(cast: Cast) -> None:
    template = made(cast)
    body = {"names": {"en": "Changed"}, "policy": {"grants": [grant("VIEW")]}, "based_on": 1}
    assert call(cast.ada, "contoso", "PUT", f"templates/{template}", body).json()["version"] == 2
    problem(call(cast.ada, "contoso", "PUT", f"templates/{template}", body), 409, "conflict")
    problem(call(cast.ada, "contoso", "PATCH", f"templates/{template}", {"based_on": 1}), 409, "conflict")
    assert len(history(cast, template)) == 2


@pytest.mark.parametrize(
    "patch",
    [{"policy": {"grants": {RITA: ["FLY"]}}}, {"policy": {"grants": [grant("VIEW")]}}, {"names": {"en": None}}],
)
def test_a_patch_that_makes_no_sense_changes_nothing(cast: Cast, patch: dict[str, Any]) -> None:
    template = made(cast)
    problem(call(cast.ada, "contoso", "PATCH", f"templates/{template}", patch), 400, "invalid_policy")
    assert len(history(cast, template)) == 1


def test_a_copy_says_the_same_and_is_not_offered(cast: Cast) -> None:
    template = made(cast)
    change(cast, template, policy={"grants": {RITA: ["VIEW", "PRINT"]}, "offline_days": 3})
    copied = call(cast.ada, "contoso", "POST", f"templates/{template}/copy", {"name": "For auditors"}).json()["id"]
    model, copy = (call(cast.ada, "contoso", "GET", f"templates/{one}").json() for one in (template, copied))
    assert copy["policy"] == model["policy"]
    assert (copy["status"], copy["version"], copy["name"]) == ("archived", 1, "For auditors")
    unnamed = call(cast.ada, "contoso", "POST", f"templates/{template}/copy").json()["id"]
    assert call(cast.ada, "contoso", "GET", f"templates/{unnamed}").json()["name"] == f"Copy of {model['name']}"


def test_the_first_name_is_the_one_for_everybody_else(cast: Cast) -> None:
    """Whatever order a database keeps texts in: "de" would come before "en" there."""
    template = made(cast, names={"en": "Partners", "de": "Partner", "fr": "Partenaires"})
    known = call(cast.ada, "contoso", "GET", f"templates/{template}", headers={"Accept-Language": "sv"}).json()
    assert known["name"] == "Partners"
    assert change(cast, template, descriptions={"de": "Für Partner"}) == 2
    assert next(iter(history(cast, template)))["name"] == "Partners"
    copied = call(cast.ada, "contoso", "POST", f"templates/{template}/copy").json()["id"]
    assert call(cast.ada, "contoso", "GET", f"templates/{copied}").json()["names"] == {"en": "Copy of Partners"}


@pytest.mark.parametrize("path", ["copy", "versions/1/restore"])
def test_what_is_not_there_is_not_found(cast: Cast, path: str) -> None:
    problem(call(cast.ada, "contoso", "POST", f"templates/{uuid4()}/{path}"), 404, "not_found")
    problem(call(cast.ada, "contoso", "GET", f"templates/{uuid4()}/versions"), 404, "not_found")


def test_a_version_that_never_was_is_not_found(cast: Cast) -> None:
    template = made(cast)
    problem(call(cast.ada, "contoso", "POST", f"templates/{template}/versions/7/restore"), 404, "not_found")


@pytest.mark.parametrize(
    "wrong",
    [
        {"policy": Policy(conditions=Conditions(not_before=-1))},
        {"expiry_option": "after_days", "expires_after_days": 99_999_999_999},
        {"expiry_option": "on_date", "expires": -1},
        {"names": {"en": "a\0b"}},
    ],
)
def test_what_could_not_be_read_again_is_never_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidPolicy):
        checked_draft(replace(TemplateDraft(names={"en": "Odd"}, policy=Policy()), **wrong))
