"""The API's description is the contract: committed, closed, and checked where tests call the API."""

import json
from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse

from portal.development.openapi import FILE
from tests import contract
from tests.contract import check_exchange, description, faulty_examples, rendered

FREE = {
    *("EventItem.personal", "EventItem.details", "Problem.errors", "ReportFile.entries"),
    *("SettingItem.value", "SettingItem.default", "SettingsFileBody.file"),
}
"""What is recorded of an event depends on its kind, what is wrong with a request on the request, and what a setting
may be on the setting; of a file of settings each unknown member is refused by its name."""
ID_ONLY = {"PreviewAsked"}
RULE = "11111111-2222-4333-8444-555555555555"


def test_the_committed_description_is_the_one_that_is_served() -> None:
    assert FILE.read_bytes() == rendered(), (
        "The API's description has changed. If that is meant, type `python3 manage.py openapi` and commit"
        f" {FILE.name}; clients see the difference."
    )


def _open_members(schema: Any, where: str) -> list[str]:
    """Return the members that may be anything."""
    if isinstance(schema, list):
        return [found for one in schema for found in _open_members(one, where)]
    if not set(schema) & {"type", "$ref", "enum", "oneOf", "anyOf", "allOf"}:
        return [where]
    found = []
    if schema.get("type") == "object" and "properties" not in schema:
        values = schema.get("additionalProperties", {})
        found += _open_members(values, where) if isinstance(values, dict) else [where]
    for key in ("items", "oneOf", "anyOf", "allOf"):
        found += _open_members(schema[key], where) if key in schema else []
    for name, member in schema.get("properties", {}).items():
        found += _open_members(member, f"{where}.{name}")
    return found


def test_every_member_is_declared() -> None:
    schemas = description()["components"]["schemas"]
    assert {where for name, schema in schemas.items() for where in _open_members(schema, name)} == FREE


def test_no_answer_is_described_by_its_id_alone() -> None:
    schemas = description()["components"]["schemas"]
    assert {name for name, schema in schemas.items() if set(schema.get("properties", ())) == {"id"}} == ID_ONLY


def test_every_example_of_a_body_and_of_an_answer_is_as_its_schema_says() -> None:
    assert faulty_examples() == []


def test_examples_of_answers_are_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = json.loads(json.dumps(description()))
    answer = changed["paths"]["/api/v1/owners"]["get"]["responses"]["200"]["content"]["application/json"]
    del answer["examples"]["Olga"]["value"]["results"][0]["address"]
    monkeypatch.setattr(contract, "_by_name", lambda: {"GET /api/v1/owners": changed["paths"]["/api/v1/owners"]["get"]})
    assert [fault.partition(", Olga")[0] for fault in faulty_examples()] == ["GET /api/v1/owners, the answer 200"]


def answered(body: object, status: int = 200, **more: Any) -> HttpResponse:
    return JsonResponse(body, status=status, safe=False, **more)


OWNER = {"id": RULE, "address": "olga@contoso.example"}


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [
        ({"results": [{**OWNER, "name": "Olga"}], "next": ""}, 200, "name"),
        ({"results": [{"id": RULE}], "next": ""}, 200, "address"),
        ({"results": [{**OWNER, "id": "olga"}], "next": ""}, 200, "uuid"),
        ({"results": [OWNER]}, 200, "next"),
        ({"results": [], "next": ""}, 202, "202"),
        ({"detail": "No."}, 404, "application/json"),
    ],
)
def test_an_answer_that_differs_is_noticed(body: object, status: int, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        check_exchange("GET", "/api/v1/owners?address=olga", b"", answered(body, status))


def test_an_answer_as_described_passes() -> None:
    check_exchange("GET", "/api/v1/owners", b"", answered({"results": [OWNER], "next": ""}))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/domains", {"domain": "contoso.example", "proof": "dns"}),
        ("POST", "/api/v1/domains", {}),
        ("POST", f"/api/v1/labels/{RULE}/publish", {"offered": True}),
        ("POST", "/api/v1/licenses/batch", {"items": []}),
    ],
)
def test_an_accepted_body_that_differs_is_noticed(method: str, path: str, body: object) -> None:
    changed = {"changed": True, "message": "Done.", "warnings": []}
    claimed = {**changed, "domain": "contoso.example", "challenge": "text"}
    answer = answered(claimed, 201) if path.endswith("domains") else answered(changed)
    with pytest.raises(AssertionError, match="accepted"):
        check_exchange(method, path, json.dumps(body).encode(), answer)


def test_a_parameter_that_is_not_described_is_noticed() -> None:
    with pytest.raises(AssertionError, match="adress"):
        check_exchange("GET", "/api/v1/owners?adress=olga", b"", answered({"results": [], "next": ""}))
