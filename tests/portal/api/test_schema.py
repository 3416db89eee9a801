"""The API's description is valid, complete and served."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

from portal.api import urls_applications, urls_base, urls_organization, urls_sessions
from portal.fastpath.middleware import BATCH, ONE


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """Return the description as it is served."""
    return dict(SchemaGenerator(urlconf="portal.api.schema").get_schema(request=None, public=True))


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_it_is_valid_openapi(description: dict[str, Any]) -> None:
    validate(description)


def test_every_call_has_a_summary_and_an_example(description: dict[str, Any]) -> None:
    without = [
        name
        for name, operation in operations(description)
        if not operation.get("summary") or not operation.get("x-codeSamples")
    ]
    assert without == []


def test_every_call_with_a_body_shows_one(description: dict[str, Any]) -> None:
    def has_example(operation: dict[str, Any]) -> bool:
        media = operation["requestBody"]["content"]["application/json"]
        return "examples" in media or "example" in media

    bodies = {name: operation for name, operation in operations(description) if "requestBody" in operation}
    empty = {"POST /api/v1/keys", "POST /api/v1/keys/rotate"}
    assert {name for name, operation in bodies.items() if not has_example(operation)} <= empty


def test_every_address_of_the_api_is_described(description: dict[str, Any]) -> None:
    # Discovery is answered at both kinds of host.
    addresses = {
        str(one.pattern)
        for urls in (urls_applications, urls_base, urls_organization, urls_sessions)
        for one in urls.urlpatterns
        if str(one.pattern)
    }
    assert len(description["paths"]) == len(addresses | {ONE, BATCH})


def test_every_call_but_the_open_ones_asks_for_a_token(description: dict[str, Any]) -> None:
    open_ones = {name for name, operation in operations(description) if not operation.get("security")}
    by_code = {"POST /api/v1/enrollments", "POST /api/v1/loss-code/devices"}
    assert open_ones == {"GET /api/v1/discovery", *by_code, "POST /api/v1/loss-code/devices/{device_id}/lost"}


@pytest.mark.django_db
def test_it_is_served_without_signing_in(client: Client) -> None:
    answer = client.get("/api/v1/schema", headers={"Host": "localhost:8000"})
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.")
