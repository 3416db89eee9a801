"""A cursor is what anybody may write: one that no list has made is refused, whatever it holds."""

import base64
import json
from typing import Any

import pytest

from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.portal.api.test_malformed_requests import call
from tests.protection.steps import RITA, content, protect

CID = "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a10"
MOMENT = {"at": "2026-01-01T00:00:00+00:00"}
PLACES: tuple[Any, ...] = (
    "no moment",
    "a\x00b",
    "\ud800",
    "",
    -1,
    2**63,
    True,
    MOMENT,
    {"at": "2026-01-01T00:00:00"},
    {"at": "0001-01-01T00:00:00+14:00"},
    {"at": "9999-12-31T23:59:59-14:00"},
)


def forged(sort: str, place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, place, CID]).encode()).decode()


@pytest.mark.parametrize("place", PLACES, ids=range(len(PLACES)))
@pytest.mark.parametrize("sort", ["title", "-owner", "registered_at", "-registered_at", "-opened", "state"])
def test_of_documents(cast: Cast, sort: str, place: Any) -> None:
    answer = call(cast.ada, "GET", f"/api/v1/documents?sort={sort}&cursor={forged(sort, place)}")
    assert answer.status_code in {200, 400}, answer.content
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    assert page.get(f"/documents/?sort={sort}&cursor={forged(sort, place)}").status_code in {200, 302}


@pytest.fixture(scope="module")
def opened(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """Return the cast, of whom Rita has opened what Olga gave her."""
    plan = tmp_path_factory.mktemp("opened") / "plan.txt"
    plan.write_text("text", encoding="utf-8")
    assert content(cast.rita, protect(cast.olga, plan, f"{RITA}:VIEW").path) == b"text"
    return cast


@pytest.mark.parametrize("place", PLACES, ids=range(len(PLACES)))
@pytest.mark.parametrize("sort", ["title", "-owner", "first_opened"])
def test_of_shared_documents(opened: Cast, sort: str, place: Any) -> None:
    address = f"/api/v1/shared?sort={sort}&cursor={forged(sort, place)}"
    answer = call(opened.rita, "GET", address, base=True)
    assert answer.status_code in {200, 400}, answer.content
