"""Every address of both hosts, asked by nobody, a stranger, a member without the right and one with it."""

from pathlib import Path
from typing import Any

import pytest

from tests.cast import Player
from tests.isolation.endpoints import NOBODY, Endpoint, Site, endpoints

# What these answer is about the caller: the document of the site was granted to Max.
ABOUT_THE_CALLER = {
    "documents/<uuid:cid>/",
    "documents/<uuid:cid>/access/",
    "api/v1/documents/<uuid:cid>/why",
    "api/v1/documents/<uuid:cid>/access-requests",
}
TABLE = Path(__file__).with_name("table.txt")


def rows() -> dict[Endpoint, tuple[int, ...]]:
    """Return the table: what each interface answers to whom."""
    lines = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {
        Endpoint(place, route.removeprefix("/"), method): tuple(map(int, statuses))
        for place, method, route, *statuses in lines
    }


def callers(site: Site, columns: int) -> tuple[Player | None, ...]:
    """Return who asks in each column."""
    cast = site.cast
    return (None, cast.max) if columns == 2 else (None, cast.mallory, cast.max, cast.ada)


def test_every_address_has_a_row() -> None:
    assert set(endpoints()) - set(rows()) == set(), "a new address needs a row in table.txt"
    assert set(rows()) - set(endpoints()) == set(), "these rows stand for nothing any more"


@pytest.mark.parametrize("place", ["base", "organization"])
def test_every_address_answers_as_the_table_says(site: Site, place: str) -> None:
    wrong = []
    for endpoint, expected in rows().items():
        if endpoint.place != place:
            continue
        found = tuple(site.request(endpoint, who).status_code for who in callers(site, len(expected)))
        if found != expected:
            wrong.append(f"{endpoint.method} {endpoint.route}: {found}, not {expected}")
    assert wrong == []


def test_nobody_but_a_member_with_the_right_reaches_an_object() -> None:
    """Check the table itself: a mistake there would let everything else pass."""
    reached = [
        endpoint
        for endpoint, expected in rows().items()
        if endpoint.place == "organization"
        and "<uuid:" in endpoint.route
        and not set(expected) <= {405}
        and endpoint.route not in ABOUT_THE_CALLER
        and (expected[0] not in {302, 401} or any(status not in {403, 404} for status in expected[1:3]))
    ]
    assert reached == []


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint("organization", "documents/<uuid:cid>/", "GET"),
        Endpoint("organization", "documents/<uuid:cid>/revoke/", "GET"),
        Endpoint("organization", "documents/<uuid:cid>/access/", "GET"),
        Endpoint("organization", "requests/<uuid:request_id>/", "GET"),
        Endpoint("organization", "api/v1/documents/<uuid:cid>", "GET"),
        Endpoint("organization", "api/v1/documents/<uuid:cid>/why", "GET"),
        Endpoint("organization", "api/v1/documents/<uuid:cid>/access-requests", "POST"),
        Endpoint("organization", "api/v1/access-requests/<uuid:request_id>", "GET"),
        Endpoint("organization", "api/v1/documents/<uuid:cid>/revoke", "POST"),
        Endpoint("base", "devices/<uuid:device_id>/revoke/", "GET"),
        Endpoint("base", "api/v1/devices/<uuid:device_id>", "DELETE"),
    ],
    ids=lambda endpoint: f"{endpoint.method} {endpoint.route}",
)
def test_not_mine_and_not_there_look_the_same(site: Site, endpoint: Endpoint) -> None:
    mallory = site.cast.mallory
    not_hers = site.request(endpoint, mallory)
    not_there = site.request(endpoint, mallory, cid=str(NOBODY), device_id=str(NOBODY), request_id=str(NOBODY))
    assert not_hers.status_code == not_there.status_code == 404
    assert without_id(not_hers) == without_id(not_there)


def test_a_page_that_does_not_exist_looks_like_one_that_is_not_hers(site: Site) -> None:
    mallory = site.cast.mallory
    secret = site.request(Endpoint("organization", "keys/", "GET"), mallory)
    nothing = site.request(Endpoint("organization", "nothing/", "GET"), mallory)
    assert secret.status_code == nothing.status_code == 404
    assert without_id(secret) == without_id(nothing)


def without_id(answer: Any) -> bytes:
    """Return the body without the correlation id, the one thing that may differ."""
    correlation_id: bytes = answer["X-Correlation-Id"].encode()
    body: bytes = answer.content
    assert correlation_id in body
    return body.replace(correlation_id, b"")
