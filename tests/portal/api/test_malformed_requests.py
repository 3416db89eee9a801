"""Input that nobody can mean is refused as the caller's mistake, never answered with a failure of ours."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from portal import throttle
from tests.cast import BASE, Cast, Player
from tests.contract import check_exchange
from tests.protection.steps import proof_for

ORIGIN = BASE.replace("localhost", "contoso.localhost")
DEEP = '{"a":' * 2_000 + "1" + "}" * 2_000


@pytest.fixture(scope="module")
def ada(cast: Cast) -> Player:
    return cast.ada


@pytest.fixture(autouse=True)
def _whole_limits() -> None:
    """Let each test begin with whole limits: all requests come from one address."""
    throttle.forget()


def call(
    ada: Player | None, method: str, path: str, body: str | bytes = b"", *, base: bool = False, **more: Any
) -> Any:
    headers = {"Host": "localhost:8000" if base else "contoso.localhost:8000", **more.pop("headers", {})}
    if ada is not None:
        token = ada.session.service._tokens.for_origin(ada.session.account, BASE if base else ORIGIN)
        headers["Authorization"] = f"Bearer {token}"
        url, sent = (
            (BASE if base else ORIGIN) + path.partition("?")[0],
            body if isinstance(body, bytes) else body.encode(),
        )
        headers["Chancery-Proof"] = proof_for(ada, method, url, token, sent)
    client = Client(raise_request_exception=False)
    kind = more.pop("content_type", "application/json")
    answer = client.generic(method, path, body, content_type=kind, headers=headers, **more)
    check_exchange(method, path, body if isinstance(body, bytes) else body.encode(), answer)
    return answer


@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        "[" * 50_000,
        '{"code": "\\u0000"}',
        '{"code": "\\ud800"}',
        '{"\\u0000": 1}',
        '{"a": ' + "9" * 5_000 + "}",
        '{"code": {"a": [1, "\\udfff"]}}',
        "NaN",
        "\xff\xfe",
    ],
    ids=range(9),
)
@pytest.mark.parametrize("path", ["/api/v1/enrollments", "/api/v1/me"])
def test_json_that_nobody_can_mean(ada: Player, path: str, body: str) -> None:
    answer = call(
        None if path.endswith("enrollments") else ada, "POST" if "enroll" in path else "PATCH", path, body, base=True
    )
    assert 400 <= answer.status_code < 500, answer.content


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/people?search=%00", ""),
        ("GET", "/api/v1/people?cursor=%00", ""),
        ("GET", "/api/v1/people?limit=" + "9" * 5_000, ""),
        ("GET", "/api/v1/documents?cursor=%00", ""),
        ("GET", "/api/v1/documents?cursor=é", ""),
        ("GET", "/api/v1/audit/events?cursor=AAAA", ""),
        ("GET", "/api/v1/feed?since=" + "9" * 5_000, ""),
        ("GET", "/api/v1/feed?since=٣", ""),
        ("GET", "/api/v1/audit/entries?start=" + "9" * 5_000, ""),
        ("GET", "/api/v1/audit/entries?start=99999999999999999999", ""),
        ("GET", "/api/v1/owner?address=rita@[192.0.2.1]", ""),
        ("GET", "/api/v1/templates/%00", ""),
        ("POST", "/api/v1/people", json.dumps({"email": "a@contoso.example", "name": "x\n\nBcc: y"})),
        ("POST", "/api/v1/people", json.dumps({"email": "a\x00@contoso.example"})),
        ("POST", "/api/v1/groups", json.dumps({"address": "g@contoso.example", "name": "\u202egroup"})),
        ("POST", "/api/v1/applications", json.dumps({"name": "x\x1b[2J", "roles": []})),
        ("POST", "/api/v1/licenses", DEEP),
        ("POST", "/api/v1/licenses", '{"pl": "\\ud800"}'),
        ("POST", "/api/v1/licenses/batch", '{"items": [1, null]}'),
        ("POST", "/api/v1/templates", json.dumps({"names": {"en": "x"}, "policy": {"expires": 2**53 - 1}})),
        (
            "POST",
            "/api/v1/templates",
            json.dumps({"names": {"en": "x"}, "policy": {"conditions": {"not_after": 2**50}}}),
        ),
        (
            "POST",
            "/api/v1/templates",
            json.dumps({"names": {"en": "x"}, "policy": {"grants": [{"who": "rita@[192.0.2.1]", "rights": ["VIEW"]}]}}),
        ),
    ],
)
def test_values_outside_every_range(ada: Player, method: str, path: str, body: str) -> None:
    answer = call(ada, method, path, body)
    assert 400 <= answer.status_code < 500, answer.content


@pytest.mark.parametrize(
    "host",
    [
        "contoso..localhost",
        "con toso",
        "[::1",
        "xn--a",
        "ü.localhost",
        "a" * 300,
        "contoso.localhost:99999999",
        "",
        "-",
        "%00",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/v1/people", "/signin/", "/.well-known/openid-configuration"])
def test_hosts_that_are_none(ada: Player, host: str, path: str) -> None:
    assert call(None, "GET", path, headers={"Host": host}).status_code in {302, 400, 401, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/identity/o/authorize?resource=http://[&client_id=chancery-cli",
        "/identity/o/authorize?client_id=%00",
        "/identity/o/authorize?client_id=chancery-cli&redirect_uri=http://[",
        "/identity/o/authorize?client_id=chancery-cli&resource=http://[&response_type=code&redirect_uri=http://127.0.0.1:1/",
        "/account/login/?next=%00",
        "/account/login/?next=http://[",
        "/signin/?next=http://[",
        "/%00",
    ],
)
def test_pages_of_the_base_domain(ada: Player, path: str) -> None:
    assert call(None, "GET", path, base=True).status_code < 500


@pytest.mark.parametrize(
    "path", ["/identity/o/api/token", "/identity/o/api/revoke", "/identity/o/api/device/code", "/account/login/"]
)
@pytest.mark.parametrize(
    "form",
    [
        "resource=http%3A%2F%2F%5B&grant_type=refresh_token&client_id=chancery-cli&refresh_token=x",
        "client_id=%00",
        "grant_type=%00&code=%00",
        "token=%00",
        "\xff=\xff",
    ],
)
def test_forms_of_the_base_domain(ada: Player, path: str, form: str) -> None:
    answer = call(None, "POST", path, form, base=True, content_type="application/x-www-form-urlencoded")
    assert answer.status_code < 500


def test_the_same_person_added_five_times_at_once(ada: Player) -> None:
    body = json.dumps({"email": "twin@contoso.example", "name": "Twin"})

    def add(_turn: int) -> int:
        try:
            return int(call(ada, "POST", "/api/v1/people", body).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(add, range(5)))
    assert answers[0] == 201
    assert all(400 <= status < 500 for status in answers[1:]), answers


def test_activating_what_is_active(ada: Player) -> None:
    assert call(ada, "POST", "/api/v1/service/activate", "{}").status_code < 500
